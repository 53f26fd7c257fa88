import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonTensors

/// Samples from latent vectors: `G(z)`, or `G(z, c)` if networks have layers that read a condition.
///
/// Conditions come with the real samples: an update of the generator uses the conditions of a batch, so they have the
/// same distribution as in the data.
/// Goodfellow et al., "Generative Adversarial Nets", 2014, arXiv:1406.2661; Mirza and Osindero, "Conditional Generative
/// Adversarial Nets", 2014, arXiv:1411.1784.
public struct GenerationTask: GANTask {
    public static let name = "generation"

    /// The kind of condition.
    public enum Condition: Hashable, Sendable {
        /// The class of a sample, one-hot.
        case labels(classes: Int)
        /// One of the dataset's embedding vectors.
        case embedding(size: Int)
    }

    public let condition: Condition?

    public init(condition: Condition? = nil) { self.condition = condition }

    init(from reader: ConfigReader) throws {
        let labels = try reader.optionalInteger(
            "labels", in: 2...65_536, "Conditions samples on their class: the number of classes of the dataset.")
        let embedding = try reader.optionalInteger(
            "embedding", in: 1...65_536,
            "Conditions samples on the dataset's embeddings (dataset.embeddings): the length of an embedding.")
        try reader.require(
            labels == nil || embedding == nil, "embedding", "give 'labels' or 'embedding', not both")
        condition = labels.map { .labels(classes: $0) } ?? embedding.map { .embedding(size: $0) }
    }

    public var usesLatents: Bool { true }
    public var discriminatorsSeeConditions: Bool { condition != nil }

    public var conditionSize: Int? {
        switch condition {
        case .labels(let classes): classes
        case .embedding(let size): size
        case nil: nil
        }
    }

    public func generatorInput(latent: LatentConfiguration, data: DataShapes?, side: Int) -> Shape { [latent.size] }

    public func discriminatorInput(generated: Shape, data: DataShapes?, side: Int) -> Shape {
        data?.sample ?? generated
    }

    public func inputs(
        _ use: GANTaskInputs.Use, latents stream: String, setting: AdversarialSetting, in graph: ComputeGraph
    ) -> GANTaskInputs {
        GANTaskInputs(
            latents: setting.latents(stream: stream, in: graph),
            real: use == .generator ? nil : setting.realBatch(in: graph),
            condition: condition == nil ? nil : setting.conditionBatch(in: graph))
    }

    public func generate(
        _ inputs: GANTaskInputs, setting: AdversarialSetting, call: String, in graph: ComputeGraph
    ) throws -> Generated {
        guard let latents = inputs.latents else { preconditionFailure("generation needs latents") }
        let losses = LayerLosses()
        let samples = try setting.samples(
            of: setting.gan.sides[0].generator, from: latents, condition: inputs.condition, losses: losses,
            call: call, in: graph)
        return Generated(samples: [samples]) { losses.values }
    }

    public func view(_ samples: Value, condition: Value?, in graph: ComputeGraph) -> (x: Value, condition: Value?) {
        (samples, condition)
    }
}
