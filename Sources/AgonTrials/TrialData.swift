import AgonDatasets
import AgonExperiments
import AgonRuns
import AgonSweeps
import AgonText
import AgonTraining
import Foundation

/// The present data of trials: whether they can be opened, and whether finished trials used the same. Each dataset is
/// opened once.
public final class TrialData {
    private let present: PresentData
    private let entries: [TrialList.Entry]

    init(_ list: TrialList, searchPath: DataSearchPath = SweepRun.searchPath) {
        // Paths in configs are relative to where the sweep was prepared.
        present = PresentData(searchPath: searchPath, root: list.root)
        entries = list.entries
    }

    /// Opens the data of trials that are left, so that missing data show before the sweep begins instead of at a
    /// trial's turn.
    ///
    /// - Returns: a message for each reason why some trials cannot be trained.
    func faults(of trials: [SweepTrial]) -> [String] {
        var counts: [(reason: String, trials: Int)] = []
        for trial in trials {
            do {
                try present.openTrainingData(of: trial.experiment)
            } catch {
                let reason = "\(error)"
                let index = counts.firstIndex { $0.reason == reason } ?? counts.endIndex
                if index == counts.endIndex { counts.append((reason, 0)) }
                counts[index].trials += 1
            }
        }
        return counts.map {
            "\($0.trials) of \(CountText.short(trials.count, "trial")) cannot be trained: \($0.reason)"
        }
    }

    /// How the data have changed, in one line; nil if they are the same, or nothing is known about them.
    func change(of trial: TrialFolder) -> String? {
        do {
            try check(trial, accepts: false)
            return nil
        } catch TrainingError.dataDiffer(let folder, let changes) {
            return "\(TrainingError.dataDiffer(folder: folder, changes: changes))"
        } catch {
            return nil
        }
    }

    /// Compares the data of a finished trial.
    ///
    /// - Parameter accepts: whether changes are recorded instead of rejected.
    ///
    /// Throws `TrainingError.dataDiffer`, `TensorsError.cannotWrite`.
    func check(_ trial: TrialFolder, accepts: Bool) throws {
        guard let record = trial.run.record, !record.data.isEmpty,
            let experiment = try? Experiment.load(path: trial.run.configPath)
        else { return }
        try trial.run.takeData(present.data(of: experiment, since: record.step), of: record, accepts: accepts)
    }

    /// Marks the targets of trials whose data have changed as out of date. Make runs these trials again, and they
    /// reject or accept the changes. Removes targets that cannot be read, which make would take for those of finished
    /// trials.
    ///
    /// - Returns: how many trials it marked.
    ///
    /// Throws `TensorsError.cannotWrite`.
    @discardableResult
    func reopen(in sweep: SweepFolder) throws -> Int {
        var count = 0
        for entry in entries {
            let trial = sweep.trial(entry.id)
            guard trial.stamp != nil else {
                try trial.removeDamagedStamp()
                continue
            }
            guard let change = change(of: trial) else { continue }
            try trial.write(failure: change)
            // The target depends on the config, so it must be older than the config.
            _ = [timeval(), timeval()].withUnsafeBufferPointer { utimes(trial.donePath, $0.baseAddress) }
            count += 1
        }
        return count
    }
}
