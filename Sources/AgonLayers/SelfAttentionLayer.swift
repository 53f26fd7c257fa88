import AgonConfiguration
import AgonGraph
import AgonTensors

/// Self-attention over the pixels of an image: `x + γ o`, where each pixel of `o` is a mean of values over all pixels,
/// weighted by `softmax(query · key)`.
///
/// Queries and keys have `C / 8` channels, values `C / 2`. Keys and values are max-pooled to half the size, and `o`
/// maps the means back to C channels. The maps are 1x1 convolutions without bias: `query.0.weight`, `key.0.weight`,
/// `value.0.weight`, `output.0.weight`; the layer's norm applies to each. `gamma` `[1]` is initially 0, so the layer
/// starts as the identity.
/// Zhang et al., "Self-Attention Generative Adversarial Networks", ICML 2019, arXiv:1805.08318, eq. 1 to 3; pooling and
/// channels as in the authors' code.
public struct SelfAttentionLayer: Layer {
    public var norm: (any WeightNormalization)?

    public var type: String { "selfAttention" }

    public init(norm: (any WeightNormalization)? = nil) { self.norm = norm }

    init(from reader: ConfigReader) throws {
        norm = try reader.optionalSection(
            "norm", LayerRegistry.weightNorms, "The norm of the maps' weights: weight norm or spectral norm.")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let (height, width, channels) = try site.image(input)
        guard channels % 8 == 0 else {
            throw LayerError.channelsNotDivisible(site.place, input: input, divisor: 8)
        }
        guard height % 2 == 0, width % 2 == 0 else { throw LayerError.unevenImage(site.place, input: input) }
        func map(_ name: String, _ count: Int, of shape: Shape, pooled: Bool = false) throws -> BuiltLayer {
            var convolution = ConvolutionLayer(channels: count, kernel: 1)
            convolution.weight.norm = norm
            convolution.weight.hasBias = false
            let layers: [any Layer] = pooled ? [convolution, PoolingLayer(.maximum, kernel: 2)] : [convolution]
            return try site.build(layers, input: shape, at: .root.key(name), name: name)
        }
        let query = try map("query", channels / 8, of: input)
        let key = try map("key", channels / 8, of: input, pooled: true)
        let value = try map("value", channels / 2, of: input, pooled: true)
        let output = try map("output", channels, of: [height, width, channels / 2])
        let gamma = try site.variable(
            "gamma", extents: [1], part: .normWeight, initializer: ConstantInitializer(value: 0))
        let (pixels, places) = (height * width, height * width / 4)
        return BuiltLayer(
            outputShape: input, floatingPointOperations: 2 * pixels * places * (channels / 8 + channels / 2)
        ) { x, call in
            let (graph, count) = (call.graph, x.shape[0])
            func rows(_ layer: BuiltLayer, _ number: Int, _ features: Int) throws -> Value {
                graph.reshape(try layer.apply(x, call), [count, number, features])
            }
            let queries = try rows(query, pixels, channels / 8)
            let keys = try rows(key, places, channels / 8)
            let values = try rows(value, places, channels / 2)
            let attention = graph.softmax(graph.batchedProduct(queries, graph.append(.transpose, [keys])))
            let means = graph.reshape(
                graph.batchedProduct(attention, values), [count, height, width, channels / 2])
            let scale = graph.reshape(graph.read(gamma), [])
            return graph.add(x, graph.multiply(try output.apply(means, call), scale))
        }
    }
}
