import Configuration
import Foundation
import Testing

@testable import Experiments

@Suite struct RunIndexTests {
    let folder: TemporaryFolder
    private var runs: String { folder.path + "/Runs" }

    init() throws { folder = try TemporaryFolder() }

    private func index() -> RunIndex { RunIndex(path: folder.path + "/cache/runs.sqlite") }

    @discardableResult
    private func makeRun(
        _ name: String, objective: String = "gan", seed: Int = 0, state: String = "done", losses: [Double] = [1, 2],
        fcd: [Double] = [], identity: String = "aaaa"
    ) throws -> RunFolder {
        let run = RunFolder(path: runs + "/" + name)
        try run.make()
        let config: ConfigNode = [
            "name": ConfigNode(name), "seed": ConfigNode(seed), "objective": ["type": ConfigNode(objective)],
            "optimizer": ["type": "adam", "learningRate": 2e-4], "dataset": ["name": "mnist"],
            "generator": ["layers": [["type": "linear", "features": 8]]],
        ]
        try config.prettyText.write(toFile: run.configPath, atomically: true, encoding: .utf8)
        let record: ConfigNode = ["state": ConfigNode(state), "step": 10, "steps": 10, "seconds": 3.5]
        try record.prettyText.write(toFile: run.recordPath, atomically: true, encoding: .utf8)
        var lines = ""
        for (index, loss) in losses.enumerated() {
            lines += "{\"step\": \(index + 1), \"loss\": \(loss), \"seconds\": 1}\n"
        }
        try lines.write(toFile: run.metricsPath, atomically: true, encoding: .utf8)
        lines = ""
        for (index, value) in fcd.enumerated() {
            lines +=
                "{\"step\": \(index + 1), \"metric\": \"fcd-lenet\", \"value\": \(value), \"identityHash\": \"\(identity)\"}\n"
        }
        if !fcd.isEmpty { try lines.write(toFile: run.path + "/evaluations.jsonl", atomically: true, encoding: .utf8) }
        return run
    }

    private func names(_ index: RunIndex, _ query: String? = nil, sort: String? = nil) throws -> [String] {
        try index.runs(
            below: [runs], where: try query.map { try RunQuery($0) }, sort: sort.map(RunSort.init), keys: ["name"]
        ).compactMap { $0["name"] }
    }

    @Test func queriesSeeConfigsRecordsAndMetrics() throws {
        try makeRun("a", objective: "selfgan", fcd: [30, 8, 12])
        try makeRun("b", objective: "selfgan", seed: 1, fcd: [20, 15])
        try makeRun("c", objective: "gan", state: "failed", losses: [5, 3, 4])
        let index = index()
        #expect(try index.update([runs]) == RunIndex.Changes(runs: 3, read: 3, removed: 0))
        #expect(try names(index) == ["a", "b", "c"])
        #expect(try names(index, "metric.fcd-lenet < 10 and objective == selfgan") == ["a"])
        #expect(try names(index, "metric.fcd-lenet.last < 14") == ["a"])
        #expect(try names(index, "metric.fcd-lenet") == ["a", "b"])
        #expect(try names(index, "not metric.fcd-lenet or seed == 1") == ["b", "c"])
        #expect(try names(index, "metric.fcd-lenet != 8") == ["b"], "a run without it fails every comparison")
        #expect(try names(index, "state == failed or state ~ DON") == ["a", "b", "c"])
        #expect(try names(index, "loss.least == 3 and loss == 4 and loss.most == 5") == ["c"])
        #expect(try names(index, "generator.layers[0].features >= 8 and dataset == mnist and step == 10").count == 3)
        #expect(try names(index, "name == \"' OR 1=1 --\"").isEmpty)
        #expect(try names(index, sort: "metric.fcd-lenet") == ["a", "b", "c"])
        #expect(try names(index, sort: "-metric.fcd-lenet") == ["b", "a", "c"])
        #expect(try names(index, sort: "-name") == ["c", "b", "a"])
    }

    @Test func indexFollowsTheFolders() throws {
        try makeRun("a")
        try makeRun("b")
        let index = index()
        try index.update([runs])
        #expect(try index.update([runs]) == RunIndex.Changes(runs: 2, read: 0, removed: 0))
        try makeRun("b", losses: [1, 2, 7])
        try FileManager.default.removeItem(atPath: runs + "/a")
        #expect(try index.update([runs]) == RunIndex.Changes(runs: 1, read: 1, removed: 1))
        #expect(try names(index, "loss == 7") == ["b"])
        #expect(try index.update([runs], rebuilds: true).read == 1)
        // Runs elsewhere are not asked about, and stay.
        #expect(try index.update([folder.path + "/Run"]) == RunIndex.Changes())
        #expect(try names(index) == ["b"])
    }

    @Test func aRunThatWasKilledIsNotRunning() throws {
        let run = try makeRun("a", state: "running")
        let lock = try run.lock()
        let index = index()
        try index.update([runs])
        #expect(try names(index, "state == running") == ["a"])
        withExtendedLifetime(lock) {}
        _ = consume lock
        try index.update([runs])
        #expect(try names(index, "state == died") == ["a"])
    }

    @Test func damagedOrForeignIndexesAreMadeAnew() throws {
        try makeRun("a")
        let path = folder.path + "/cache/runs.sqlite"
        try index().update([runs])
        // Deleted.
        try FileManager.default.removeItem(atPath: path)
        #expect(try index().update([runs]).read == 1)
        // No database at all.
        try Data("this is no database, but long enough to look like a file".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try index().update([runs]).read == 1)
        // Damaged in the middle.
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        for place in stride(from: 4096, to: data.count, by: 3) { data[place] = 0xFF }
        try data.write(to: URL(fileURLWithPath: path))
        let damaged = index()
        try damaged.update([runs])
        #expect(try names(damaged) == ["a"])
        // Of another version, which stands at byte 60 of the file.
        var other = try Data(contentsOf: URL(fileURLWithPath: path))
        other.replaceSubrange(60..<64, with: [0, 0, 0, 99])
        try other.write(to: URL(fileURLWithPath: path))
        #expect(try index().update([runs]).read == 1)
        // Where nothing can be written.
        let nowhere = RunIndex(path: "/proc/none/runs.sqlite")
        try nowhere.update([runs])
        #expect(try names(nowhere) == ["a"])
    }

    @Test func manyMayUseItAtOnce() async throws {
        for number in 0..<20 { try makeRun("run-\(number)") }
        let (path, runs) = (folder.path + "/cache/runs.sqlite", runs)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let index = RunIndex(path: path)
                    for _ in 0..<5 { try index.update([runs], rebuilds: true) }
                    return try index.runs(below: [runs], keys: ["name"]).filter { $0["name"] != nil }.count
                }
            }
            for try await count in group { #expect(count == 20) }
        }
    }

    @Test func valuesOfOtherIdentitiesAreMarked() throws {
        try makeRun("a", fcd: [30, 8])
        try makeRun("b", fcd: [20], identity: "bbbb")
        let index = index()
        try index.update([runs])
        let listing = try RunListing(index, below: [runs], columns: ["name", "metric.fcd-lenet"])
        #expect(
            listing.table.commaSeparated.hasSuffix("a,8 (a)\n\(runs)/b,b,20 (b)"), "\(listing.table.commaSeparated)")
        #expect(
            listing.notes == [
                "metric.fcd-lenet: values with different letters were computed in different ways "
                    + "(metric.fcd-lenet.identity) and are not comparable"
            ])
        let misspelt = try RunListing(index, below: [runs], where: RunQuery("metric.fdc-lenet < 3"), columns: ["name"])
        #expect(misspelt.notes == ["no run here has 'metric.fdc-lenet'. Did you mean 'metric.fcd-lenet'?"])
        #expect(misspelt.rows.isEmpty)
    }

    @Test func usualColumnsAreWhatDiffers() throws {
        try makeRun("a", objective: "selfgan", fcd: [8])
        try makeRun("b", objective: "gan", fcd: [9])
        try makeRun("c", objective: "gan", seed: 4, fcd: [7])
        let index = index()
        try index.update([runs])
        let listing = try RunListing(index, below: [runs])
        let usual = ["state", "step", "metric.fcd-lenet", "objective", "seed", "seconds", "size"]
        #expect(listing.columns == usual, "\(listing.columns)")
        // What is asked about is shown too.
        let asked = try RunListing(index, below: [runs], where: RunQuery("loss < 3"), sort: RunSort("-loss.most"))
        #expect(asked.columns == ["state", "step", "loss", "loss.most"] + usual.dropFirst(2), "\(asked.columns)")
    }

    @Test func comparisonShowsDifferencesAndSharedSteps() throws {
        let first = try makeRun("a", objective: "selfgan", losses: [1, 0.5, 0.25])
        let second = try makeRun("b", losses: [2, 1])
        let comparison = try RunComparison(first, second)
        #expect(comparison.differences.map(\.key) == ["name", "objective.type"])
        #expect(comparison.curves == ["loss"])
        #expect(
            comparison.text(rows: 20).hasSuffix("step  loss A  B\n   1       1  2\n   2     0.5  1"),
            "\(comparison.text(rows: 20))")
        #expect(comparison.text(rows: 1).hasSuffix("step  loss A  B\n   2     0.5  1"))
        #expect(throws: ExperimentsError.noRun(folder: runs)) { _ = try RunComparison(RunFolder(path: runs), second) }
    }

    @Test func pruningKeepsTheNewestAndTheBest() throws {
        let run = try makeRun("a", fcd: [9, 3, 5, 8, 7])
        for step in 1...5 { try Data(count: 5000).write(to: URL(fileURLWithPath: run.checkpointPath(step: step))) }
        let plain = RunPruning(checkpointsOf: [run], keepLast: 1, best: nil)
        #expect(plain.items.map(\.path) == (1...4).map { run.checkpointPath(step: $0) })
        let pruning = RunPruning(checkpointsOf: [run], keepLast: 2, best: "metric.fcd-lenet")
        #expect(pruning.items.map(\.path) == [1, 3].map { run.checkpointPath(step: $0) })
        #expect(run.checkpointSteps == [1, 2, 3, 4, 5], "nothing is deleted before it is applied")
        #expect(try pruning.apply() == pruning.bytes)
        #expect(run.checkpointSteps == [2, 4, 5])
        // A run at work is left alone.
        let lock = try run.lock()
        let busy = RunPruning(checkpointsOf: [run], keepLast: 1, best: nil)
        withExtendedLifetime(lock) {}
        #expect(busy.items.isEmpty && busy.notes == ["\(run.path): is running, left alone"])
    }

    @Test func pruningRunsKeepsTheBest() throws {
        try makeRun("a", fcd: [9])
        try makeRun("b", fcd: [3])
        try makeRun("c", fcd: [5])
        try makeRun("d", state: "stopped", fcd: [50])
        try makeRun("e")
        let index = index()
        try index.update([runs])
        let rows = try index.runs(below: [runs], keys: ["state", "metric.fcd-lenet"])
        let pruning = RunPruning(rows, keepBest: 1, by: "metric.fcd-lenet", goal: nil)
        #expect(pruning.items.map(\.path) == [runs + "/c", runs + "/a"])
        #expect(pruning.notes == ["2 runs not done or without 'metric.fcd-lenet', left alone"])
        let worst = RunPruning(rows, keepBest: 1, by: "metric.fcd-lenet", goal: .most)
        #expect(worst.items.map(\.path) == [runs + "/c", runs + "/b"])
        _ = try pruning.apply()
        try index.update([runs])
        #expect(try names(index) == ["b", "d", "e"])
    }

    @Test func pruningRunsComparesOnlyWhatIsComparable() throws {
        try makeRun("a", fcd: [9])
        try makeRun("b", fcd: [3], identity: "bbbb")
        try makeRun("c", fcd: [5])
        let index = index()
        try index.update([runs])
        let metric = "metric.fcd-lenet"
        let rows = try index.runs(below: [runs], keys: ["state", metric, RunPruning.identityKey(of: metric)])
        let pruning = RunPruning(rows, keepBest: 1, by: metric, goal: nil)
        #expect(pruning.items.map(\.path) == [runs + "/a"])
        #expect(pruning.notes == ["1 run with a 'metric.fcd-lenet' that was computed in another way, left alone"])
    }

    @Test func pruningRunsMayKeepTheLast() throws {
        for (name, started) in [("a", "2026-03-01"), ("b", "2026-01-01"), ("c", "2026-02-01")] {
            let run = try makeRun(name, state: name == "a" ? "failed" : "done")
            let record: ConfigNode = ["state": "done", "started": ConfigNode(started + "T00:00:00Z")]
            try record.prettyText.write(toFile: run.recordPath, atomically: true, encoding: .utf8)
        }
        let index = index()
        try index.update([runs])
        let pruning = RunPruning(try index.runs(below: [runs], keys: ["started"]), keepLast: 1)
        #expect(pruning.items.map(\.path) == [runs + "/c", runs + "/b"])
    }

    @Test func goalsOfMetricsAreKnown() {
        for key in [
            "metric.fcd-lenet", "fid-inceptionv3", "metric.modes-kl", "metric.fcd-lenet.last", "modes.divergence",
        ] {
            #expect(MetricGoal.known(key) == .least, "\(key)")
        }
        for key in ["metric.modes", "metric.precision-lenet@0123456789ab", "modes.covered", "inception-score-lenet"] {
            #expect(MetricGoal.known(key) == .most, "\(key)")
        }
        for key in ["loss.generator", "metric.new", ""] { #expect(MetricGoal.known(key) == nil, "\(key)") }
    }

    @Test func comparisonSaysWhatIsNotComparable() throws {
        func evaluated(_ name: String, samples: Int) throws -> RunFolder {
            let run = try makeRun(name)
            try (1...2).map { "{\"step\": \($0), \"metric.fcd-lenet\": \($0)}\n" }.joined().write(
                toFile: run.metricsPath, atomically: true, encoding: .utf8)
            try run.record([
                EvaluationValue(
                    step: 2, metric: "fcd-lenet", value: 2,
                    identity: EvaluationIdentity(node: ["generatedSamples": ConfigNode(samples)]))
            ])
            return run
        }
        let first = try evaluated("a", samples: 1000)
        let text = try RunComparison(first, evaluated("b", samples: 500)).text(rows: 5)
        #expect(
            text.hasSuffix(
                "metric.fcd-lenet: computed in different ways, not comparable (B has generatedSamples 500 instead of 1000)"
            ),
            "\(text)")
        #expect(try RunComparison(first, evaluated("c", samples: 1000)).incomparable.isEmpty)
    }

    @Test func evaluationsOfSeveralKindsAreKeptApart() throws {
        let run = try makeRun("a", fcd: [9, 8, 7])
        let handle = try #require(FileHandle(forWritingAtPath: run.path + "/evaluations.jsonl"))
        try handle.seekToEnd()
        try handle.write(
            contentsOf: Data(#"{"step": 3, "metric": "fcd-lenet", "value": 1, "identityHash": "bbbb"}"#.utf8 + [10]))
        try handle.close()
        let index = index()
        try index.update([runs])
        let row = try #require(
            try index.runs(below: [runs], keys: ["metric.fcd-lenet", "metric.fcd-lenet@bbbb"]).first)
        #expect(row["metric.fcd-lenet"] == "7" && row["metric.fcd-lenet@bbbb"] == "1")
    }

    @Test func unitsAreForPeople() {
        #expect(
            [0, 59.4, 65, 7620, 100_000].map(DurationText.short) == [
                "0 s", "59 s", "1 min 05 s", "2 h 07 min", "1 d 03 h",
            ])
        #expect(
            [0, 999, 1000, 99_949, 99_950, 25_300_000, 1_300_000_000].map(SizeText.short)
                == ["0 B", "999 B", "1.0 kB", "99.9 kB", "100 kB", "25.3 MB", "1.3 GB"])
    }
}
