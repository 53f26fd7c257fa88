import AgonText

/// Errors that end a training, other than errors in configs, data and files.
public enum TrainingError: Error, Equatable, Sendable {
    /// The config of a resumed run differs in `keys`; only `freeKeys` may differ.
    case configDiffers(folder: String, keys: [String], freeKeys: [String])
    /// The data of a resumed run have changed.
    case dataDiffer(folder: String, changes: [String])
    /// The data of a resumed run are no longer at the place that `key` of its config names.
    case dataGone(folder: String, reason: String, key: String)
    /// Data could not be read during training; the state after `step` was saved. `dataFolder` was given by `--data`.
    case badData(folder: String, dataFolder: String? = nil, step: Int, reason: String, isPassing: Bool)
    /// A transient external error, such as a full disk, ended the run; it can be resumed.
    case stoppedByFault(folder: String, dataFolder: String? = nil, reason: String)
    /// The run's folder would lie in the folder of its images, and its grids become training data.
    case insideData(folder: String, data: String)
    /// A resumed run is already past its new last step.
    case alreadyPast(folder: String, step: Int, steps: Int)
    /// The file of recorded inputs does not fit the training.
    case badRecording(path: String, problem: String)
    /// An alarm stopped the run, as the config demands.
    case alarm(String, checkpoint: String?)
}

extension TrainingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .configDiffers(let folder, let keys, let freeKeys):
            "\(folder): was started with another config; it differs in \(keys.joined(separator: ", ")). "
                + "Only keys without effect on training steps may change when resuming "
                + "(\(freeKeys.joined(separator: ", "))); start a new run with another --out"
        case .dataDiffer(let folder, let changes):
            "\(folder): its data have changed: \(changes.joined(separator: "; ")). Restore the files, start a new run "
                + "in another folder, or continue on the present files with --accept-changed-data"
        case .dataGone(let folder, let reason, let key):
            "\(reason). If the data have moved, give their new location: "
                + CommandText.agon("run \(folder) --resume --set \(key)=PATH")
                + ". Relative paths are resolved from the folder in which agon runs"
        case .badData(let folder, let dataFolder, let step, let reason, let isPassing):
            "\(reason). The run is saved after step \(step); "
                + (isPassing ? "" : "restore the file, then ") + "continue it with: "
                + ResumeCommand.text(folder, dataFolder: dataFolder)
        case .stoppedByFault(let folder, let dataFolder, let reason):
            "\(reason). The run is intact up to its last checkpoint; continue it with: "
                + ResumeCommand.text(folder, dataFolder: dataFolder)
        case .insideData(let folder, let data):
            "\(folder): lies in the dataset's folder \(data), whose images would then include the run's own grids; choose "
                + "another folder with --out"
        case .alreadyPast(let folder, let step, let steps):
            "\(folder): is already at step \(step), past the last of \(CountText.short(steps, "step")); give more steps, or "
                + "start a new run with another --out"
        case .badRecording(let path, let problem): "\(path): not a recording of this training: \(problem)"
        case .alarm(let message, let checkpoint):
            "\(message). Training was stopped, as set in 'alarms'. Last checkpoint: \(checkpoint ?? "none")"
        }
    }
}

/// The command that continues a run.
package enum ResumeCommand {
    /// - Parameter dataFolder: the folder that the user gave by `--data`.
    package static func text(_ folder: String, dataFolder: String?) -> String {
        dataFolder.map { CommandText.agon("run \(folder) --resume --data \($0)") }
            ?? CommandText.agon("run \(folder) --resume")
    }
}
