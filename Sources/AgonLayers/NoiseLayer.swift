import AgonConfiguration
import AgonGraph
import AgonTensors

/// Normal noise with mean 0 added to each element.
///
/// Chintala et al., "How to train a GAN?", 2016, item 13, after Zhao et al., "Energy-based Generative Adversarial
/// Network", 2016, arXiv:1609.03126.
public struct NoiseLayer: Layer {
    public let deviation: Float
    /// Whether noise is also added in evaluation.
    public var isAlwaysActive = false

    public var type: String { "noise" }

    public init(deviation: Float) { self.deviation = deviation }

    init(from reader: ConfigReader) throws {
        deviation = Float(
            try reader.number("deviation", in: .positive, default: 0.1, "The standard deviation of the noise."))
        isAlwaysActive = try reader.boolean(
            "atEvaluation", default: false, "Whether noise is also added when images are sampled or evaluated.")
    }

    public func build(input: Shape, at site: LayerSite) -> BuiltLayer {
        let name = site.name
        return BuiltLayer(outputShape: input) { [self] x, call in
            guard isAlwaysActive || call.mode == .training else { return x }
            let noise = call.graph.random(
                .normal(mean: 0, deviation: deviation), stream: "\(name)/\(call.name)", shape: x.shape)
            return call.graph.add(x, noise)
        }
    }
}
