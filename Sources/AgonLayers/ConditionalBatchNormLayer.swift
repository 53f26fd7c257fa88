import AgonConfiguration
import AgonGraph
import AgonTensors

/// Batch norm whose weight and bias depend on the condition: `norm(x) * (c W) + c B`. If the condition `[N, C]` is
/// one-hot, W and B have one row per class.
///
/// The variables `weight.embedding` and `bias.embedding` are `[C, channels]` as in PyTorch's `nn.Embedding`, with
/// initial values 1 and 0; running statistics are the same as in `batchNorm`.
/// Dumoulin et al., "A Learned Representation for Artistic Style", ICLR 2017, arXiv:1610.07629, eq. 5; in generators:
/// Miyato and Koyama, "cGANs with Projection Discriminator", ICLR 2018, arXiv:1802.05637, appendix A.
public struct ConditionalBatchNormLayer: Layer {
    public var momentum: Float = 0.1
    public var epsilon: Float = 1e-5

    public var type: String { "conditionalBatchNorm" }

    public init() {}

    init(from reader: ConfigReader) throws {
        momentum = Float(
            try reader.number(
                "momentum", in: 0...1, default: 0.1,
                "The weight of the batch in the running statistics, as in PyTorch."))
        epsilon = Float(try reader.number("epsilon", in: .positive, default: 1e-5, "Added to the variance."))
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let (classes, channels) = (try site.conditionSize(), input[-1])
        func embedding(_ name: String, _ value: Float) throws -> Variable {
            try site.variable(
                "\(name).embedding", extents: [classes, channels], part: .embedding, fans: (classes, channels),
                initializer: ConstantInitializer(value: value))
        }
        let (weights, biases) = (try embedding("weight", 1), try embedding("bias", 0))
        var norm = BatchNormLayer()
        norm.momentum = momentum
        norm.settings.epsilon = epsilon
        norm.settings.isAffine = false
        let plain = try norm.build(input: input, at: site)
        let place = site.place
        return BuiltLayer(
            outputShape: input, floatingPointOperations: 4 * classes * channels, mixesSamples: plain.mixesSamples
        ) { x, call in
            guard let condition = call.condition else { preconditionFailure("\(place) needs a condition") }
            let graph = call.graph
            // All pixels of an image use the same vector.
            let pixel = Shape([x.shape[0]] + [Int](repeating: 1, count: x.shape.rank - 2) + [channels])
            func own(_ variable: Variable) -> Value {
                graph.reshape(graph.matmul(condition, graph.read(variable)), pixel)
            }
            return graph.add(graph.multiply(try plain.apply(x, call), own(weights)), own(biases))
        }
    }
}
