import AgonRuns
import AgonSampling
import AgonTraining
import Testing

/// Commands in messages are pasted into a shell, so their paths are quoted where a shell needs it.
@Suite struct CommandHintTests {
    @Test func pathsWithSpacesAreSingleWords() {
        let folder = "Runs/a b"
        let cases: [(any Error, String)] = [
            (TrainingError.stoppedByFault(folder: folder, reason: "R"), "with: agon run 'Runs/a b' --resume"),
            (
                TrainingError.stoppedByFault(folder: folder, dataFolder: "my data", reason: "R"),
                "with: agon run 'Runs/a b' --resume --data 'my data'"
            ),
            (
                TrainingError.badData(folder: folder, step: 7, reason: "R", isPassing: true),
                "with: agon run 'Runs/a b' --resume"
            ),
            (
                TrainingError.dataGone(folder: folder, reason: "R", key: "dataset.path"),
                ": agon run 'Runs/a b' --resume --set dataset.path=PATH. "
            ),
            (RunError.configChanged(folder: folder), ": agon run 'Runs/a b/config.json' --out NEW"),
            (
                SamplingError.unknownLatent("king", text: "king", column: 1, run: folder, existing: []),
                ": agon sample 'Runs/a b' --save king=NUMBER"
            ),
        ]
        for (error, words) in cases { #expect("\(error)".contains(words), "\(error)") }
    }
}
