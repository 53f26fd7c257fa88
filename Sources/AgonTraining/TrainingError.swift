/// What ends a training, besides faults of configs, data and files.
public enum TrainingError: Error, Equatable, Sendable {
    /// A run is to be resumed under another config: the keys differ, those of the free ones may.
    case configDiffers(folder: String, keys: [String], freeKeys: [String])
    /// A run is to continue on data whose files have changed since; what changed.
    case dataDiffer(folder: String, changes: [String])
    /// Data could not be read during training; the run is saved after a step.
    case badData(folder: String, step: Int, reason: String, isPassing: Bool)
    /// An outside cause, such as a full disk, ended the run; it can be resumed.
    case stoppedByFault(folder: String, reason: String)
    /// A file of recorded inputs that does not fit the training.
    case badRecording(path: String, problem: String)
    /// An alarm that the config lets stop the run.
    case alarm(String, checkpoint: String?)
}

extension TrainingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .configDiffers(let folder, let keys, let freeKeys):
            "\(folder): was started with another config; it differs in \(keys.joined(separator: ", ")). "
                + "Only keys that no step depends on may change when resuming (\(freeKeys.joined(separator: ", ")));"
                + " start a new run with another --out"
        case .dataDiffer(let folder, let changes):
            "\(folder): its data have changed since: \(changes.joined(separator: "; ")). Restore the files, start anew in "
                + "another folder, or continue on the present files with --accept-changed-data"
        case .badData(let folder, let step, let reason, let isPassing):
            "\(reason). The run is saved after step \(step); "
                + (isPassing ? "" : "restore the file, then ") + "continue it with: agon run \(folder) --resume"
        case .stoppedByFault(let folder, let reason):
            "\(reason). The run is intact up to its last checkpoint; continue it with: agon run \(folder) --resume"
        case .badRecording(let path, let problem): "\(path): not a recording of this training: \(problem)"
        case .alarm(let message, let checkpoint):
            "\(message). Training was stopped, as 'alarms' asks. Last checkpoint: \(checkpoint ?? "none")"
        }
    }
}
