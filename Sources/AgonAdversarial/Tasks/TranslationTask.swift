import AgonConfiguration
import AgonGraph
import AgonTensors

/// Image-to-image translation trained on pairs: `G(c)`. Discriminators judge image and condition concatenated along
/// their channels, and `λ mean|x - G(c)|` keeps the generator's output close to the paired image.
///
/// Dropout is the generator's only source of randomness.
/// Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017, arXiv:1611.07004,
/// eq. 1-4.
public struct TranslationTask: GANTask {
    public static let name = "translation"

    /// The weight `λ` of the distance to the paired image.
    public let reconstruction: Double

    public init(reconstruction: Double = 100) { self.reconstruction = reconstruction }

    init(from reader: ConfigReader) throws {
        reconstruction = try reader.number(
            "reconstruction", in: 0..., default: 100, "Weight of the mean absolute distance to the paired image.")
    }

    public var takesConditionImages: Bool { true }
    public var discriminatorsSeeConditions: Bool { true }

    public func generatorInput(latent: LatentConfiguration, data: DataShapes?, side: Int) throws -> Shape {
        try known(data).condition
    }

    public func discriminatorInput(generated: Shape, data: DataShapes?, side: Int) throws -> Shape {
        let (sample, condition) = try known(data)
        guard sample.dimensions.dropLast() == condition.dimensions.dropLast() else {
            throw AdversarialError.unequalPairs(sample: sample, condition: condition)
        }
        return [sample[0], sample[1], sample[2] + condition[2]]
    }

    public func generate(
        _ inputs: GANTaskInputs, setting: AdversarialSetting, call: String, in graph: ComputeGraph
    ) throws -> Generated {
        guard let condition = inputs.condition, let real = inputs.real else {
            preconditionFailure("translation needs pairs")
        }
        let samples = try setting.samples(
            of: setting.gan.sides[0].generator, from: condition, call: call, in: graph)
        return Generated(samples: [samples]) {
            guard reconstruction > 0 else { return [] }
            let distance = meanAbsoluteDistance(graph, real, samples)
            return [("reconstruction", graph.affine(distance, scale: Float(reconstruction)))]
        }
    }

    public func view(_ samples: Value, condition: Value?, in graph: ComputeGraph) -> (x: Value, condition: Value?) {
        guard let condition else { preconditionFailure("a discriminator of translations needs the condition") }
        return (graph.concatenate([samples, condition], axis: -1), nil)
    }
}

/// `mean|a - b|`, a scalar.
func meanAbsoluteDistance(_ graph: ComputeGraph, _ a: Value, _ b: Value) -> Value {
    graph.mean(graph.apply(.absolute, graph.subtract(a, b)))
}
