import Configuration

/// What can go wrong with runs and their folders. A config's own faults are `ConfigError`.
public enum ExperimentsError: Error, Equatable, Sendable {
    /// A new run was to go where a run is.
    case runExists(folder: String, state: String?)
    /// Another process works in the folder.
    case runBusy(folder: String)
    case noRun(folder: String)
    case cannotMakeFolder(path: String, reason: String)
    case cannotWrite(path: String, reason: String)
    /// A run is to be resumed under another config; the keys differ.
    case configDiffers(folder: String, keys: [String])
    /// A fault from outside, such as a full disk, ended the run; it can be resumed.
    case stoppedByFault(folder: String, reason: String)
    case noCheckpoint(folder: String)
    case noCheckpointAtStep(folder: String, step: Int, existing: [Int])
    case badCheckpoint(path: String, problem: String)
    /// A file of first weights that do not fit the networks.
    case badWeights(path: String, problem: String)
    /// A file of recorded inputs that do not fit the training.
    case badRecording(path: String, problem: String)
    /// An alarm that the config lets stop the run.
    case alarm(String, checkpoint: String?)
    /// A loss, score or weight that is no finite number.
    case notFinite(step: Int, quantity: String, value: String, tensor: String?, checkpoint: String?)
    /// A folder given for verification holds no recorded case.
    case noCases(folder: String)
    case unreadableFolder(path: String, reason: String)
    /// An expression of latents that breaks the grammar or comes to no latent; the column is counted from 1.
    case malformedExpression(text: String, column: Int, problem: String)
    /// An expression names a latent that the run has not.
    case unknownLatent(String, text: String, column: Int, run: String, existing: [String])
    /// What is to be saved, or a list of samples, is not as it must be.
    case malformedAssignment(text: String, problem: String)
    case latentExists(path: String)
    /// A saved latent that this run cannot use.
    case badLatent(path: String, problem: String)
    /// A run whose generator needs more than latents.
    case cannotSample(folder: String, reason: String)
    /// A class that the run has not, or none where one must be chosen.
    case badLabel(Int?, folder: String, classes: Int?)
    /// A curve that none of the runs has.
    case unknownCurve(String, runs: [String], existing: [String])
}

extension ExperimentsError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .runExists(let folder, let state):
            "\(folder): holds a run already" + (state.map { " (\($0))" } ?? "")
                + "; continue it with --resume, or choose another folder with --out"
        case .runBusy(let folder): "\(folder): another process is working on this run; wait for it to end"
        case .noRun(let folder): "\(folder): holds no run (no config.json)"
        case .cannotMakeFolder(let path, let reason): "\(path): cannot make this folder: \(reason)"
        case .cannotWrite(let path, let reason): "\(path): cannot write: \(reason)"
        case .configDiffers(let folder, let keys):
            "\(folder): was started with another config; it differs in \(keys.joined(separator: ", ")). "
                + "Only 'steps' and 'checkpoints' may change when resuming; start a new run with another --out"
        case .stoppedByFault(let folder, let reason):
            "\(reason). The run is intact up to its last checkpoint; continue it with: agon run \(folder) --resume"
        case .noCheckpoint(let folder): "\(folder): holds no readable checkpoint; let the run reach one first"
        case .noCheckpointAtStep(let folder, let step, let existing):
            "\(folder): holds no checkpoint of step \(step); there are "
                + (existing.isEmpty ? "none" : existing.map(String.init).joined(separator: ", "))
        case .badCheckpoint(let path, let problem): "\(path): not a usable checkpoint: \(problem)"
        case .badWeights(let path, let problem): "\(path): not the weights of these networks: \(problem)"
        case .badRecording(let path, let problem): "\(path): not a recording of this training: \(problem)"
        case .alarm(let message, let checkpoint):
            "\(message). Training was stopped, as 'alarms' asks. Last checkpoint: \(checkpoint ?? "none")"
        case .notFinite(let step, let quantity, let value, let tensor, let checkpoint):
            "step \(step): \(quantity) is \(value)" + (tensor.map { "; not finite: \($0)" } ?? "")
                + "; training was stopped. Last good checkpoint: \(checkpoint ?? "none yet"). "
                + "Try a lower learning rate or clipped gradients (optimizer.clipNorm)"
        case .noCases(let folder):
            "\(folder): holds no recorded cases (GROUP/NAME.safetensors)"
        case .unreadableFolder(let path, let reason): "\(path): cannot read this folder: \(reason)"
        case .malformedExpression(let text, let column, let problem): Self.pointing(problem, text, column)
        case .unknownLatent(let name, let text, let column, let run, let existing):
            Self.pointing(
                "no latent is saved as '\(name)'"
                    + (nearestName(to: name, in: existing).map { ". Did you mean '\($0)'?" } ?? ".")
                    + (existing.isEmpty
                        ? " None are saved yet; save one: agon sample \(run) --save \(name)=NUMBER"
                        : " Saved: \(existing.joined(separator: ", "))"),
                text, column)
        case .malformedAssignment(let text, let problem): "'\(text)': \(problem)"
        case .latentExists(let path): "\(path): exists already; choose another name, or replace it with --replace"
        case .badLatent(let path, let problem): "\(path): not a usable latent: \(problem)"
        case .cannotSample(let folder, let reason):
            "\(folder): cannot be sampled: \(reason). The run's own sheets are in \(folder)/samples"
        case .badLabel(let label, let folder, nil):
            "--label \(label ?? 0): samples of \(folder) have no label; leave it out"
        case .badLabel(let label?, _, let classes?): "--label \(label): expected a label from 0 to \(classes - 1)"
        case .badLabel(nil, let folder, let classes?):
            "samples of \(folder) have labels; choose one with --label, from 0 to \(classes - 1)"
        case .unknownCurve(let name, let runs, let existing):
            "no curve '\(name)' in \(runs.joined(separator: " or "))."
                + (nearestName(to: name, in: existing).map { " Did you mean '\($0)'?" }
                    ?? (existing.isEmpty ? " There are none" : " There are: \(existing.joined(separator: ", "))"))
        }
    }

    /// A problem at a column of an expression, which follows with a caret under the place.
    private static func pointing(_ problem: String, _ text: String, _ column: Int) -> String {
        let plain = text.map { $0.isWhitespace ? " " : $0 }
        // Of a long text, what surrounds the place.
        let start = max(0, column - 60)
        let shown = String(plain.dropFirst(start).prefix(100))
        return "column \(column): \(problem)\n  \(shown)\n  " + String(repeating: " ", count: column - 1 - start) + "^"
    }
}
