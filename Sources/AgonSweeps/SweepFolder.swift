import AgonConfiguration
import AgonExperiments
import AgonRuns
import AgonTensors
import Foundation

/// The folder of a sweep:
///
///     sweep.json                 the complete sweep file
///     trials.json                the trials (id, values, seed) and the rule that ends them early
///     Makefile                   a target for each trial
///     trials/ID/config.json      a trial's folder is the folder of a run with these additional files:
///     trials/ID/log.txt          the output of the trial over all its sessions
///     trials/ID/done             the make target, written when the trial is done or was ended early
///     trials/ID/failed           why it failed last time, in one line
public struct SweepFolder: Hashable, Sendable {
    public let path: String

    public init(path: String) { self.path = RunFolder(path: path).path }

    /// The folder of a sweep for which no folder is given.
    public static func standard(for name: String) -> SweepFolder { SweepFolder(path: "Sweeps/" + name) }

    public var sweepPath: String { path + "/sweep.json" }
    public var listPath: String { path + "/trials.json" }
    public var makefilePath: String { path + "/Makefile" }
    public var trialsFolder: String { path + "/trials" }
    public var logsFolder: String { path + "/logs" }

    public func trial(_ id: String) -> TrialFolder { TrialFolder(path: trialsFolder + "/" + id) }

    /// Whether a trial was completed here.
    public func isDone(_ id: String) -> Bool { trial(id).stamp?.state == .done && trial(id).failure == nil }

    /// Writes the files that the trials need. Files with the same content are not rewritten, so that make detects only
    /// real changes.
    ///
    /// - Returns: the trials in the folder that the sweep no longer has.
    ///
    /// Throws `RunError.cannotMakeFolder`, `TensorsError.cannotWrite`.
    @discardableResult
    public func prepare(_ sweep: Sweep) throws -> [String] {
        try RunFolder.makeFolders(trialsFolder)
        renameFormerTrials(of: sweep)
        let resumesPruned = resumesPruned(of: sweep)
        for trial in sweep.trials {
            let folder = self.trial(trial.id)
            try RunFolder.makeFolders(folder.path)
            try Self.writeIfNew(trial.experiment.resolved.prettyText, to: folder.run.configPath)
        }
        // Those that the command line leaves out now too: later, the list no longer tells that their rule was another.
        for folder in resumesPruned ? trialNames.map(trial) : [] where folder.stamp?.state == .pruned {
            unlink(folder.donePath)
        }
        try Self.writeIfNew(sweep.resolved.prettyText, to: sweepPath)
        try Self.writeIfNew(TrialList(sweep).node.prettyText, to: listPath)
        try Self.writeIfNew(SweepMakefile.text(for: sweep), to: makefilePath)
        return trialsLeft(by: sweep)
    }

    /// The sweep as it was prepared, with the overrides of the command line; its paths are relative to its own file.
    ///
    /// - Parameter list: the sweep's list.
    ///
    /// Throws `SweepError`, `ConfigError`.
    package func preparedSweep(of list: TrialList) throws -> Sweep {
        let isHere = list.root == FileManager.default.currentDirectoryPath
        let file = isHere ? list.file : SweepPaths.join(list.root + "/", list.file)
        return try Sweep(file: file, node: ConfigNode.parse(ConfigNode.load(path: sweepPath).prettyText, file: file))
    }

    /// Whether the trials that a rule ended go on: the sweep has another rule now, or none.
    package func resumesPruned(of sweep: Sweep) -> Bool {
        guard let rule = sweep.configuration.stop else { return true }
        return (try? TrialList(self)).map { $0.stop?.node != rule.node } ?? false
    }

    /// Writes the config of a trial whose folder was deleted, as the sweep's file gives it.
    ///
    /// - Parameter list: the sweep's list.
    ///
    /// Throws `SweepError.deletedTrial` if the sweep's configs no longer give this trial, `RunError.cannotMakeFolder`,
    /// `TensorsError.cannotWrite`.
    package func restore(_ id: String, of list: TrialList) throws {
        let trial: SweepTrial?
        do {
            trial = try preparedSweep(of: list).trials.first { $0.id == id }
        } catch {
            throw SweepError.deletedTrial(folder: self.trial(id).path, reason: "\(error)")
        }
        guard let trial else {
            throw SweepError.deletedTrial(folder: self.trial(id).path, reason: "the configs of its sweep have changed")
        }
        let folder = self.trial(id)
        try RunFolder.makeFolders(folder.path)
        try Self.writeIfNew(trial.experiment.resolved.prettyText, to: folder.run.configPath)
    }

    /// The trials in the folder that are not part of the sweep.
    private func trialsLeft(by sweep: Sweep) -> [String] {
        let ids = sweep.omitted.union(sweep.trials.map(\.id))
        return trialNames.filter { !ids.contains($0) }
    }

    /// The names of all folders of trials.
    private var trialNames: [String] {
        let present = (try? FileManager.default.contentsOfDirectory(atPath: trialsFolder)) ?? []
        return present.filter { !$0.hasPrefix(".") }.sorted()
    }

    /// Renames trials that another version of Agon named, if their configs are equivalent to those of the sweep's
    /// trials, so that they resume instead of being trained again.
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
}

/// The folder of a trial: the folder of a run with additional files of the sweep.
public struct TrialFolder: Hashable, Sendable {
    public let run: RunFolder

    public init(path: String) { run = RunFolder(path: path) }

    public var path: String { run.path }
    public var id: String { (path as NSString).lastPathComponent }
    public var logPath: String { path + "/log.txt" }
    public var donePath: String { path + "/done" }
    public var failurePath: String { path + "/failed" }

    /// Whether a process is working in it.
    package var isBusy: Bool { run.isBusy }
}

extension RunFolder {
    /// The sweep to which the run belongs, judging by the location of its folder.
    package var sweep: SweepFolder? {
        let trials = FilePath.parent(of: path)
        let folder = SweepFolder(path: FilePath.parent(of: trials))
        return folder.trialsFolder == trials && FileManager.default.fileExists(atPath: folder.listPath) ? folder : nil
    }
}
