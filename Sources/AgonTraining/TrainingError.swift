import AgonText

/// Errors that end a training, other than errors in configs, data and files.
public enum TrainingError: Error, Equatable, Sendable {
    /// The config of a resumed run differs in `keys`; only `freeKeys` may differ.
    case configDiffers(folder: String, keys: [String], freeKeys: [String])
    /// The data of a resumed run have changed.
    case dataDiffer(folder: String, changes: [String])
    /// The data of a resumed run are no longer at the place that `key` of its config names.
    case dataGone(folder: String, reason: String, key: String)
    /// Data could not be read during training; the state after `step` was saved.
    case badData(folder: String, step: Int, reason: String, isPassing: Bool)
    /// A transient external error, such as a full disk, ended the run; it can be resumed.
    case stoppedByFault(folder: String, reason: String)
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
        case .badData(let folder, let step, let reason, let isPassing):
            "\(reason). The run is saved after step \(step); "
                + (isPassing ? "" : "restore the file, then ") + "continue it with: " + Self.continuation(folder)
        case .stoppedByFault(let folder, let reason):
            "\(reason). The run is intact up to its last checkpoint; continue it with: " + Self.continuation(folder)
        case .badRecording(let path, let problem): "\(path): not a recording of this training: \(problem)"
        case .alarm(let message, let checkpoint):
            "\(message). Training was stopped, as set in 'alarms'. Last checkpoint: \(checkpoint ?? "none")"
        }
    }

    /// The command that continues a run.
    private static func continuation(_ folder: String) -> String { CommandText.agon("run \(folder) --resume") }
}
