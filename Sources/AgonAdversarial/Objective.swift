import AgonConfiguration
import AgonGraph

/// What an objective takes a discriminator's output for.
public enum ScoreKind: Sendable {
    /// Numbers whose sigmoid is the probability of being real.
    case logits
    /// Numbers of any size, without a bound.
    case unbounded
    /// Numbers near targets, with or without a bound.
    case targets
    /// Logits of categories that samples are sorted into.
    case categories
}

/// What an adversarial training minimises, and in which steps.
///
/// An objective is one type in one file, registered under a name in `AdversarialConfiguration.registry`. Objectives in
/// which the networks take turns conform to `AlternatingObjective` and state their losses only.
public protocol Objective: Sendable {
    /// The name in configs and messages.
    static var name: String { get }
    /// How often each network is updated in an iteration, unless the config says otherwise.
    var defaultUpdates: UpdateRatio { get }
    /// What the discriminator's scores are.
    var scores: ScoreKind { get }
    /// Whether each score must be a function of its own sample alone.
    var scoresSamplesApart: Bool { get }
    /// Whether its losses compare scores with targets, which tricks may change.
    var usesTargets: Bool { get }
    /// The discriminator's loss when it gives all samples the score between real and generated; nil where there is none, as
    /// for critics. A loss far below it means that the discriminator tells nearly all samples apart.
    var guessingLoss: Double? { get }
    /// Labelled samples that an update takes besides the batch; nil for none.
    var labelledSamples: LabelledSamples? { get }
    /// Throws when the objective cannot be trained under these settings.
    func check(_ configuration: AdversarialConfiguration) throws(AdversarialError)
    /// The graphs of an iteration, in the order in which they run. Makes the optimizers' state: call once a training.
    func phases(for setting: AdversarialSetting) throws -> [IterationPhase]
}

/// Samples with labels, where most have none.
public struct LabelledSamples: Hashable, Sendable {
    /// How many of the dataset's samples count as labelled, evenly over its classes.
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
    public var scoresSamplesApart: Bool { false }
    public var usesTargets: Bool { scores == .logits || scores == .targets }
    public var guessingLoss: Double? { nil }
    public var labelledSamples: LabelledSamples? { nil }
    public func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {}
}

extension Objective {
    /// The mean score as it is logged: a probability where scores are logits.
    public func meanScore(_ scores: Value, in graph: ComputeGraph) -> Value {
        graph.mean(self.scores == .logits ? graph.sigmoid(scores) : scores)
    }
}
