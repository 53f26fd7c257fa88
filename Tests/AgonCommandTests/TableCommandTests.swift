import AgonTestFiles
import AgonTestSupport
import Foundation
import Testing

/// The evaluations that `agon table` makes for its figures.
@Suite struct TableCommandTests {
    private let digits: TinyDigits

    /// A table of one row with two seeds and a figure of three evaluations of a best checkpoint.
    init() throws {
        digits = try TinyDigits()
        try digits.trainClassifier()
        let configs = digits.folder.path + "/Configs"
        for made in [configs, digits.folder.path + "/cache-folder"] {
            try FileManager.default.createDirectory(atPath: made, withIntermediateDirectories: true)
        }
        try FileManager.default.moveItem(atPath: digits.folder.path + "/classifiers", toPath: configs + "/classifiers")
        try FileManager.default.moveItem(
            atPath: digits.folder.path + "/cache", toPath: digits.folder.path + "/cache-folder/classifiers")
        try digits.folder.write(TinyDigits.experiment, to: "blocks.json")
        try digits.folder.write(
            """
            {"name": "again", "base": "blocks.json", "axes": [{"path": "batchSize", "values": [8]}], "seeds": [0, 1],
             "set": {"checkpoints.best": "fid", "evaluate": {"every": 4, "samples": 40, "metrics": ["fid"]}}}
            """, to: "sweep.json")
        try digits.folder.write(
            """
            {"name": "again", "title": "Blocks", "source": "Nobody, 2026",
             "budgets": {"smoke": {"sweeps": [{"file": "sweep.json"}]}},
             "rows": [{"name": "all", "where": {"batchSize": 8}}],
             "columns": [{"key": "best", "type": "metric", "metric": "metric.fid-linear", "pick": "best"}],
             "figures": [{"name": "again", "title": "Again", "type": "reevaluations", "metric": "metric.fid-linear",
                          "count": 3, "samples": 30}]}
            """, to: "table.json")
    }

    private static let call = ["table", "table.json", "--jobs", "1", "--threads", "1"]

    /// - Parameter data: the value of `AGON_DATA`; nil: not set.
    private func environment(data: String?) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["AGON_CACHE"] = digits.folder.path + "/cache-folder"
        environment["AGON_DATA"] = data
        return environment
    }

    private func table(_ options: String...) throws -> AgonResult {
        try agon(
            Self.call + options, folder: digits.folder.path,
            environment: environment(data: digits.folder.path + "/Datasets"))
    }

    /// The folder is the dataset itself, which only `--data` may say of files that no record knows.
    @Test func trialsSearchTheFolderGivenByTheUser() throws {
        try FileManager.default.moveItem(
            atPath: digits.folder.path + "/Datasets/mnist", toPath: digits.folder.path + "/their digits")
        let made = try agon(
            Self.call + ["--data", "their digits"], folder: digits.folder.path, environment: environment(data: nil))
        #expect(made.code == 0, "\(made.errors)")
        // So do those that make runs.
        try FileManager.default.removeItem(atPath: digits.folder.path + "/Sweeps")
        let prepared = try agon(
            Self.call + ["--prepare-only", "--data", "their digits"], folder: digits.folder.path,
            environment: environment(data: nil))
        let command = try #require(prepared.output.firstMatch(of: /run them with: (.*)/)?.1)
        #expect(command.hasPrefix("make -C Sweeps/again-smoke -j1 -k THREADS=1 "), "\(command)")
        let ran = try AgonResult(
            of: URL(fileURLWithPath: "/bin/sh"), ["-c", String(command)], folder: digits.folder.path,
            environment: environment(data: nil))
        #expect(ran.code == 0, "\(ran.output)\(ran.errors)")
    }

    @Test func aTableThatWasStoppedIsWritten() throws {
        try digits.folder.write(
            digits.folder.text("sweep.json").replacing(#""set": {"#, with: #""set": {"steps": 9000000, "#),
            to: "sweep.json")
        // The shell sends the signal as soon as a trial has measured something.
        let script = """
            "$0" "$@" & while kill -0 $! && ! cat Sweeps/*/trials/*/evaluations.jsonl; do sleep 0.2; done 2>/dev/null
            kill $!; wait $!
            """
        let stopped = try AgonResult(
            of: URL(fileURLWithPath: "/bin/sh"), ["-c", script, programPath] + Self.call, folder: digits.folder.path,
            environment: environment(data: digits.folder.path + "/Datasets"))
        #expect(stopped.code == 75, "\(stopped.output)\(stopped.errors)")
        let page = try digits.folder.text("Results/again-smoke/table.md")
        #expect(page.contains("| all | 0/2 |") && page.contains("was stopped before completion"), "\(page)")
        #expect(page.contains("`agon table table.json --budget smoke --values values.json`"))
    }

    /// The trial whose best checkpoint was evaluated again, and that checkpoint.
    private func measured() throws -> (run: String, checkpoint: String) {
        let trials = "Sweeps/again-smoke/trials"
        let ids = try FileManager.default.contentsOfDirectory(atPath: digits.folder.path + "/" + trials)
        let id = try #require(
            try ids.first { try digits.folder.text("\(trials)/\($0)/evaluations.jsonl").contains("\"latentSeed\": 3") })
        let record = try digits.folder.text("\(trials)/\(id)/run.json")
        let step = try #require(record.firstMatch(of: /"bestCheckpoint": (\d+)/)?.1)
        return ("\(trials)/\(id)", "\(trials)/\(id)/checkpoints/step-000000\(step).safetensors")
    }

    @Test func bestCheckpointsAreMeasuredAgainOnce() throws {
        let first = try table()
        #expect(first.code == 0, "\(first.errors)")
        #expect(first.errors.contains("measuring fid of all at step ") && first.errors.contains(", 3 times\n"))
        let figure = "Results/again-smoke/figures/again.svg"
        #expect(try digits.folder.text(figure).contains("3 evaluations of the best checkpoint with 30 samples each"))

        let second = try table()
        #expect(second.code == 0 && !second.errors.contains("measuring"), "\(second.errors)")

        // Without the repeated values, and with a damaged checkpoint.
        let (run, checkpoint) = try measured()
        let lines = try digits.folder.text(run + "/evaluations.jsonl").split(separator: "\n")
        let own = lines.filter { $0.contains("\"latentSeed\": 0") }.map { $0 + "\n" }
        try digits.folder.write(own.joined(), to: run + "/evaluations.jsonl")
        try digits.folder.write("no weights", to: checkpoint)
        let third = try table()
        #expect(third.code == 0, "the table is complete but for a figure: \(third.errors)")
        #expect(
            third.errors.contains("note: all: ") && third.errors.contains("not a valid safetensors file"),
            "\(third.errors)")
        #expect(third.output.contains("Results/again-smoke/table.md"))

        let unmeasured = try table("--no-run")
        #expect(unmeasured.code == 0 && !unmeasured.errors.contains("measuring"), "\(unmeasured.errors)")
    }
}
