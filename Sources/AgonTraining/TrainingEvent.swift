import AgonGraph
import AgonRuns

/// How far a run is: for a progress line and for the log.
public struct TrainingProgress: Sendable {
    public let step: Int
    public let steps: Int
    /// Losses and scores of this step, in the order of the objective.
    public let scalars: [(name: String, value: Float)]
    /// Real images read in a second, over the time since the last line of the log.
    public let imagesPerSecond: Double
    /// Seconds that the rest will take at the pace since the run was started or resumed.
    public let secondsLeft: Double
    /// Whether the step is one that is logged.
    public let isLogged: Bool

    /// The value of a scalar; nil where this training has none of the name.
    public func scalar(_ name: String) -> Float? { scalars.first { $0.name == name }?.value }
}

/// What a run tells its user.
public enum TrainingEvent: Sendable {
    case started(folder: String, step: Int, steps: Int)
    /// Something unexpected that does not stop the run.
    case note(String)
    case progress(TrainingProgress)
    case ended(TrainingOutcome)
}

/// How a run ended without an error.
public struct TrainingOutcome: Sendable {
    public enum State: Sendable {
        case done
        /// The last step was reached in an earlier part of the run; nothing was left to do.
        case wasDone
        /// The reason, in a few words; the run can be resumed.
        case stopped(String)
    }

    public let state: State
    public let folder: String
    public let step: Int
    public let sampleGrid: String?
    public let checkpoint: String?
    /// Seconds of training in this part of the run.
    public let seconds: Double
    public let stepsPerSecond: Double?
    /// The values of the last evaluation in this part of the run; empty if there was none.
    public var evaluation: [EvaluationValue] = []
}
