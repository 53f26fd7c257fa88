import AgonDatasets
import AgonTensors

/// How an experiment is run.
public struct TrainingOptions: Sendable {
    /// The run's folder; nil makes a new one below `Runs`.
    public var folder: String?
    public var resumes = false
    /// Whether a run continues on data whose files are no longer those that it used before.
    public var acceptsChangedData = false
    /// What ends the run early, with its state saved.
    public var stop = StopRequest.signals
    public var threads = Processor.current.usableCores
    public var searchPath = DataSearchPath.standard()
    public var commandLine = CommandLine.arguments
    /// The config's file, near which the project's git commit is looked for.
    public var configPath: String?

    public init() {}
}
