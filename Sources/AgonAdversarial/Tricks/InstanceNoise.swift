import AgonConfiguration
import AgonGraph
import AgonTensors

/// Normal noise on everything that discriminators see, real and generated; its deviation falls linearly to zero.
///
/// Sønderby et al., "Amortised MAP Inference for Image Super-resolution", ICLR 2017, arXiv:1610.04490, section 3.2;
/// Arjovsky and Bottou, "Towards Principled Methods for Training GANs", ICLR 2017, arXiv:1701.04862.
public struct InstanceNoise: ConfigDecodable, Hashable, Sendable {
    public let deviation: Double
    /// The iteration from which there is none; nil: it stays.
    public let until: Int?

    public init(deviation: Double = 0.1, until: Int? = nil) {
        self.deviation = deviation
        self.until = until
    }

    public init(from reader: ConfigReader) throws {
        self.init(
            deviation: try reader.number(
                "deviation", in: .positive, default: 0.1, "The noise's standard deviation at first."),
            until: try reader.optionalInteger(
                "until", in: 1..., "The iteration at which it has faded away; it stays if not given."))
    }

    /// The samples with noise. One call sees the same noise from every discriminator.
    func apply(to samples: Value, call: String, setting: AdversarialSetting, in graph: ComputeGraph) -> Value {
        let noise = graph.affine(
            setting.normal(samples.shape, stream: "noise.\(call)", in: graph), scale: Float(deviation))
        guard let until else { return graph.add(samples, noise) }
        // Counted in iterations, which are exact, so that the noise ends at 0 and not near it.
        let left = graph.affine(setting.iteration(in: graph), scale: -1, offset: Float(until))
        let share = graph.affine(graph.apply(.leakyReLU(slope: 0), left), scale: 1 / Float(until))
        return graph.add(samples, graph.multiply(share, noise))
    }
}
