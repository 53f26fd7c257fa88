import AgonConfiguration
import AgonGraph
import AgonTensors

/// A row of the layer table. Nested layers follow the row of the layer that contains them, one level deeper.
public struct LayerSummary: Hashable, Sendable {
    /// The path of keys in the config, such as `generator.layers[4].branches[0][2]`.
    public let path: String
    /// The prefix of the variables' names, such as `generator.4.branches.0.2`.
    public let name: String
    public let type: String
    /// 0 for the network's top-level layers.
    public let depth: Int
    /// The shape without the batch axis.
    public internal(set) var outputShape: Shape = []
    /// The number of trained parameters of the layer itself, without nested layers.
    public internal(set) var parameterCount = 0
    /// The number of stored but untrained values: running statistics, frozen weights, spectral norm's vectors.
    public internal(set) var statisticCount = 0
    /// The multiplications and additions of matrix products and convolutions in a forward pass of one sample, without
    /// nested layers.
    public internal(set) var floatingPointOperations = 0
    /// Whether the layer itself, without nested layers, mixes the samples of a batch in training.
    public internal(set) var mixesSamples = false
    /// Whether the output is bounded.
    public internal(set) var boundsOutput = false
    public internal(set) var note: String?

    init(path: String, name: String, type: String, depth: Int) {
        (self.path, self.name, self.type, self.depth) = (path, name, type, depth)
    }
}

/// Layers with their variables, ready to be applied in graphs.
///
/// Variables have PyTorch's names and layouts: `generator.3.weight` belongs to `layers[3]`, counted as in
/// `nn.Sequential`; `generator.up1.weight` belongs to the layer named `up1`.
public struct Network: Sendable {
    public let name: String
    /// The shape without the batch axis: features `[C]` or an image `[H, W, C]`.
    public let inputShape: Shape
    /// The shape without the batch axis.
    public let outputShape: Shape
    /// All variables in the order of the layers.
    public let variables: [Variable]
    /// The layer table.
    public let layers: [LayerSummary]
    /// The length of the condition vectors that layers may read; nil for none.
    public let conditionSize: Int?
    /// Whether a layer reads the condition.
    public let usesCondition: Bool
    private let body: BuiltLayer

    /// Checks all shapes, then creates the variables with values that depend only on the seed and the variables' names.
    ///
    /// - Parameters:
    ///   - condition: the length of the condition vectors that layers may read.
    ///   - dataChannels: the channels of the dataset's images, for layers that follow them.
    ///   - path: the network's location in the config, for messages; by default its name.
    ///
    /// - Throws: ``LayerError`` naming the layer that does not fit its input.
    public init(
        name: String, layers: [any Layer], input: Shape, condition: Int? = nil, dataChannels: Int? = nil,
        path: ConfigPath? = nil, seed: UInt64, initialization: Initialization = Initialization()
    ) throws {
        let path = path ?? ConfigPath(name.split(separator: ".").map { .key(String($0)) })
        guard input.rank == 1 || input.rank == 3, input.dimensions.allSatisfy({ $0 > 0 }) else {
            throw LayerError.networkInput(path, input: input)
        }
        let construction = NetworkConstruction(
            seed: seed, initialization: initialization, conditionSize: condition, dataChannels: dataChannels)
        let body = try construction.build(
            layers, input: input, path: path.key("layers"), name: name, depth: 0)
        self.name = name
        self.inputShape = input
        self.outputShape = body.outputShape
        self.variables = construction.variables
        self.layers = construction.rows
        self.body = body
        conditionSize = condition
        usesCondition = construction.readsCondition
    }

    public init(
        name: String, configuration: NetworkConfiguration, input: Shape, condition: Int? = nil,
        dataChannels: Int? = nil, path: ConfigPath? = nil, seed: UInt64
    ) throws {
        try self.init(
            name: name, layers: configuration.layers, input: input, condition: condition, dataChannels: dataChannels,
            path: path, seed: seed, initialization: configuration.initialization)
    }

    /// The variables that an optimizer trains.
    public var parameters: [Variable] { variables.filter { $0.role == .parameter } }
    /// The variables that layers keep as state or that are frozen.
    public var statistics: [Variable] { variables.filter { $0.role == .buffer } }
    /// The last layer, if its output is bounded; for nested layers, the innermost.
    public var boundingLayer: LayerSummary? { body.boundsOutput ? layers.last(where: \.boundsOutput) : nil }
    /// Whether the last layer with weights is a convolution, whose channels may be those of the data.
    public var canFollowChannels: Bool {
        ["conv", "convTranspose"].contains(layers.last { $0.parameterCount > 0 }?.type)
    }
    /// The number of trained parameters.
    public var parameterCount: Int { layers.reduce(0) { $0 + $1.parameterCount } }
    /// The multiplications and additions of matrix products and convolutions in a forward pass of one sample.
    public var floatingPointOperations: Int { layers.reduce(0) { $0 + $1.floatingPointOperations } }

    /// The outputs for several batches in training mode, as from `apply`. If no layer distinguishes batches, they are
    /// concatenated and processed in one pass, which makes matrix products taller and so more efficient.
    ///
    /// - Throws: the errors of `apply`.
    public func apply(toEach batches: [NetworkBatch], in graph: ComputeGraph) throws -> [Value] {
        guard body.treatsSamplesApart, batches.count > 1 else {
            return try batches.map {
                try apply($0.x, in: graph, mode: .training, call: $0.call, condition: $0.condition)
            }
        }
        let joined = graph.concatenate(batches.map(\.x), axis: 0)
        let conditions = batches.compactMap(\.condition)
        let output = try apply(
            joined, in: graph, mode: .training, call: batches.map(\.call).joined(separator: "+"),
            condition: conditions.isEmpty ? nil : graph.concatenate(conditions, axis: 0))
        var start = 0
        return batches.map { batch in
            defer { start += batch.x.shape[0] }
            return graph.slice(output, axis: 0, start: start, count: batch.x.shape[0])
        }
    }

    /// The network's output `[N] + outputShape` for an input `[N] + inputShape`. It may be applied several times in one
    /// graph: the applications share weights, and each training application updates the running statistics.
    ///
    /// - Parameters:
    ///   - call: such as `real` or `fake`; applications with the same name drop the same elements.
    ///   - condition: `[N, C]`, for the layers that read it.
    ///   - losses: collects the losses of layers that have some.
    /// - Throws: ``LayerError/singleValueNorm(_:input:)`` if a training batch is too small for batch norm.
    public func apply(
        _ x: Value, in graph: ComputeGraph, mode: NetworkMode, call: String = "", condition: Value? = nil,
        losses: LayerLosses? = nil
    ) throws -> Value {
        precondition(
            x.shape.rank == inputShape.rank + 1 && Array(x.shape.dimensions.dropFirst()) == inputShape.dimensions,
            "\(name) takes [N] + \(inputShape), not \(x.shape)")
        precondition(
            !usesCondition || condition?.shape == [x.shape[0], conditionSize ?? 0],
            "\(name) takes conditions \([x.shape[0], conditionSize ?? 0]), not \(condition.map { "\($0.shape)" } ?? "none")"
        )
        return try body.apply(
            x, NetworkCall(graph: graph, mode: mode, name: call, condition: condition, losses: losses))
    }
}
