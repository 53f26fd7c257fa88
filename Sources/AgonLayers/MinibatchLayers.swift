import AgonConfiguration
import AgonGraph
import AgonTensors

/// Minibatch discrimination: measures of how close each sample is to the others of its batch, appended to its features
/// `[A]`.
///
/// `M = x T` as `[N, B, C]`; `o_ib = sum over j != i of exp(-sum over c of |M_ibc - M_jbc|)`; output `[A + B]`. The
/// variable `weight` is T, `[A, B, C]`.
/// Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016, arXiv:1606.03498, section 3.2.
/// Differs: the paper's sum includes `j = i`, which adds 1 to each value; the authors' code excludes it, as does this.
public struct MinibatchDiscriminationLayer: Layer {
    public let features: Int
    public let kernelSize: Int
    public var initialization = LayerInitialization()

    public var type: String { "minibatchDiscrimination" }

    public init(features: Int = 100, kernelSize: Int = 5) {
        self.features = features
        self.kernelSize = kernelSize
    }

    init(from reader: ConfigReader) throws {
        features = try reader.integer("features", in: 1...65536, default: 100, "Number of appended features (B).")
        kernelSize = try reader.integer(
            "kernelSize", in: 1...4096, default: 5, "Values per appended feature on which samples are compared (C).")
        initialization = try LayerInitialization.read(from: reader, hasBiases: false)
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        guard input.rank == 1 else { throw LayerError.notFeatures(site.place, input: input) }
        let output = try site.checked([input[0] + features])
        let weight = try site.variable(
            "weight", extents: [input[0], features, kernelSize], part: .linearWeight,
            fans: (input[0], features * kernelSize),
            initializer: site.initializer(.linearWeight, override: initialization))
        return BuiltLayer(
            outputShape: output, floatingPointOperations: 2 * input[0] * features * kernelSize, mixesSamples: true
        ) { [self] x, call in
            let graph = call.graph
            let rows = graph.matmul(x, graph.reshape(graph.read(weight), [input[0], features * kernelSize]))
            return graph.concatenate([x, nearness(rows, graph)], axis: -1)
        }
    }

    private func nearness(_ rows: Value, _ graph: ComputeGraph) -> Value {
        let (batch, width) = (rows.shape[0], features * kernelSize)
        let difference = graph.subtract(
            graph.reshape(rows, [batch, 1, width]), graph.reshape(rows, [1, batch, width]))
        let pairs = graph.reshape(graph.apply(.absolute, difference), [batch * batch, features, kernelSize])
        let distances = graph.sum(pairs, to: [batch * batch, features, 1])
        let kernels = graph.exponential(
            graph.affine(graph.reshape(distances, [batch, batch, features]), scale: -1))
        // Excludes the sample itself, whose distance is 0.
        let sums = graph.reshape(graph.sum(kernels, to: [batch, 1, features]), [batch, features])
        return graph.affine(sums, offset: -1)
    }
}

/// Minibatch standard deviation: appends a channel with a single value, the standard deviation over the batch averaged
/// over channels and pixels.
///
/// It uses `sqrt(variance + 1e-8)` with the biased variance, so it has a derivative even for equal samples.
/// Karras et al., "Progressive Growing of GANs", ICLR 2018, arXiv:1710.10196, section 3.
/// Differs: the authors' code splits the batch into groups of 4 samples; the paper and this code use the whole batch.
public struct MinibatchDeviationLayer: Layer {
    private static let epsilon: Float = 1e-8

    public var type: String { "minibatchDeviation" }

    public init() {}

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        var output = input
        output[-1] += 1
        return BuiltLayer(outputShape: try site.checked(output.dimensions), mixesSamples: true) { x, call in
            let graph = call.graph
            let batch = x.shape[0]
            let variance = graph.moments(graph.reshape(x, [batch, input.count])).variance
            let deviation = graph.mean(graph.squareRoot(graph.affine(variance, offset: Self.epsilon)))
            var channel = x.shape
            channel[-1] = 1
            return graph.concatenate([x, graph.broadcast(deviation, to: channel)], axis: -1)
        }
    }
}
