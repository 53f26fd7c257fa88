import AgonDatasets
import AgonTensors

/// How an experiment is run.
public struct TrainingOptions: Sendable {
    /// The run's folder; nil to create a new one in `Runs`.
    public var folder: String?
    public var resumes = false
    /// Whether a run continues on data whose files have changed since the run last used them.
    public var acceptsChangedData = false
    /// Ends the run early, with its state saved.
    public var stop = StopRequest.signals
    public var threads = Processor.current.usableCores
    public var searchPath = DataSearchPath.standard()
    public var commandLine = CommandLine.arguments
    /// The path of the config file. The run records the git commit of the repository that contains it.
    public var configPath: String?

    public init() {}
}
