import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonLayers

/// An experiment as its config states it: two networks, the objective, the data, and the outputs of a run.
///
/// It does not include the number of threads, on which results do not depend.
public struct ExperimentConfiguration: ConfigDecodable, Sendable {
    /// Names the run's folder.
    public let name: String
    public let description: String?
    /// Whose system it is, and what differs; no part of what is computed.
    public let system: SystemDescription?
    /// Of everything random but the data's own samples.
    public let seed: UInt64
    /// Iterations; each runs all phases of the objective.
    public let steps: Int
    /// Objective, optimizers, updates, latent and batch size.
    public let training: AdversarialConfiguration
    public let dataset: DatasetConfiguration
    public let generator: NetworkConfiguration
    /// The distinct discriminators; an ensemble may have copies of each.
    public let discriminators: [NetworkConfiguration]
    /// Whether they are listed under `discriminators` instead of `discriminator`.
    public let listsDiscriminators: Bool
    /// A safetensors file with the networks' initial values; nil: drawn from the seed.
    public let initialWeights: String?
    /// How names in that file begin, and how they begin here: `OLD=NEW`.
    public let initialNames: [String]
    /// A safetensors file with all inputs of the training, random numbers included; nil: the dataset.
    public let recordedInputs: String?
    public let alarms: AlarmSettings
    public let stages: [StageSettings]
    public let samples: SampleSettings
    public let checkpoints: CheckpointSettings
    public let log: LogSettings
    /// The evaluation of the generator during training; nil: none.
    public let evaluation: EvaluationSettings?

    public init(from reader: ConfigReader) throws {
        let name = try reader.string(
            "name", affects: .nothing, "The name of the experiment and of its runs' folders.")
        self.name = name
        try reader.require(
            FileBytes.isName(name), "name",
            "'\(name)' is not a valid folder name; use letters, digits, '.', '_' and '-'")
        description = try reader.optionalString(
            "description", affects: .nothing, "What the experiment is about, in a sentence or two.")
        system = try reader.optionalSection(
            "system", affects: .nothing,
            "Which published system this is, for the table of systems: it changes nothing in a training.")
        seed = UInt64(
            try reader.integer(
                "seed", in: 0..., default: 0, affects: .chance,
                "Seed of weights, latents, dropout and the order of samples."))
        steps = try reader.integer(
            "steps", in: 1...1_000_000_000, affects: .length,
            "Training iterations; each makes all updates of the objective.")
        dataset = try reader.section("dataset", "The real samples.")
        training = try AdversarialConfiguration(from: reader)
        generator = try reader.section("generator", "The network that generates samples.")
        let one: NetworkConfiguration? = try reader.optionalSection(
            "discriminator", "The network that scores samples.")
        let many = try reader.optionalArray(
            "discriminators", of: NetworkConfiguration.self, count: 1...,
            "Several different networks that score samples.")
        try reader.require(
            one != nil || many != nil, "discriminator", "missing: give 'discriminator', or a list of 'discriminators'")
        try reader.require(
            one == nil || many == nil, "discriminators",
            "give one 'discriminator' or a list of 'discriminators', not both"
        )
        discriminators = many ?? one.map { [$0] } ?? []
        listsDiscriminators = many != nil
        do {
            try training.check(discriminators: discriminators.count * training.ensemble.copies)
        } catch {
            throw reader.fail(at: error.place, error.reason)
        }
        initialWeights = try reader.optionalString(
            "initialWeights",
            "A safetensors file with the networks' initial values, in PyTorch's names and layouts; a network of which it "
                + "has none keeps its own.")
        let renames = try reader.strings(
            "initialNames", default: [],
            "How names in the file of initialWeights begin, and how they begin here, such as \"module.=\", "
                + "\"netG.=generator.\" or \"=generator.\"; the first that fits a name is applied.")
        initialNames = renames
        for (index, text) in renames.enumerated() {
            guard text.contains("="), text != "=" else {
                throw reader.fail("initialNames", index: index, "expected OLD=NEW, found '\(text)'")
            }
        }
        recordedInputs = try reader.optionalString(
            "recordedInputs",
            "A safetensors file with all inputs, including random numbers, to replay a recorded training.")
        alarms = try reader.section("alarms", default: [:], "Signs of failed training, which warn or stop the run.")
        stages = try reader.array(
            "stages", of: StageSettings.self, default: [], "Changes of the config during training, in order.")
        samples = try reader.section(
            "samples", default: [:], affects: .nothing, "Grids of generated samples, always from the same latents.")
        checkpoints = try reader.section(
            "checkpoints", default: [:], affects: .nothing, "The states from which a run can be resumed.")
        log = try reader.section(
            "log", default: [:], affects: .nothing, "The losses and scores in metrics.jsonl.")
        let growsSlack = (training.ensemble.combination as? HypervolumeCombination)?.growth != nil
        evaluation = try reader.optionalSection(
            "evaluate", affects: growsSlack ? .result : .measurement,
            "The metrics of the generator measured during training.")
        try reader.require(
            dataset.range == .signed || !training.task.takesConditionImages, "dataset",
            "translations are of images in [-1, 1]; remove 'range'")
        try reader.require(
            stages.isEmpty || training.tricks.checkpointSwap == nil, "tricks",
            "older weights do not fit the networks of another stage; remove 'checkpointSwap'")
        if let best = checkpoints.best, !(evaluation?.measures(best) ?? false) {
            let remedy = evaluation == nil ? "add a section 'evaluate'" : "add it to the metrics of 'evaluate'"
            throw reader.fail(
                at: ConfigPath.root.key("checkpoints").key("best"),
                "the best checkpoint is that of the best '\(best.rawValue)', which is not measured; \(remedy)")
        }
        let grows = (training.ensemble.combination as? HypervolumeCombination)?.growth != nil
        try reader.require(
            !grows || evaluation?.measures(.frechet) ?? false, "ensemble",
            "the slack grows by the Fréchet distances of 'evaluate', which measures none; add 'fid' to its metrics")
    }

    /// Whether updates report the norms of their gradients.
    var reportsGradientNorms: Bool { alarms.needsGradientNorms || log.gradientNorms }
}

/// When sample grids are drawn, and their size.
public struct SampleSettings: ConfigDecodable, Sendable {
    public let every: Int
    public let count: Int
    /// Nil: as square as possible.
    public let columns: Int?

    public init(from reader: ConfigReader) throws {
        every = try reader.integer(
            "every", in: 1..., default: 400, "Steps between grids; the last step has one too.")
        count = try reader.integer("count", in: 1...4096, default: 64, "Samples in a grid.")
        columns = try reader.optionalInteger(
            "columns", in: 1...4096, "Samples per row of the grid; default: about the square root of count.")
    }
}

/// When the state is saved, and how many states are kept.
public struct CheckpointSettings: ConfigDecodable, Sendable {
    /// The metrics of one value that can be best.
    public static let rankedMetrics: [EvaluationMetric] = [.frechet, .kernel, .score, .modes]

    public let every: Int
    public let keep: Int
    /// The metric whose best value has its checkpoint kept besides the newest ones; nil: none.
    public let best: EvaluationMetric?

    public init(from reader: ConfigReader) throws {
        every = try reader.integer(
            "every", in: 1..., default: 1000,
            "Steps between checkpoints; a stop and the last step have one too.")
        keep = try reader.integer("keep", in: 1..., default: 2, "The number of newest checkpoints to keep.")
        let name = try reader.optionalChoice(
            "best", Self.rankedMetrics.map(\.rawValue),
            "The metric of evaluate whose best value gets a checkpoint, which is kept besides the newest ones; default: "
                + "none.")
        best = name.flatMap { EvaluationMetric(rawValue: $0) }
    }
}

/// When losses and scores are logged.
public struct LogSettings: ConfigDecodable, Sendable {
    public let every: Int
    /// Whether to write an event file for TensorBoard.
    public let tensorboard: Bool
    /// Whether updates report the norms of their gradients also where no alarm needs them.
    public let gradientNorms: Bool

    public init(from reader: ConfigReader) throws {
        every = try reader.integer(
            "every", in: 1..., default: 100, "Steps between lines; the last step has one too.")
        tensorboard = try reader.boolean(
            "tensorboard", default: true,
            "Whether losses, scores, sample grids and settings are written for TensorBoard too.")
        gradientNorms = try reader.boolean(
            "gradientNorms", default: false, "Whether the norms of each network's gradients are logged.")
    }
}

extension ExperimentConfiguration {
    /// The published JSON Schema of configs; allows files that extend others.
    public static func schema() throws -> ConfigNode {
        try JSONSchema.describe(
            Self.self, title: "An Agon experiment", id: "schema.json", partial: true)
    }
}
