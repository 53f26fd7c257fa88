import AgonConfiguration
import AgonTestSupport
import CAgonSQLite
import Foundation
import Testing

@testable import AgonExperiments
@testable import AgonRunIndex
@testable import AgonRuns
@testable import AgonSweeps

@Suite struct RunIndexTests: TestOfIndexedRuns {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

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
        #expect(try names(index, "started > 2000 and started < 2100").count == 3, "dates are texts")
        #expect(try names(index, "objective > 0 or dataset < 9").isEmpty)
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

    @Test func aRunWithADamagedRecordIsNotWaiting() throws {
        let run = try makeRun("a")
        let text = try String(contentsOfFile: run.recordPath, encoding: .utf8)
        try text.dropLast(20).write(toFile: run.recordPath, atomically: true, encoding: .utf8)
        let index = index()
        try index.update([runs])
        #expect(try names(index, "state == damaged") == ["a"])
    }

    /// The order of numbers is not that of their digits.
    @Test func textsAreNotComparedWithNumbers() throws {
        try makeRun("a")
        let index = index()
        try index.update([runs])
        #expect(try names(index, "step >= 0") == ["a"])
        #expect(try names(index, "step > '0x'").isEmpty && names(index, "step < 'x'").isEmpty)
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
}
