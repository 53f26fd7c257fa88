import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonTensors

/// What is to be made from what: samples from latents, images from images.
///
/// A task says which networks there are, what the generators read, what the discriminators see beside a sample, and what
/// the generators must achieve besides being believed. How the networks play is the objective's part.
public protocol GANTask: Sendable {
    /// The name in configs and messages.
    static var name: String { get }
    /// A name for each side of the game: a generator with its discriminators.
    var sideNames: [String] { get }
    /// Numbers in a condition vector that layers may read; nil where there is none.
    var conditionSize: Int? { get }
    /// Whether `condition` is an image of its own instead of a vector.
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
    /// What the generators make of the inputs, and their own losses.
    func generate(_ inputs: GANTaskInputs, setting: AdversarialSetting, call: String, in graph: ComputeGraph) throws
        -> Generated
    /// The real samples of a side.
    func real(_ inputs: GANTaskInputs, side: Int) -> Value
    /// What a side's discriminators see of a sample with its condition: their input, and the vector for their layers.
    func view(_ samples: Value, condition: Value?, in graph: ComputeGraph) -> (x: Value, condition: Value?)
    /// Whether what discriminators see depends on the condition.
    var discriminatorsSeeConditions: Bool { get }
}

/// The values that an update starts from, for a batch or a part of it.
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

/// What the generators made of the inputs.
public struct Generated {
    /// For each side, `[N] + sample shape`.
    public let samples: [Value]
    /// Appends the generators' losses besides the adversarial one, scalars with their weights: where generators are
    /// updated, and nowhere else.
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

    /// The shapes of the data, which the task cannot do without.
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
        registry.register(GenerationTask.name, "Samples from latent vectors, if wanted of a class or for a text.") {
            try GenerationTask(from: $0)
        }
        registry.register(TranslationTask.name, "Images from images, learnt from pairs (Pix2Pix).") {
            try TranslationTask(from: $0)
        }
        registry.register(CycleTask.name, "Images from images in both directions, learnt without pairs (CycleGAN).") {
            try CycleTask(from: $0)
        }
        return registry
    }()
}
