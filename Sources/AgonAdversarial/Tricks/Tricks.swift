import AgonConfiguration

/// What practitioners add to a game to make it train: the section `tricks` of a config. Without it, none.
///
/// Each trick is one type in one file; `check` refuses those that make no sense with the other settings.
/// Chintala, Denton, Arjovsky and Mathieu, "How to train a GAN? Tips and tricks to make GANs work", 2016; Scuccimarra's
/// notes on them.
public struct Tricks: ConfigDecodable, Sendable {
    public var labels: LabelTricks
    public var instanceNoise: InstanceNoise?
    public var augmentation: Augmentation?
    public var replay: ExperienceReplay?
    public var batches: BatchMixing
    public var updateRule: UpdateRule?
    public var auxiliaryClassifier: AuxiliaryClassifier?
    public var averaging: WeightAveraging?
    public var checkpointSwap: CheckpointSwap?

    public init() {
        labels = LabelTricks()
        batches = .separate
    }

    public init(from reader: ConfigReader) throws {
        labels = try reader.section(
            "labels", default: [:], "What the discriminator is told of real and of generated samples.")
        instanceNoise = try reader.optionalSection(
            "instanceNoise", "Noise on all that discriminators see, which fades.")
        augmentation = try reader.optionalSection(
            "augmentation", "Random changes of all images that discriminators see (DiffAugment).")
        replay = try reader.optionalSection(
            "replay", "Generated samples of earlier steps, shown to discriminators again.")
        batches = try reader.choice(
            "batches", default: .separate,
            "Whether real and generated samples pass a discriminator apart, each with batch statistics of its own, or mixed."
        )
        updateRule = try reader.optionalSection(
            "updateRule", "Updates of a network until its loss is low enough, instead of a fixed number.")
        auxiliaryClassifier = try reader.optionalSection(
            "auxiliaryClassifier", "Discriminators that also name the class of samples (AC-GAN).")
        averaging = try reader.optionalSection("averaging", "Samples from a moving average of the generator's weights.")
        checkpointSwap = try reader.optionalSection(
            "checkpointSwap", "Older weights in the place of a network's own for a few iterations now and then.")
    }

    /// Throws when a trick cannot be played in the game.
    func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        let objective = configuration.objective
        let name = type(of: objective).name
        func refuse(_ trick: String, _ reason: String) -> AdversarialError { .trick(trick, reason: reason) }
        if labels.isActive, !objective.usesTargets {
            throw refuse("labels", "'\(name)' compares scores with no labels; remove tricks.labels")
        }
        if replay != nil, configuration.task.discriminatorsSeeConditions {
            throw refuse("replay", "replayed samples would be judged under the conditions of others; remove it")
        }
        if let augmentation { try augmentation.check(configuration) }
        if auxiliaryClassifier != nil {
            guard objective.scores != .categories else {
                throw refuse(
                    "auxiliaryClassifier", "the discriminators of '\(name)' sort into categories already; remove it")
            }
            guard let task = configuration.task as? GenerationTask, case .labels = task.condition else {
                throw refuse(
                    "auxiliaryClassifier", "classes are not known; set 'labels' of the task to the number of classes")
            }
        }
    }
}
