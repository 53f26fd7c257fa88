import AgonText

/// Errors of runs and their folders. Errors in a config are `ConfigError`.
public enum RunError: Error, Equatable, Sendable {
    /// The folder of a new run already contains a run.
    case runExists(folder: String, state: String?)
    /// The folder of a run to train holds only what `agon export --model` wrote of another.
    case exportedGenerator(folder: String)
    /// The folder of a new run holds no run, but a file that the run would overwrite.
    case otherFile(path: String)
    /// All checkpoints of a run belong to another config than its present `config.json`.
    case configChanged(folder: String)
    /// Another process is using the folder.
    case runBusy(folder: String)
    case noRun(folder: String)
    /// What was to be resumed is neither the folder of a run nor a config.
    case nothingToResume(folder: String)
    /// The folder of a new run contains checkpoints of another run, whose config is missing.
    case strayCheckpoint(path: String)
    case cannotMakeFolder(path: String, reason: String)
    case cannotDelete(path: String, reason: String)
    case unreadableFolder(path: String, reason: String)
    case noCheckpoint(folder: String)
    case noCheckpointAtStep(folder: String, step: Int, existing: [Int])
    /// No checkpoint was kept as the best, and none has a distance.
    case noBestCheckpoint(folder: String)
    case badCheckpoint(path: String, problem: String)
    /// A newer version of Agon wrote the record.
    case newerFormat(path: String, format: Int)
    /// A run has checkpoints, but none is usable. There is a problem for each checkpoint.
    case noUsableCheckpoint(folder: String, problems: [String])
    /// A record or log whose contents do not match its checksum.
    case damaged(path: String, problem: String)
    /// A weights file that does not fit the networks.
    case badWeights(path: String, problem: String)
    /// A loss, score or weight that is NaN or infinite.
    case notFinite(step: Int, quantity: String, value: String, tensor: String?, checkpoint: String?)
}

extension RunError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .runExists(let folder, let state):
            "\(folder): already holds a run" + (state.map { " (\($0))" } ?? "")
                + "; continue it with --resume, or choose another folder with --out"
        case .exportedGenerator(let folder):
            "\(folder): an exported generator, which contains no training state; train the run that it came from, or "
                + "choose another folder with --out"
        case .otherFile(let path):
            "\(path): a run would overwrite this file, which is not part of a run; choose another folder with --out, or move "
                + "the file away"
        case .configChanged(let folder):
            "\(folder)/config.json: no longer matches the run's checkpoints, which belong to the config as it was. Nothing "
                + "was changed. Undo the changes of config.json, or train the changed config as a new run: "
                + CommandText.agon("run \(folder + "/config.json") --out NEW")
        case .runBusy(let folder): "\(folder): another process is working on this run; wait for it to end"
        case .strayCheckpoint(let path):
            "\(path): a checkpoint of another run, whose config.json is missing; choose another folder with --out, or "
                + "restore config.json"
        case .noRun(let folder): "\(folder): contains no run (no config.json)"
        case .nothingToResume(let folder):
            "\(folder): contains no run to resume (no config.json), and is no config; list runs with: "
                + "\(CommandText.agon("runs")); configs with: \(CommandText.agon("configs"))"
        case .cannotMakeFolder(let path, let reason): "\(path): cannot create this folder: \(reason)"
        case .cannotDelete(let path, let reason):
            "\(path): cannot be deleted (\(reason)); check the permissions of its folder"
        case .unreadableFolder(let path, let reason): "\(path): cannot read this folder: \(reason)"
        case .noCheckpoint(let folder):
            "\(folder): contains no readable checkpoint; train the run to its first checkpoint"
        case .noCheckpointAtStep(let folder, let step, let existing):
            "\(folder): contains no checkpoint of step \(step); existing steps: "
                + (existing.isEmpty ? "none" : existing.map(String.init).joined(separator: ", "))
        case .noBestCheckpoint(let folder):
            "\(folder): training kept no best checkpoint (checkpoints.best), and none has a Fréchet distance; give a step, "
                + "or leave --checkpoint out for the newest"
        case .badCheckpoint(let path, let problem): "\(path): not a usable checkpoint: \(problem)"
        case .newerFormat(let path, let format):
            "\(path): has format \(format), newer than this program's \(RunRecord.currentFormat); use a newer Agon"
        case .noUsableCheckpoint(let folder, let problems):
            "\(folder): holds a run, but none of its checkpoints is usable:\n"
                + problems.map { "  \($0)\n" }.joined()
                + "Nothing was changed. Restore a good copy, or start again: delete the folder, or give another --out"
        case .damaged(let path, let problem): "\(path): damaged: \(problem)"
        case .badWeights(let path, let problem): "\(path): not usable weights for these networks: \(problem)"
        case .notFinite(let step, let quantity, let value, let tensor, let checkpoint):
            "step \(step): \(quantity) is \(value)" + (tensor.map { "; not finite: \($0)" } ?? "")
                + "; training was stopped. Last good checkpoint: \(checkpoint ?? "none yet"). "
                + "Try a lower learning rate or clipped gradients (optimizer.clipNorm)"
        }
    }
}
