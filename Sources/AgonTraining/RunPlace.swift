import AgonExperiments
import AgonRuns

/// The folder that a run will be in, checked but not yet made.
struct RunPlace {
    private let name: String
    private var folder: RunFolder?
    private let resumes: Bool
    /// Whether this process has trained here already, in an earlier stage.
    var isTaken = false
    /// Held from before the run's state is read until the end.
    private var lock: RunFolder.Lock?

    init(_ experiment: Experiment, options: TrainingOptions) throws {
        name = experiment.configuration.name
        resumes = options.resumes
        folder = options.folder.map { RunFolder(path: $0) }
        if folder == nil, options.resumes { folder = RunFolder.newest(named: name) }
        guard let folder, folder.holdsRun else { return }
        let record = folder.record
        guard options.resumes else {
            throw RunError.runExists(folder: folder.path, state: record?.state.rawValue)
        }
        if let format = record?.format, format > RunRecord.currentFormat {
            throw RunError.newerFormat(path: folder.recordPath, format: format)
        }
        lock = try reportingTransientFaults { _ in try folder.lock() }
        let former = try reportingTransientFaults { _ in try Experiment.load(path: folder.configPath) }
        let differing = experiment.differences(from: former)
        guard differing.isEmpty else {
            throw TrainingError.configDiffers(
                folder: folder.path, keys: differing, freeKeys: Experiment.keysWithoutEffectOnSteps)
        }
    }

    /// Runs `body`. A transient cause of failure, such as a full disk, leaves an existing run resumable.
    ///
    /// Throws `TrainingError.stoppedByFault` for such a cause.
    mutating func reportingTransientFaults<Result>(_ body: (inout RunPlace) throws -> Result) throws -> Result {
        let holdsRun = folder?.holdsRun == true
        do {
            return try body(&self)
        } catch  where error.isPassing && holdsRun {
            throw TrainingError.stoppedByFault(folder: folder?.path ?? "", reason: "\(error)")
        }
    }

    /// The outcome of a run whose last step was reached before.
    func finishedOutcome(steps: Int) -> TrainingOutcome? {
        guard resumes, let folder, folder.holdsRun, let record = folder.record, record.state == .done,
            record.step >= steps
        else { return nil }
        let step = record.step
        return TrainingOutcome(
            state: .wasDone, folder: folder.path, step: step, sampleGrid: folder.newestSample,
            checkpoint: folder.checkpointPath(step: step), seconds: 0, stepsPerSecond: nil)
    }

    /// The step of the newest checkpoint that the run can go on from.
    ///
    /// Throws `RunError.noUsableCheckpoint`, `TrainingError.stoppedByFault`.
    mutating func savedSteps(of experiment: Experiment) throws -> Int {
        guard resumes || isTaken, let folder, folder.holdsRun else { return 0 }
        return try reportingTransientFaults { _ in
            try folder.newestCheckpoint(config: experiment.digest, note: { _ in })?.step ?? 0
        }
    }

    /// Creates the folder if it is missing, and locks it.
    mutating func take() throws -> RunFolder {
        let folder = try self.folder ?? RunFolder.makeNew(named: name)
        self.folder = folder
        try folder.make()
        if lock == nil { lock = try folder.lock() }
        return folder
    }
}
