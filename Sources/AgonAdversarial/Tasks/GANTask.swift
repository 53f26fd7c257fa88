import AgonConfiguration
import AgonGraph
import AgonTensors

/// What the generators make, and from what: samples from latents, or images from images.
///
/// A task defines the networks, the generators' inputs, what the discriminators see besides a sample, and the
/// generators' losses besides the adversarial loss. The objective defines how the networks are trained.
public protocol GANTask: Sendable {
    /// The name in configs and messages.
    static var name: String { get }
    /// A name for each side: a generator with its discriminators.
    var sideNames: [String] { get }
    /// The length of the condition vector that layers may read; nil if there is none.
    var conditionSize: Int? { get }
    /// Whether `condition` is an image instead of a vector.
    var takesConditionImages: Bool { get }
    /// Whether the generators read latent vectors.
    var usesLatents: Bool { get }

    /// The shape that a side's generator reads.
    func generatorInput(latent: LatentConfiguration, data: DataShapes?, side: Int) throws -> Shape
    /// The shape that a side's discriminators read.
    func discriminatorInput(generated: Shape, data: DataShapes?, side: Int) throws -> Shape

    /// The inputs of an update: latents from the named stream, and the data that the update reads.
    func inputs(
        _ use: GANTaskInputs.Use, latents stream: String, setting: AdversarialSetting, in graph: ComputeGraph
    ) -> GANTaskInputs
    /// The generators' samples from the inputs, and the generators' own losses.
    func generate(_ inputs: GANTaskInputs, setting: AdversarialSetting, call: String, in graph: ComputeGraph) throws
        -> Generated
    /// The real samples of a side.
    func real(_ inputs: GANTaskInputs, side: Int) -> Value
    /// A discriminator's view of a sample with its condition: the network's input, and the vector for its layers.
    func view(_ samples: Value, condition: Value?, in graph: ComputeGraph) -> (x: Value, condition: Value?)
    /// Whether the discriminators' view depends on the condition.
    var discriminatorsSeeConditions: Bool { get }
}

/// The input values of an update, for a batch or a part of it.
public struct GANTaskInputs {
    /// Which data an update needs.
    public enum Use: Sendable {
        case discriminator, generator, both
    }

    public var latents: Value?
    public var real: Value?
    public var condition: Value?

    public init(latents: Value? = nil, real: Value? = nil, condition: Value? = nil) {
        self.latents = latents
        self.real = real
        self.condition = condition
    }

    /// Samples `start ..< start + count`.
    public func slice(start: Int, count: Int, in graph: ComputeGraph) -> GANTaskInputs {
        func part(_ value: Value?) -> Value? { value.map { graph.slice($0, axis: 0, start: start, count: count) } }
        return GANTaskInputs(latents: part(latents), real: part(real), condition: part(condition))
    }
}

/// The samples that the generators made from the inputs.
public struct Generated {
    /// For each side, `[N] + sample shape`.
    public let samples: [Value]
    /// Appends the generators' additional losses, as weighted scalars. Called only if the generators are updated.
    public let losses: () throws -> [(name: String, value: Value)]

    public init(samples: [Value], losses: @escaping () throws -> [(name: String, value: Value)] = { [] }) {
        self.samples = samples
        self.losses = losses
    }
}

extension GANTask {
    public var sideNames: [String] { ["only"] }
    public var conditionSize: Int? { nil }
    public var takesConditionImages: Bool { false }
    public var usesLatents: Bool { false }
    public var discriminatorsSeeConditions: Bool { false }

    /// The data of images from images: real samples and conditions.
    public func inputs(
        _ use: GANTaskInputs.Use, latents stream: String, setting: AdversarialSetting, in graph: ComputeGraph
    ) -> GANTaskInputs {
        GANTaskInputs(real: setting.realBatch(in: graph), condition: setting.conditionBatch(in: graph))
    }

    /// The second of two directions makes conditions.
    public func real(_ inputs: GANTaskInputs, side: Int) -> Value {
        guard let real = side == 0 ? inputs.real : inputs.condition else { preconditionFailure("no real batch") }
        return real
    }

    /// The shapes of the data, for a task that requires them.
    func known(_ data: DataShapes?) throws -> (sample: Shape, condition: Shape) {
        guard let data else { throw AdversarialError.unknownDataShapes(task: Self.name) }
        guard let condition = data.condition, condition.rank == 3, data.sample.rank == 3 else {
            throw AdversarialError.noConditions(task: Self.name)
        }
        return (data.sample, condition)
    }
}

/// The tasks that a config can name; programs may register more.
public enum GANTaskRegistry {
    public static let tasks: VariantRegistry<any GANTask> = {
        let registry = VariantRegistry<any GANTask>(schemaName: "Task", noun: "task")
        registry.register(GenerationTask.name, "Samples from latent vectors, with optional class or text conditions.") {
            try GenerationTask(from: $0)
        }
        registry.register(TranslationTask.name, "Image-to-image translation trained on pairs (Pix2Pix).") {
            try TranslationTask(from: $0)
        }
        registry.register(CycleTask.name, "Image-to-image translation both ways, trained without pairs (CycleGAN).") {
            try CycleTask(from: $0)
        }
        return registry
    }()
}
