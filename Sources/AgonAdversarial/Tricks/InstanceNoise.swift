import AgonConfiguration
import AgonGraph

/// Normal noise on all samples that discriminators see, real and generated; its deviation falls linearly to zero.
///
/// Sønderby et al., "Amortised MAP Inference for Image Super-resolution", ICLR 2017, arXiv:1610.04490, section 3.2;
/// Arjovsky and Bottou, "Towards Principled Methods for Training GANs", ICLR 2017, arXiv:1701.04862.
public struct InstanceNoise: ConfigDecodable, Hashable, Sendable {
    public let deviation: Double
    /// The iteration at which the noise has faded to zero; nil if it never fades.
    public let until: Int?

    public init(deviation: Double = 0.1, until: Int? = nil) {
        self.deviation = deviation
        self.until = until
    }

    public init(from reader: ConfigReader) throws {
        self.init(
            deviation: try reader.number(
                "deviation", in: .positive, default: 0.1, "The initial standard deviation of the noise."),
            until: try reader.optionalInteger(
                "until", in: 1..., "The iteration at which the noise reaches zero; by default it never fades."))
    }

    /// The samples with noise. Within one call, every discriminator sees the same noise.
    func apply(to samples: Value, call: String, setting: AdversarialSetting, in graph: ComputeGraph) -> Value {
        let noise = graph.affine(
            setting.normal(samples.shape, stream: "noise.\(call)", in: graph), scale: Float(deviation))
        guard let until else { return graph.add(samples, noise) }
        // Iteration counts are exact integers, so the noise ends at exactly 0.
        let left = graph.affine(setting.iteration(in: graph), scale: -1, offset: Float(until))
        let share = graph.affine(graph.apply(.leakyReLU(slope: 0), left), scale: 1 / Float(until))
        return graph.add(samples, graph.multiply(share, noise))
    }
}
