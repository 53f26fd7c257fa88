import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonRuns
import AgonTensors
import Foundation

/// The future folder of a run, checked but not yet created.
struct RunPlace {
    private let name: String
    private var folder: RunFolder?
    private let resumes: Bool
    private let dataFolder: String?
    /// Whether this process has already trained an earlier stage here.
    var isTaken = false
    /// What the files of the run to resume state; nil for a new one.
    private var former: RunIdentity?
    /// The paths of data that differ from those of the run, until the data there are known to be the same.
    private var unverified: [String] = []
    /// Held from before the run's state is read until the run ends.
    private var lock: RunFolder.Lock?

    init(_ experiment: Experiment, options: TrainingOptions) throws {
        name = experiment.configuration.name
        resumes = options.resumes
        dataFolder = options.searchPath.givenFolder
        folder = options.folder.map { RunFolder(path: $0) }
        if folder == nil, options.resumes { folder = try RunFolder.newest(named: name) }
        let dataset = experiment.configuration.dataset
        guard let folder, folder.holdsRun else {
            try Self.check(folder?.path ?? RunFolder.defaultParent, isOutside: dataset)
            if let folder { try Self.checkIsFree(folder) }
            return
        }
        guard !folder.holdsExport else { throw RunError.exportedGenerator(folder: folder.path) }
        let record = folder.record
        guard options.resumes else {
            if record == nil, (try? Experiment.load(path: folder.configPath)) == nil {
                throw RunError.otherFile(path: folder.configPath)
            }
            throw RunError.runExists(folder: folder.path, state: record?.state.rawValue)
        }
        try folder.checkFormat()
        lock = try reportingTransientFaults { _ in try folder.lock() }
        let former = try reportingTransientFaults { _ in try Experiment.load(path: folder.configPath) }
        let differing = experiment.differences(from: former)
        let keys = differing.map(\.path.description)
        guard differing.allSatisfy(\.isPlaceOfData) else { throw Self.configDiffers(folder, keys) }
        self.former = try RunIdentity(of: former, record: record, now: experiment)
        unverified = keys
    }

    private static func configDiffers(_ folder: RunFolder, _ keys: [String]) -> TrainingError {
        .configDiffers(folder: folder.path, keys: keys, freeKeys: Experiment.keysWithoutEffectOnSteps)
    }

    /// Throws `TrainingError.insideData` for a place within the folder of the images.
    private static func check(_ place: String, isOutside dataset: DatasetConfiguration) throws {
        guard let data = dataset.imageFolder, let root = FileBytes.canonicalPath(data) else { return }
        // The place, or the nearest folder above it that exists.
        var parent = place.hasPrefix("/") ? place : FileManager.default.currentDirectoryPath + "/" + place
        while FileBytes.canonicalPath(parent) == nil, parent.contains("/"), parent.count > 1 {
            parent = (parent as NSString).deletingLastPathComponent
        }
        guard let parent = FileBytes.canonicalPath(parent), parent == root || parent.hasPrefix(root + "/") else {
            return
        }
        throw TrainingError.insideData(folder: place, data: data)
    }

    /// Throws `RunError.strayCheckpoint`, `RunError.otherFile` for a folder in which a new run would meet other files.
    private static func checkIsFree(_ folder: RunFolder) throws {
        // The checkpoint of another run could be mistaken for one of the new run.
        if let step = try folder.checkpointSteps.last {
            throw RunError.strayCheckpoint(path: folder.checkpointPath(step: step))
        }
        try folder.checkNoOtherFiles()
    }

    /// The identity of the run: that of the folder's run, or else that of the experiment.
    func identity(of experiment: Experiment) -> RunIdentity { former ?? RunIdentity(experiment) }

    /// Runs `body`, which opens the data of a run.
    ///
    /// Throws `TrainingError.dataGone` if those of a resumed run are not where its config says.
    func locatingData<Result>(of experiment: Experiment, _ body: () throws -> Result) throws -> Result {
        guard resumes, let folder else { return try body() }
        return try folder.locatingData(of: experiment, body)
    }

    /// Runs `body`. After a transient error, such as a full disk, an existing run remains resumable.
    ///
    /// Throws `TrainingError.stoppedByFault` for such an error.
    mutating func reportingTransientFaults<Result>(_ body: (inout RunPlace) throws -> Result) throws -> Result {
        let holdsRun = folder?.holdsRun == true
        do {
            return try body(&self)
        } catch  where error.isPassing && holdsRun {
            throw TrainingError.stoppedByFault(
                folder: folder?.path ?? "", dataFolder: dataFolder, reason: "\(error)")
        }
    }

    /// The outcome of a run that had already reached its last step; nil for other runs. Its record and its config
    /// follow data that have moved.
    ///
    /// Throws `TrainingError.dataDiffer` if its data have changed, `TrainingError.dataGone`,
    /// `TrainingError.configDiffers` for data at another place of which the run recorded nothing,
    /// `TensorsError.cannotWrite`.
    func finishedOutcome(of experiment: Experiment, options: TrainingOptions) throws -> TrainingOutcome? {
        guard resumes, let folder, folder.holdsRun, let record = folder.record, record.state == .done,
            record.step >= experiment.configuration.steps,
            FileSystem.exists(folder.checkpointPath(step: record.step))
        else { return nil }
        let present = PresentData(searchPath: options.searchPath)
        if !unverified.isEmpty {
            try follow(experiment, present, record: record, in: folder, accepts: options.acceptsChangedData)
        } else if !record.data.isEmpty {
            try folder.takeData(
                present.data(of: experiment, since: record.step), of: record, accepts: options.acceptsChangedData)
        }
        let step = record.step
        return TrainingOutcome(
            state: .wasDone, folder: folder.path, step: step, sampleGrid: folder.newestSample,
            checkpoint: folder.checkpointPath(step: step), seconds: record.seconds ?? 0, stepsPerSecond: nil)
    }

    /// Lets a finished run follow its data to another place, so that evaluations find them. Other settings stay those
    /// with which it was trained.
    private func follow(
        _ experiment: Experiment, _ present: PresentData, record: RunRecord, in folder: RunFolder, accepts: Bool
    ) throws {
        let identity = identity(of: experiment)
        // Data that cannot be opened must not pass for unchanged ones.
        let data = try locatingData(of: experiment) { try present.openedData(of: experiment, since: record.step) }
        if identity.isUnknown(data, to: record.data), !accepts { throw Self.configDiffers(folder, unverified) }
        var moved = record
        moved.data = identity.located(record.data)
        let changes = moved.data.changes(to: data)
        guard changes.isEmpty || accepts else { throw TrainingError.dataDiffer(folder: folder.path, changes: changes) }
        moved.data.take(data)
        moved.moved = identity.move(of: experiment)
        var config = try ConfigNode.load(path: folder.configPath)
        for path in unverified.compactMap({ ConfigPath($0) }) {
            guard let value = experiment.resolved.value(at: path) else { continue }
            config = try config.setting(value, at: path)
        }
        let followed = try Experiment(config)
        try folder.write(
            moved, config: followed.digest == experiment.digest ? followed : experiment, identity: identity,
            formerData: record.data)
    }

    /// The step of the newest checkpoint from which the run can resume; 0 for a new run.
    ///
    /// Throws `RunError.noUsableCheckpoint`, `TrainingError.stoppedByFault`, `TrainingError.alreadyPast`.
    mutating func savedSteps(of experiment: Experiment) throws -> Int {
        guard resumes || isTaken, let folder, folder.holdsRun else { return 0 }
        let config = identity(of: experiment).config
        let steps = experiment.configuration.steps
        return try reportingTransientFaults { _ in
            if let checkpoint = try folder.newestCheckpoint(config: config, note: { _ in }) {
                guard checkpoint.step <= steps else {
                    throw TrainingError.alreadyPast(folder: folder.path, step: checkpoint.step, steps: steps)
                }
                return checkpoint.step
            }
            if let step = try folder.readRecord()?.checkpoint {
                throw RunError.noUsableCheckpoint(
                    folder: folder.path, problems: ["\(folder.checkpointPath(step: step)): missing"])
            }
            return 0
        }
    }

    /// Compares the data of a stage with the data that the run used before.
    ///
    /// - Parameters:
    ///   - data: the present data.
    ///   - note: called with a message for each change that the options accept.
    ///
    /// Throws `TrainingError.dataDiffer`, `TrainingError.configDiffers` for data at another place of which the run
    /// recorded nothing, `TrainingError.stoppedByFault`, `RunError.damaged`.
    mutating func check(_ data: [RecordedData], options: TrainingOptions, note: (String) -> Void) throws {
        guard resumes || isTaken, let folder, folder.holdsRun else { return }
        let record = try reportingTransientFaults { _ in try folder.readRecord() }
        if let former, !unverified.isEmpty, !options.acceptsChangedData, former.isUnknown(data, to: record?.data ?? [])
        {
            throw Self.configDiffers(folder, unverified)
        }
        unverified = []
        let changes = (former?.located(record?.data ?? []) ?? record?.data ?? []).changes(to: data)
        guard changes.isEmpty || options.acceptsChangedData else {
            throw TrainingError.dataDiffer(folder: folder.path, changes: changes)
        }
        changes.forEach { note("\($0); continued on the present files") }
    }

    /// Creates the folder if it is missing, and locks it.
    mutating func take() throws -> RunFolder {
        let folder = try self.folder ?? RunFolder.makeNew(named: name)
        self.folder = folder
        if !folder.holdsRun { try Self.checkIsFree(folder) }
        try folder.make()
        if lock == nil { lock = try folder.lock() }
        return folder
    }
}

extension RunFolder {
    /// Compares the present data with the data that a finished run used, and records changes if they are accepted.
    ///
    /// Throws `TrainingError.dataDiffer`, `TensorsError.cannotWrite`.
    package func takeData(_ present: [RecordedData], of record: RunRecord, accepts: Bool) throws {
        let changes = record.data.changes(to: present)
        guard !changes.isEmpty else { return }
        guard accepts else { throw TrainingError.dataDiffer(folder: path, changes: changes) }
        var record = record
        record.data.take(present)
        try write(record)
    }
}
