import AgonConfiguration
import AgonTestSupport
import CAgonSQLite
import Foundation
import Testing

@testable import AgonExperiments
@testable import AgonRunIndex
@testable import AgonRuns
@testable import AgonSweeps
@testable import AgonText

@Suite struct RunIndexTests {
    let folder: TemporaryFolder
    private var runs: String { folder.path + "/Runs" }

    init() throws { folder = try TemporaryFolder() }

    private func index() -> RunIndex { RunIndex(path: folder.path + "/cache/runs.sqlite") }

    @discardableResult
    private func makeRun(
        _ name: String, objective: String = "gan", seed: Int = 0, state: String = "done", losses: [Double] = [1, 2],
        fid: [Double] = [], identity: String = "aaaa"
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
        try run.record(fid.enumerated().map { Self.value(step: $0 + 1, $1, identity) })
        return run
    }

    private static func identity(_ extractor: String = "aaaa") -> EvaluationIdentity {
        EvaluationIdentity(["extractorHash": ConfigNode(extractor)])
    }

    private static func value(step: Int, _ value: Double, _ extractor: String = "aaaa") -> EvaluationValue {
        EvaluationValue(step: step, metric: "fid-lenet", value: value, identity: identity(extractor))
    }

    private func names(_ index: RunIndex, _ query: String? = nil, sort: String? = nil) throws -> [String] {
        try index.runs(
            below: [runs], where: try query.map { try RunQuery($0) }, sort: sort.map(RunSort.init), keys: ["name"]
        ).compactMap { $0["name"] }
    }

    @Test func queriesSeeConfigsRecordsAndMetrics() throws {
        try makeRun("a", objective: "selfgan", fid: [30, 8, 12])
        try makeRun("b", objective: "selfgan", seed: 1, fid: [20, 15])
        try makeRun("c", objective: "gan", state: "failed", losses: [5, 3, 4])
        let index = index()
        #expect(try index.update([runs]) == RunIndex.Changes(runs: 3, read: 3, removed: 0))
        #expect(try names(index) == ["a", "b", "c"])
        #expect(try names(index, "metric.fid-lenet < 10 and objective == selfgan") == ["a"])
        #expect(try names(index, "metric.fid-lenet.last < 14") == ["a"])
        #expect(try names(index, "metric.fid-lenet") == ["a", "b"])
        #expect(try names(index, "not metric.fid-lenet or seed == 1") == ["b", "c"])
        #expect(try names(index, "metric.fid-lenet != 8") == ["b"], "a run without it fails every comparison")
        #expect(try names(index, "state == failed or state ~ DON") == ["a", "b", "c"])
        #expect(try names(index, "loss.minimize == 3 and loss == 4 and loss.maximize == 5") == ["c"])
        #expect(try names(index, "generator.layers[0].features >= 8 and dataset == mnist and step == 10").count == 3)
        #expect(try names(index, "name == \"' OR 1=1 --\"").isEmpty)
        #expect(try names(index, sort: "metric.fid-lenet") == ["a", "b", "c"])
        #expect(try names(index, sort: "-metric.fid-lenet") == ["b", "a", "c"])
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

    @Test func damagedOrForeignIndexesAreRebuilt() throws {
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

    /// Another program, or another version of this one, may have left a file with the version of this one.
    @Test func anIndexWithOtherTablesIsRebuilt() throws {
        try makeRun("a")
        try index().update([runs])
        let other = try SQLiteDatabase(path: folder.path + "/cache/runs.sqlite")
        try other.execute("DROP TABLE facts; CREATE TABLE facts (run INTEGER, key TEXT)")
        let index = index()
        try index.update([runs])
        #expect(try names(index) == ["a"])
    }

    /// `update` reads no facts, so it may succeed on a file in which they are damaged.
    @Test func damageThatAQueryFindsFirstLosesNoRun() throws {
        try makeRun("a")
        try makeRun("b")
        let path = folder.path + "/cache/runs.sqlite"
        try index().update([runs])
        let root = try #require(
            try SQLiteDatabase(path: path).prepare("SELECT rootpage FROM sqlite_master WHERE name = 'facts'")
                .rows { $0.integer(0) }.first)
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        let page = (Int(root) - 1) * 4096
        data.replaceSubrange(page..<page + 4096, with: Data(repeating: 0xFF, count: 4096))
        try data.write(to: URL(fileURLWithPath: path))
        let index = index()
        #expect(try index.update([runs]).read == 0)
        #expect(try names(index) == ["a", "b"])
    }

    @Test func aBusyIndexLosesNoRun() throws {
        try makeRun("a")
        let path = folder.path + "/cache/runs.sqlite"
        let index = RunIndex(path: path, patience: 0)
        try index.update([runs])
        let other = try SQLiteDatabase(path: path)
        try other.execute("BEGIN EXCLUSIVE")
        #expect(try names(index) == ["a"])
        #expect(try index.keys(below: [runs], settings: true).contains("optimizer.learningRate"))
        try other.execute("ROLLBACK")
        #expect(try self.index().update([runs]).read == 0, "the file is left as it is")
    }

    @Test func thousandsOfFoldersMayBeNamed() throws {
        for number in 0..<3 { try makeRun("run-\(number)/it") }
        try makeRun("run-1-other")
        let folders = (0..<3000).map { "\(runs)/run-\($0)" }
        let index = index()
        try index.update(folders)
        let found = try index.runs(
            below: folders, where: RunQuery("seed == 0"), sort: RunSort("-name"), keys: ["name", "metric.fid-lenet"])
        #expect(found.map { $0["name"] } == ["run-2/it", "run-1/it", "run-0/it"])
        #expect(try self.index().update([runs]) == RunIndex.Changes(runs: 4, read: 1, removed: 0))
        #expect(try index.runs(below: ["/"], keys: []).count == 4)
        #expect(try index.runs(below: [], keys: []).isEmpty)
    }

    @Test func aQueryThatSQLiteRefusesDoesNotDeleteTheIndex() throws {
        try makeRun("a")
        let index = index()
        try index.update([runs])
        let query = (0..<1500).map { "seed == \($0)" }.joined(separator: " or ")
        // The reason depends on the version of SQLite.
        let words = message { _ = try names(index, query) }
        #expect(words.hasPrefix("the index of runs cannot answer this query: "), "\(words)")
        #expect(try self.index().update([runs]).read == 0)
    }

    @Test func theListOfASweepIsReadOnce() throws {
        let sweep = try makeSweep(sizes: ["small", "large"])
        let (lists, place) = (SweepLists(), SweepFolder(path: sweep))
        #expect(lists[place]?.settings.count == 2)
        try FileManager.default.removeItem(atPath: sweep + "/trials.json")
        #expect(lists[place]?.settings["t1"]?.first?.value.string == "large" && SweepLists()[place] == nil)
    }

    @Test func anIndexThatIsBusyIsNotMadeAnew() {
        let passing = [
            SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_NOMEM,
            SQLITE_ERROR,
        ]
        for code in passing { #expect(!RunIndex.isDamage(SQLiteError(code: code, description: "")), "\(code)") }
        for code in [SQLITE_NOTADB, SQLITE_CORRUPT] {
            #expect(RunIndex.isDamage(SQLiteError(code: code, description: "")), "\(code)")
        }
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
        try makeRun("a", fid: [30, 8])
        try makeRun("b", fid: [20], identity: "bbbb")
        let index = index()
        try index.update([runs])
        let listing = try RunListing(index, below: [runs], columns: ["name", "metric.fid-lenet"])
        #expect(listing.table.text.hasSuffix("20 (b)") && listing.table.text.contains("8 (a)"), "\(listing.table.text)")
        #expect(
            listing.notes == [
                "metric.fid-lenet: values were computed in different ways (metric.fid-lenet.identity; letters in the "
                    + "table) and are not comparable"
            ])
        let misspelt = try RunListing(index, below: [runs], where: RunQuery("metric.fdc-lenet < 3"), columns: ["name"])
        #expect(misspelt.notes == ["no run here has 'metric.fdc-lenet'. Did you mean 'metric.fid-lenet'?"])
        #expect(misspelt.rows.isEmpty)
    }

    @Test func programsGetIdentitiesBesideTheValues() throws {
        try makeRun("a", fid: [30, 8])
        try makeRun("b", fid: [20.0625], identity: "bbbb")
        let index = index()
        try index.update([runs])
        let listing = try RunListing(
            index, below: [runs], columns: ["metric.fid-lenet", "metric.fid-lenet.last", "step"])
        let (first, second) = (Self.identity().hash, Self.identity("bbbb").hash)
        #expect(
            listing.values.commaSeparated == """
                run,metric.fid-lenet,metric.fid-lenet.last,metric.fid-lenet.identity,step
                \(runs)/a,8,8,\(first),10
                \(runs)/b,20.0625,20.0625,\(second),10
                """)
        #expect(listing.node.array?.map { $0["metric.fid-lenet.identity"]?.string } == [first, second])
    }

    /// The folder of a sweep with a trial for each size.
    private func makeSweep(sizes: [String]) throws -> String {
        let sweep = folder.path + "/Sweeps/study"
        let entries = sizes.enumerated().map { number, size -> ConfigNode in
            [
                "id": ConfigNode("t\(number)"), "base": "gan", "steps": 10,
                "settings": ["size": ConfigNode(size), "optimizer.learningRate": 2e-4, "seed": 0],
            ]
        }
        for number in entries.indices { try makeRun("../Sweeps/study/trials/t\(number)", objective: "o\(number)") }
        let list: ConfigNode = [
            "sweep": "study", "file": "study.json", "root": ConfigNode(folder.path),
            "axes": ["size", "optimizer.learningRate", "seed"], "stop": .null, "trials": ConfigNode(entries),
        ]
        try list.prettyText.write(toFile: sweep + "/trials.json", atomically: true, encoding: .utf8)
        return sweep
    }

    @Test func axesOfASweepAreShown() throws {
        let sweep = try makeSweep(sizes: ["small", "large"])
        let index = index()
        try index.update([sweep])
        let listing = try RunListing(index, below: [sweep])
        // The objective follows from the size, and says no more.
        #expect(
            listing.columns == ["state", "step", "axis.size", "optimizer.learningRate", "seed", "seconds", "size"],
            "\(listing.columns)")
        #expect(listing.rows.map { $0["axis.size"] } == ["small", "large"])
        // An axis of cases may be named like a section; preparing a sweep again changes the facts.
        let list = try String(contentsOfFile: sweep + "/trials.json", encoding: .utf8)
        let renamed = list.replacing("\"size\"", with: "\"objective\"")
        try renamed.write(toFile: sweep + "/trials.json", atomically: true, encoding: .utf8)
        try index.update([sweep])
        #expect(try RunListing(index, below: [sweep]).rows.map { $0["axis.objective"] } == ["small", "large"])
    }

    @Test func usualColumnsAreWhatDiffers() throws {
        try makeRun("a", objective: "selfgan", fid: [8])
        try makeRun("b", objective: "gan", fid: [9])
        try makeRun("c", objective: "gan", seed: 4, fid: [7])
        let index = index()
        try index.update([runs])
        let listing = try RunListing(index, below: [runs])
        let usual = ["state", "step", "metric.fid-lenet", "objective", "seed", "seconds", "size"]
        #expect(listing.columns == usual, "\(listing.columns)")
        // What is asked about is shown too.
        let asked = try RunListing(index, below: [runs], where: RunQuery("loss < 3"), sort: RunSort("-loss.maximize"))
        #expect(asked.columns == ["state", "step", "loss", "loss.maximize"] + usual.dropFirst(2), "\(asked.columns)")
    }

    @Test func comparisonShowsDifferencesAndSharedSteps() throws {
        let first = try makeRun("a", objective: "selfgan", losses: [1, 0.5, 0.25])
        let second = try makeRun("b", losses: [2, 1])
        let comparison = try RunComparison(first, second)
        #expect(
            try RunsSideBySide([first, second]).settings.map(\.path.description) == ["name", "objective.type"])
        #expect(comparison.curves.map(\.key) == ["loss"])
        #expect(
            comparison.text(rows: 20).hasSuffix("step  loss A  B\n   1       1  2\n   2     0.5  1"),
            "\(comparison.text(rows: 20))")
        #expect(comparison.text(rows: 1).hasSuffix("step  loss A  B\n   2     0.5  1"))
        #expect(throws: RunError.noRun(folder: runs)) { _ = try RunComparison(RunFolder(path: runs), second) }
    }

    @Test func pruningKeepsTheNewestAndTheBest() throws {
        let run = try makeRun("a", fid: [9, 3, 5, 8, 7])
        for step in 1...5 { try Data(count: 5000).write(to: URL(fileURLWithPath: run.checkpointPath(step: step))) }
        let plain = RunPruning(checkpointsOf: [run], keepLast: 1, best: nil)
        #expect(plain.items.map(\.path) == (1...4).map { run.checkpointPath(step: $0) })
        let newest = RunPruning(checkpointsOf: [run], keepLast: 1, best: "metric.fid-lenet.last")
        #expect(newest.items.map(\.path) == plain.items.map(\.path) && newest.notes.isEmpty)
        let pruning = RunPruning(checkpointsOf: [run], keepLast: 2, best: "metric.fid-lenet")
        #expect(pruning.items.map(\.path) == [1, 3].map { run.checkpointPath(step: $0) })
        #expect(try run.checkpointSteps == [1, 2, 3, 4, 5], "nothing is deleted before it is applied")
        let applied = try pruning.apply()
        #expect(applied.bytes == pruning.bytes && applied.deleted == 2 && applied.notes.isEmpty)
        #expect(try run.checkpointSteps == [2, 4, 5])
        // A run at work is left alone.
        let lock = try run.lock()
        let busy = RunPruning(checkpointsOf: [run], keepLast: 1, best: nil)
        withExtendedLifetime(lock) {}
        #expect(busy.items.isEmpty && busy.notes == ["\(run.path): running, skipped"])
    }

    @Test func pruningKeepsWhatTheConfigKeeps() throws {
        let run = try makeRun("a", fid: [9, 3, 5])
        for step in 1...3 { try Data(count: 5000).write(to: URL(fileURLWithPath: run.checkpointPath(step: step))) }
        var record = try #require(run.record)
        record.bestCheckpoint = 2
        try run.write(record)
        let pruning = RunPruning(checkpointsOf: [run], keepLast: 1, best: nil)
        #expect(pruning.items.map(\.path) == [run.checkpointPath(step: 1)])
    }

    @Test func runsWithoutTheMetricKeepTheirCheckpoints() throws {
        let run = try makeRun("a", fid: [3, 9, 9])
        for step in 1...3 { try Data(count: 5000).write(to: URL(fileURLWithPath: run.checkpointPath(step: step))) }
        let pruning = RunPruning(checkpointsOf: [run], keepLast: 1, best: "metric.fid-lenett")
        #expect(pruning.items.isEmpty)
        #expect(pruning.notes == ["1 run without 'metric.fid-lenett', left alone"])
        let index = index()
        try index.update([runs])
        #expect(
            try index.notes(onUnknown: ["metric.fid-lenett", "state"], below: [runs]) == [
                "no run here has 'metric.fid-lenett'. Did you mean 'metric.fid-lenet'?"
            ])
    }

    @Test func whatCannotBeTakenIsNotCountedAsDeleted() throws {
        let (busy, idle) = (try makeRun("a"), try makeRun("b"))
        for run in [busy, idle] {
            for step in 1...2 { try Data(count: 5000).write(to: URL(fileURLWithPath: run.checkpointPath(step: step))) }
        }
        let pruning = RunPruning(checkpointsOf: [busy, idle], keepLast: 1, best: nil)
        let lock = try busy.lock()
        let applied = try pruning.apply()
        withExtendedLifetime(lock) {}
        #expect(pruning.items.count == 2 && applied.deleted == 1)
        #expect(applied.notes == ["\(RunError.runBusy(folder: busy.path))"])
        #expect(try busy.checkpointSteps == [1, 2] && idle.checkpointSteps == [2])
    }

    @Test func pruningRunsKeepsTheBest() throws {
        try makeRun("a", fid: [9])
        try makeRun("b", fid: [3])
        try makeRun("c", fid: [5])
        try makeRun("d", state: "stopped", fid: [50])
        try makeRun("e")
        let index = index()
        try index.update([runs])
        let rows = try index.runs(below: [runs], keys: ["state", "metric.fid-lenet"])
        let pruning = RunPruning(rows, keepBest: 1, by: "metric.fid-lenet", goal: nil)
        #expect(pruning.items.map(\.path) == [runs + "/c", runs + "/a"])
        #expect(pruning.notes == ["2 runs not done or without 'metric.fid-lenet', left alone"])
        let worst = RunPruning(rows, keepBest: 1, by: "metric.fid-lenet", goal: .maximize)
        #expect(worst.items.map(\.path) == [runs + "/c", runs + "/b"])
        _ = try pruning.apply()
        try index.update([runs])
        #expect(try names(index) == ["b", "d", "e"])
    }

    @Test func pruningRunsComparesOnlyWhatIsComparable() throws {
        try makeRun("a", fid: [9])
        try makeRun("b", fid: [3], identity: "bbbb")
        try makeRun("c", fid: [5])
        let index = index()
        try index.update([runs])
        let metric = "metric.fid-lenet"
        let rows = try index.runs(below: [runs], keys: ["state", metric, RunPruning.identityKey(of: metric)])
        let pruning = RunPruning(rows, keepBest: 1, by: metric, goal: nil)
        #expect(pruning.items.map(\.path) == [runs + "/a"])
        #expect(pruning.notes == ["1 run with a 'metric.fid-lenet' that was computed in another way, left alone"])
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
            "metric.fid-lenet", "fid-inceptionv3", "metric.modes-kl", "metric.fid-lenet.last",
        ] {
            #expect(MetricGoal.known(key) == .minimize, "\(key)")
        }
        for key in ["metric.modes", "metric.precision-lenet@0123456789ab", "accuracy"] {
            #expect(MetricGoal.known(key) == .maximize, "\(key)")
        }
        for key in ["loss.generator", "metric.new", ""] { #expect(MetricGoal.known(key) == nil, "\(key)") }
    }

    // MARK: Identities

    @Test func comparisonSaysWhatIsNotComparable() throws {
        let first = try makeRun("a", fid: [4, 2])
        let second = try makeRun("b", fid: [5, 3], identity: "bbbb")
        let text = try RunComparison(first, second).text(rows: 5)
        #expect(text.contains("metric.fid-lenet A  B [1]"), "\(text)")
        #expect(
            text.hasSuffix(
                "[1] metric.fid-lenet: measured in different ways, not comparable: "
                    + "B has extractorHash bbbb instead of aaaa"),
            "\(text)")
        let alike = try RunComparison(first, makeRun("c", fid: [5, 3]))
        #expect(alike.curves.allSatisfy { $0.fault == nil })
    }

    @Test func comparisonShowsWhatWasMeasuredInTheSameWayLater() throws {
        let first = try makeRun("a", fid: [4, 2])
        let second = try makeRun("b", fid: [5, 3], identity: "bbbb")
        try first.record([Self.value(step: 2, 20, "cccc")])
        try second.record([Self.value(step: 2, 30, "cccc")])
        let comparison = try RunComparison(first, second)
        let hash = Self.identity("cccc").hash
        #expect(comparison.curves.map(\.key) == ["loss", "metric.fid-lenet"])
        #expect(comparison.curves.map(\.fullKey) == [nil, "metric.fid-lenet@\(hash)"])
        #expect(comparison.curves.allSatisfy { $0.fault == nil })
        #expect(comparison.curves.last?.second.map(\.value) == [30])
        let text = try RunsSideBySide([first, second]).text
        #expect(text.contains("fid-lenet best  20 (step 2)  30 (step 2)\n"), "\(text)")
        // By the name that it has in a list, where the same identity leads.
        let twin = try makeRun("c", fid: [6])
        let full = "metric.fid-lenet@" + Self.identity().hash
        #expect(try RunComparison(first, twin, curves: [full]).curves.map(\.key) == ["metric.fid-lenet"])
        #expect(try RunComparison(first, makeRun("d"), curves: [full]).notes == ["\(full): only A has it"])
    }

    @Test func severalRunsStandSideBySide() throws {
        let runs = [
            try makeRun("a", fid: [4, 2, 3]), try makeRun("b", objective: "wgan", fid: [5]), try makeRun("c", seed: 1),
        ]
        let text = try RunsSideBySide(runs).text
        #expect(
            text == """
                A: \(runs[0].path)
                B: \(runs[1].path)
                C: \(runs[2].path)

                config          A      B       C
                name            "a"    "b"     "c"
                objective.type  "gan"  "wgan"  "gan"
                seed            0      0       1

                metric                   A           B  C
                fid-lenet best  2 (step 2)  5 (step 1)
                fid-lenet last  3 (step 3)  5 (step 1)

                metric.fid-lenet: aaaa
                """, "\(text)")
        #expect(throws: RunError.noRun(folder: folder.path)) {
            _ = try RunsSideBySide(runs + [RunFolder(path: folder.path)])
        }
    }

    @Test func valuesMeasuredInDifferentWaysAreMarkedSideBySide() throws {
        let runs = [
            try makeRun("a", fid: [4]), try makeRun("b", fid: [5], identity: "bbbb"), try makeRun("c", fid: [6]),
        ]
        let text = try RunsSideBySide(runs).text
        #expect(text.contains("fid-lenet best  4 (step 1) [a]  5 (step 1) [b]  6 (step 1) [a]\n"), "\(text)")
        #expect(
            text.hasSuffix(
                "metric.fid-lenet: values with different letters were measured in different ways and are not comparable"
                    + "\n[a] aaaa\n[b] bbbb"), "\(text)")
    }

    @Test func comparisonTellsOfCurvesThatAreNot() throws {
        let (first, second) = (try makeRun("a", fid: [4]), try makeRun("b"))
        #expect(
            throws: RunIndexError.unknownCurve(
                "los", runs: [first.path, second.path], existing: ["loss", "metric.fid-lenet"])
        ) { _ = try RunComparison(first, second, curves: ["los"]) }
        let comparison = try RunComparison(first, second, curves: ["loss", "metric.fid-lenet"])
        #expect(comparison.curves.map(\.key) == ["loss"] && comparison.notes == ["metric.fid-lenet: only A has it"])
    }

    @Test func evaluationsOfSeveralKindsAreKeptApart() throws {
        let run = try makeRun("a", fid: [9, 8, 7])
        try run.record([Self.value(step: 3, 1, "bbbb")])
        let index = index()
        try index.update([runs])
        let other = "metric.fid-lenet@" + Self.identity("bbbb").hash
        let row = try #require(
            try index.runs(below: [runs], keys: ["metric.fid-lenet", "metric.fid-lenet.identity", other]).first)
        #expect(row["metric.fid-lenet"] == "7" && row[other] == "1")
        #expect(row["metric.fid-lenet.identity"] == Self.identity().hash)
    }

    @Test func listingsPreferTheIdentityThatMostRunsShare() throws {
        try makeRun("a", fid: [9])
        try makeRun("b", fid: [8])
        let again = try makeRun("c", fid: [7])
        // Newer, so that it leads within the run.
        try again.record([Self.value(step: 1, 1, "bbbb")])
        try makeRun("d", fid: [2], identity: "cccc")
        let index = index()
        try index.update([runs])
        let metric = "metric.fid-lenet"
        let listing = try RunListing(index, below: [runs], sort: RunSort(metric), columns: [metric, metric + ".last"])
        #expect(listing.rows.map { $0[metric] } == ["2", "7", "8", "9"])
        #expect(listing.rows.map { $0[metric + ".identity"] }.dropFirst().allSatisfy { $0 == Self.identity().hash })
        #expect(try names(index, "metric.fid-lenet < 8") == ["c", "d"])
        #expect(try names(index, "metric.fid-lenet == 1").isEmpty)
        // By itself, the run leads with its newest.
        #expect(try index.runs(below: [again.path], keys: [metric]).first?[metric] == "1")
    }

    @Test func unitsAreForPeople() {
        #expect(
            [0, 59.4, 65, 7620, 100_000].map(DurationText.short) == [
                "0 s", "59 s", "1 min 05 s", "2 h 07 min", "1 d 03 h",
            ])
        #expect(
            [0, 999, 1000, 99_949, 99_950, 25_300_000, 1_300_000_000].map(SizeText.short)
                == ["0 B", "999 B", "1.0 kB", "99.9 kB", "100 kB", "25.3 MB", "1.3 GB"])
        #expect([0, 1, 2].map { CountText.short($0, "run") } == ["0 runs", "1 run", "2 runs"])
    }
}
