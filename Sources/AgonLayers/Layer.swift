import AgonGraph
import AgonTensors

/// A layer as a config declares it, without the sizes that follow from its input.
///
/// Programs can add their own kinds of layers by registering a decoder in ``LayerRegistry/layers``.
public protocol Layer: Sendable {
    /// The name of the kind in configs.
    var type: String { get }

    /// Builds the layer for an input shape without the batch (`[C]` or `[H, W, C]`) and creates its variables at the
    /// site.
    ///
    /// - Throws: ``LayerError`` if the input does not fit.
    func build(input: Shape, at site: LayerSite) throws -> BuiltLayer
}

/// A layer with known sizes and existing variables.
public struct BuiltLayer: Sendable {
    /// The shape without the batch axis.
    public let outputShape: Shape
    /// The multiplications and additions of matrix products and convolutions in a forward pass of one sample;
    /// elementwise operations are not counted.
    public let floatingPointOperations: Int
    /// Whether applying the layer to concatenated batches gives the same result as applying it to each batch. If so, it
    /// has no batch statistics, updates no state and draws no random numbers.
    public let treatsSamplesApart: Bool
    /// Whether the layer itself, without nested layers, makes the output of a sample depend on the other samples of the
    /// batch in training. Penalties on the gradient at each sample reject such layers.
    public let mixesSamples: Bool
    /// Whether the output is bounded for every input. Such a layer cannot produce unbounded scores.
    public let boundsOutput: Bool
    /// Whether the output is bounded if the input is.
    public let keepsBounds: Bool
    /// A remark for the layer table.
    public let note: String?
    /// Appends the layer to the call's graph. The first extent of input and output is the batch size.
    public let apply: @Sendable (Value, NetworkCall) throws -> Value

    public init(
        outputShape: Shape, floatingPointOperations: Int = 0, treatsSamplesApart: Bool = false,
        mixesSamples: Bool = false, boundsOutput: Bool = false, keepsBounds: Bool = false, note: String? = nil,
        apply: @escaping @Sendable (Value, NetworkCall) throws -> Value
    ) {
        self.outputShape = outputShape
        self.floatingPointOperations = floatingPointOperations
        self.treatsSamplesApart = treatsSamplesApart
        self.mixesSamples = mixesSamples
        self.boundsOutput = boundsOutput
        self.keepsBounds = keepsBounds
        self.note = note
        self.apply = apply
    }
}

/// The mode in which batch norm and dropout work.
public enum NetworkMode: Hashable, Sendable {
    /// Batch norm uses batch statistics and updates the running statistics; dropout is active.
    case training
    /// Batch norm uses running statistics; dropout is inactive unless configured otherwise.
    case evaluation
    /// Batch norm uses batch statistics and stores them as the running ones; all else is as in evaluation.
    case accumulation
}

/// One application of a network within a graph.
public final class NetworkCall {
    public let graph: ComputeGraph
    /// Always evaluation within frozen sequences.
    public internal(set) var mode: NetworkMode
    /// Distinguishes applications of one network, such as `real` and `fake`: each has its own random streams.
    public let name: String
    /// The condition vectors that layers may read, `[N, C]`.
    public let condition: Value?
    /// Collects the losses of layers that have some.
    public let losses: LayerLosses?
    /// The values stored by save layers.
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

/// The losses that layers add to their network's loss: weighted scalars.
public final class LayerLosses {
    public var values: [(name: String, value: Value)] = []

    public init() {}
}

/// One of several batches to which a network is applied.
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
