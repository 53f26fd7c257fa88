import AgonConfiguration
import AgonExperiments
import AgonRuns
import AgonTensors
import AgonTraining
import Foundation

/// The folder of a sweep:
///
///     sweep.json                 the sweep's file in full
///     trials.json                the trials: id, values, seed; how they are ended early
///     Makefile                   a target for each trial
///     trials/ID/config.json      a trial's folder is that of a run, and holds besides
///     trials/ID/log.txt          what the trial said, all its parts one after the other
///     trials/ID/done             written when it is done or was ended early: the target of make
///     trials/ID/failed           why it failed last time, in a line
public struct SweepFolder: Hashable, Sendable {
    public let path: String

    public init(path: String) { self.path = RunFolder(path: path).path }

    /// Where sweeps go that name no folder.
    public static func standard(for name: String) -> SweepFolder { SweepFolder(path: "Sweeps/" + name) }

    public var sweepPath: String { path + "/sweep.json" }
    public var listPath: String { path + "/trials.json" }
    public var makefilePath: String { path + "/Makefile" }
    public var trialsFolder: String { path + "/trials" }
    public var logsFolder: String { path + "/logs" }

    public func trial(_ id: String) -> TrialFolder { TrialFolder(path: trialsFolder + "/" + id) }

    static func isName(_ name: String) -> Bool { name.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9._-]*/) != nil }

    /// Writes what the trials need. Files that are there already with the same content stay as they are, so that make
    /// sees what is new.
    ///
    /// - Returns: the trials in the folder that the sweep no longer has.
    ///
    /// Throws `RunError.cannotMakeFolder`, `TensorsError.cannotWrite`.
    @discardableResult
    public func prepare(_ sweep: Sweep) throws -> [String] {
        try RunFolder.makeFolders(trialsFolder)
        renameFormerTrials(of: sweep)
        for trial in sweep.trials {
            let folder = self.trial(trial.id)
            try RunFolder.makeFolders(folder.path)
            try Self.writeIfNew(trial.experiment.resolved.prettyText, to: folder.run.configPath)
        }
        try Self.writeIfNew(sweep.resolved.prettyText, to: sweepPath)
        try Self.writeIfNew(TrialList(sweep).node.prettyText, to: listPath)
        try Self.writeIfNew(SweepMakefile.text(for: sweep), to: makefilePath)
        return trialsLeft(by: sweep)
    }

    /// The trials in the folder that a sweep does not have.
    private func trialsLeft(by sweep: Sweep) -> [String] {
        let ids = Set(sweep.trials.map(\.id))
        let present = (try? FileManager.default.contentsOfDirectory(atPath: trialsFolder)) ?? []
        return present.filter { !$0.hasPrefix(".") && !ids.contains($0) }.sorted()
    }

    /// Gives trials that another version of Agon named, whose configs mean the same, the names of the sweep's trials, so
    /// that they go on and are not trained again.
    private func renameFormerTrials(of sweep: Sweep) {
        let missing = Set(sweep.trials.map(\.id).filter { !trial($0).run.holdsRun })
        guard !missing.isEmpty else { return }
        for name in trialsLeft(by: sweep) {
            let former = trial(name)
            guard let experiment = try? Experiment.load(path: former.run.configPath), !former.isBusy else { continue }
            let id = SweepTrial.id(of: experiment)
            if missing.contains(id) { rename(former.path, trial(id).path) }
        }
    }

    private static func writeIfNew(_ text: String, to path: String) throws {
        guard FileManager.default.contents(atPath: path) != Data(text.utf8) else { return }
        try AtomicFile.write(path: path, text: text)
    }

    /// Takes the sweep for this process until the lock is let go, which the end of the process does too. One that was
    /// just killed may hold it for a moment yet.
    ///
    /// Throws `SweepError.sweepBusy`.
    func lock(patience: Double = 5) throws -> RunFolder.Lock {
        do {
            return try FolderLock.waiting(for: RunFolder(path: path), seconds: patience)
        } catch RunError.runBusy {
            throw SweepError.sweepBusy(folder: path)
        }
    }
}

/// The folder of a trial: a run's, and what the sweep keeps there.
public struct TrialFolder: Hashable, Sendable {
    public let run: RunFolder

    public init(path: String) { run = RunFolder(path: path) }

    public var path: String { run.path }
    public var id: String { (path as NSString).lastPathComponent }
    public var logPath: String { path + "/log.txt" }
    public var donePath: String { path + "/done" }
    public var failurePath: String { path + "/failed" }

    /// Whether some process is working in it.
    var isBusy: Bool { run.isBusy }
}

extension RunFolder {
    /// The sweep that the run may be a trial of, by the place of its folder.
    package var sweep: SweepFolder? {
        let trials = FilePath.parent(of: path)
        let folder = SweepFolder(path: FilePath.parent(of: trials))
        return folder.trialsFolder == trials && FileManager.default.fileExists(atPath: folder.listPath) ? folder : nil
    }
}

/// Waiting for a folder that another process has.
enum FolderLock {
    static func waiting(for folder: RunFolder, seconds: Double, stop: StopRequest = .signals) throws -> RunFolder.Lock {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        while true {
            do {
                return try folder.lock()
            } catch RunError.runBusy {
                guard clock.now < end, !stop.isMade else {
                    throw RunError.runBusy(folder: folder.path)
                }
                usleep(100_000)
            }
        }
    }
}
