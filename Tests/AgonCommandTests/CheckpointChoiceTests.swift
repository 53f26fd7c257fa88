import AgonTestFiles
import Foundation
import Testing

/// `--checkpoint best` and `--checkpoint STEP`, as users give them.
@Suite struct CheckpointChoiceTests {
    @Test func commandsFindTheBestCheckpoint() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        try temporary.write(pointsConfig(steps: 6, #""checkpoints": {"every": 2, "keep": 3},"#), to: "points.json")
        let run = try agon("run", "points.json", "--out", "run", folder: folder)
        #expect(run.code == 0, "\(run.errors)")
        let sample = ["sample", "run", "--count", "3", "--out", "a.png", "--checkpoint"]
        let unknown = try agon(sample + ["best"], folder: folder)
        #expect(unknown.code == 64 && unknown.output.isEmpty)
        #expect(unknown.errors.hasPrefix("agon: error: run: training kept no best checkpoint"), "\(unknown.errors)")
        let unfit = try agon(
            "run", "points.json", "--out", "unfit", "--set", "evaluate={}", "--set", "checkpoints.best=fid",
            folder: folder)
        #expect(
            unfit.code == 65 && unfit.errors.contains("'fid' is not measured on these data; measured are: modes"),
            "\(unfit.errors)")
        let values = [(2, 5), (4, 3), (5, 1), (6, 4)].map { step, value in
            #"{"step": \#(step), "metric": "fid-x", "value": \#(value), "identity": {"weights": "raw"}}"# + "\n"
        }
        // No checkpoint is of step 5.
        try temporary.write(values.joined(), to: "run/evaluations.jsonl")
        let best = try agon(sample + ["best"], folder: folder)
        #expect(best.output == "a.png: 3 samples of step 4\n", "\(best.errors)")
        #expect(try agon(sample + ["2"], folder: folder).output == "a.png: 3 samples of step 2\n")
        let model = try agon("export", "run", "--model", "mine", "--checkpoint", "best", folder: folder)
        #expect(model.output.hasPrefix("mine: generator of step 4, "), "\(model.errors)")
        let evaluation = try agon(
            "evaluate", "run", "--checkpoint", "best", "--metrics", "modes", "--samples", "50", "--json",
            folder: folder)
        #expect(evaluation.code == 0 && evaluation.output.contains("\"step\": 4"), "\(evaluation.errors)")
    }
}
