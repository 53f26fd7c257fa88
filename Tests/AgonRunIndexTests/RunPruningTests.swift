import AgonConfiguration
import AgonTestSupport
import Foundation
import Testing

@testable import AgonExperiments
@testable import AgonRunIndex
@testable import AgonRuns
@testable import AgonSweeps

@Suite struct RunPruningTests: TestOfIndexedRuns {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

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
}
