import AgonConfiguration

/// Practical techniques that stabilise GAN training: the section `tricks` of a config. All are off by default.
///
/// Each trick is one type in one file; `check` rejects tricks that are incompatible with the other settings.
/// Chintala, Denton, Arjovsky and Mathieu, "How to train a GAN? Tips and tricks to make GANs work", 2016; Scuccimarra's
/// notes on them.
public struct Tricks: ConfigDecodable, Sendable {
    public var labels: LabelTricks
    public var instanceNoise: InstanceNoise?
    public var augmentation: Augmentation?
    public var consistency: ConsistencyRegularization?
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
            "labels", default: [:], "The labels of real and generated samples that the discriminator is trained with.")
        instanceNoise = try reader.optionalSection(
            "instanceNoise", "Noise on all samples that discriminators see, which can fade.")
        augmentation = try reader.optionalSection(
            "augmentation", "Random changes of all images that discriminators see (DiffAugment).")
        consistency = try reader.optionalSection(
            "consistency", "Equal scores for images and randomly changed copies of them (bCR).")
        replay = try reader.optionalSection(
            "replay", "Shows generated samples of earlier steps to discriminators again.")
        batches = try reader.choice(
            "batches", default: .separate,
            "Whether real and generated samples pass a discriminator in separate batches or mixed in one batch."
        )
        updateRule = try reader.optionalSection(
            "updateRule", "Updates a network until its loss is low enough, instead of a fixed number of times.")
        auxiliaryClassifier = try reader.optionalSection(
            "auxiliaryClassifier", "Discriminators that also classify samples (AC-GAN).")
        averaging = try reader.optionalSection("averaging", "Samples from a moving average of the generator's weights.")
        checkpointSwap = try reader.optionalSection(
            "checkpointSwap", "Periodically replaces a network's weights by older ones for a few iterations.")
    }

    /// Throws if a trick is incompatible with the other settings.
    func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        let objective = configuration.objective
        let name = type(of: objective).name
        func refuse(_ trick: String, _ reason: String) -> AdversarialError { .trick(trick, reason: reason) }
        if labels.isActive, !objective.usesTargets {
            throw refuse("labels", "'\(name)' does not use labels; remove tricks.labels")
        }
        if replay != nil, configuration.task.discriminatorsSeeConditions {
            throw refuse("replay", "replayed samples would be judged with the conditions of other samples; remove it")
        }
        if let augmentation { try augmentation.check(configuration) }
        if let consistency { try consistency.check(configuration) }
        if auxiliaryClassifier != nil {
            guard objective.scores != .categories else {
                throw refuse(
                    "auxiliaryClassifier", "the discriminators of '\(name)' already assign categories; remove it")
            }
            guard let task = configuration.task as? GenerationTask, case .labels = task.condition else {
                throw refuse(
                    "auxiliaryClassifier",
                    "the number of classes is unknown; state it: \"task\": {\"type\": \"generation\", \"labels\": N}")
            }
        }
    }
}
