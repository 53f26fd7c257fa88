import AgonGraph

/// How an objective interprets a discriminator's output.
public enum ScoreKind: Sendable {
    /// Numbers whose sigmoid is the probability of being real.
    case logits
    /// Unbounded numbers of any size.
    case unbounded
    /// Numbers near targets, bounded or unbounded.
    case targets
    /// Logits of the categories that samples are assigned to.
    case categories
}

/// What an adversarial training minimises, and in which steps.
///
/// An objective is one type in one file, registered under a name in `AdversarialConfiguration.registry`. Objectives
/// whose networks take turns conform to `AlternatingObjective` and only define their losses.
public protocol Objective: Sendable {
    /// The name in configs and messages.
    static var name: String { get }
    /// The number of updates of each network per iteration, unless the config says otherwise.
    var defaultUpdates: UpdateRatio { get }
    /// How the discriminator's scores are interpreted.
    var scores: ScoreKind { get }
    /// Whether the generator's loss may be 0 or below; default: if scores are unbounded or categories.
    var generatorLossMayBeNegative: Bool { get }
    /// Whether each score may depend only on its own sample.
    var scoresSamplesApart: Bool { get }
    /// Whether its losses compare scores with targets, which tricks can change.
    var usesTargets: Bool { get }
    /// The discriminator's loss if it gives all samples the score halfway between real and generated; nil if undefined,
    /// as for critics. A loss far below this value means that the discriminator distinguishes nearly all samples.
    var guessingLoss: Double? { get }
    /// The labelled samples that an update uses in addition to the batch; nil for none.
    var labelledSamples: LabelledSamples? { get }
    /// Throws if the objective cannot be trained with these settings.
    func check(_ configuration: AdversarialConfiguration) throws(AdversarialError)
    /// The graphs of an iteration, in execution order. Creates the optimizers' state: call this once per training.
    func phases(for setting: AdversarialSetting) throws -> [IterationPhase]
}

/// Labelled samples of a dataset in which most samples are treated as unlabelled.
public struct LabelledSamples: Hashable, Sendable {
    /// How many of the dataset's samples are treated as labelled, evenly distributed over its classes.
    public let count: Int
    public let classes: Int
    public let batchSize: Int

    public init(count: Int, classes: Int, batchSize: Int) {
        self.count = count
        self.classes = classes
        self.batchSize = batchSize
    }
}

extension Objective {
    public var defaultUpdates: UpdateRatio { .even }
    public var generatorLossMayBeNegative: Bool { scores == .unbounded || scores == .categories }
    public var scoresSamplesApart: Bool { false }
    public var usesTargets: Bool { scores == .logits || scores == .targets }
    public var guessingLoss: Double? { nil }
    public var labelledSamples: LabelledSamples? { nil }
    public func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {}
}

extension Objective {
    /// The mean score for the log: a probability if scores are logits.
    public func meanScore(_ scores: Value, in graph: ComputeGraph) -> Value {
        graph.mean(self.scores == .logits ? graph.sigmoid(scores) : scores)
    }
}
