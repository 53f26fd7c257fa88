import AgonRuns

/// The progress of a run, for a progress line and for the log.
public struct TrainingProgress: Sendable {
    public let step: Int
    public let steps: Int
    /// Losses and scores of this step, in the order of the objective.
    public let scalars: [(name: String, value: Float)]
    /// Real images per second since the last line of the log.
    public let imagesPerSecond: Double
    /// The estimated remaining seconds, at the average speed since the run was started or resumed.
    public let secondsLeft: Double
    /// Whether users should see a line of this step: at the interval of `log.every`, and after evaluations.
    public let isLogged: Bool

    /// The value of a scalar; nil if this training has no scalar with that name.
    public func scalar(_ name: String) -> Float? { scalars.first { $0.name == name }?.value }
}

/// A message of a run to its user.
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
        /// An earlier session had already reached the last step, so there was nothing to do.
        case wasDone
        /// The run stopped for the given reason and can be resumed.
        case stopped(String)
    }

    public let state: State
    public let folder: String
    public let step: Int
    public let sampleGrid: String?
    public let checkpoint: String?
    /// Seconds of training until `step`, in all sessions and stages.
    public let seconds: Double
    public let stepsPerSecond: Double?
    /// The values of the last evaluation in this session; empty if there was none.
    public var evaluation: [EvaluationValue] = []
}
