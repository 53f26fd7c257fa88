import AgonGraph
import AgonTensors

/// A layer as a config declares it, without sizes that follow from its input.
///
/// Programs add kinds of their own by registering a decoder in ``LayerRegistry/layers``.
public protocol Layer: Sendable {
    /// The name of the kind in configs.
    var type: String { get }

    /// The layer for an input of a shape without the batch (`[C]` or `[H, W, C]`), its variables made at the site.
    ///
    /// - Throws: ``LayerError`` when the input does not fit.
    func build(input: Shape, at site: LayerSite) throws -> BuiltLayer
}

/// A layer whose sizes and variables exist.
public struct BuiltLayer: Sendable {
    /// Without the batch.
    public let outputShape: Shape
    /// Multiplications and additions of matrix products and convolutions for one sample, forward; elementwise work is
    /// not counted.
    public let floatingPointOperations: Int
    /// Whether an application to joined batches is the applications to each of them: no statistics of a batch, and
    /// nothing that an application moves or draws.
    public let treatsSamplesApart: Bool
    /// Whether in training the layer itself, apart from layers within it, lets what it makes of a sample depend on the
    /// other samples of the batch. Penalties on the slope at each sample refuse such layers.
    public let mixesSamples: Bool
    /// Whether the numbers that the layer gives lie within bounds, whatever its input. Unbounded scores cannot come from
    /// such a layer.
    public let boundsOutput: Bool
    /// A remark for the layer table.
    public let note: String?
    /// Appends the layer to the call's graph. Input and output have the batch as first extent.
    public let apply: @Sendable (Value, NetworkCall) throws -> Value

    public init(
        outputShape: Shape, floatingPointOperations: Int = 0, treatsSamplesApart: Bool = false,
        mixesSamples: Bool = false, boundsOutput: Bool = false, note: String? = nil,
        apply: @escaping @Sendable (Value, NetworkCall) throws -> Value
    ) {
        self.outputShape = outputShape
        self.floatingPointOperations = floatingPointOperations
        self.treatsSamplesApart = treatsSamplesApart
        self.mixesSamples = mixesSamples
        self.boundsOutput = boundsOutput
        self.note = note
        self.apply = apply
    }
}

/// How a network treats batch norm and dropout.
public enum NetworkMode: Hashable, Sendable {
    /// Batch norm by the batch's statistics (which move the running ones), dropout active.
    case training
    /// Batch norm by running statistics, dropout absent unless it says otherwise.
    case evaluation
}

/// One application of a network within a graph.
public final class NetworkCall {
    public let graph: ComputeGraph
    /// Within frozen sequences, evaluation.
    public internal(set) var mode: NetworkMode
    /// Tells applications of one network apart, such as `real` and `fake`: each has random streams of its own.
    public let name: String
    /// The vectors that condition layers read, `[N, C]`.
    public let condition: Value?
    /// Takes the losses of layers that have some.
    public let losses: LayerLosses?
    /// Values kept by save layers.
    var saved: [String: Value] = [:]

    public init(
        graph: ComputeGraph, mode: NetworkMode, name: String, condition: Value? = nil, losses: LayerLosses? = nil
    ) {
        self.graph = graph
        self.mode = mode
        self.name = name
        self.condition = condition
        self.losses = losses
    }
}

/// Losses that layers add to the loss of their network: scalars, already weighted.
public final class LayerLosses {
    public var values: [(name: String, value: Value)] = []

    public init() {}
}

/// A batch for a network, among several.
public struct NetworkBatch {
    public let x: Value
    public let call: String
    public let condition: Value?

    public init(x: Value, call: String, condition: Value? = nil) {
        self.x = x
        self.call = call
        self.condition = condition
    }
}
