import AgonRuns
import ArgumentParser

/// Which checkpoint of a run a command uses, if not the newest.
enum CheckpointChoice: ExpressibleByArgument {
    case step(Int)
    case best

    init?(argument: String) {
        if argument == "best" {
            self = .best
        } else if let step = Int(argument) {
            self = .step(step)
        } else {
            return nil
        }
    }

    static let help = ArgumentHelp(
        "Use the checkpoint of this step, or 'best': the one that training kept by checkpoints.best, else the one with the "
            + "lowest Fréchet distance; default: the newest.", valueName: "step|best")

    /// The step in a run.
    ///
    /// Throws `RunError.noBestCheckpoint`, `TensorsError.cannotRead`.
    func step(in run: String) throws -> Int {
        switch self {
        case .step(let step): step
        case .best: try RunFolder(path: run).bestCheckpointStep()
        }
    }
}
