import AgonConfiguration
import AgonTestSupport
import Foundation
import Testing

@testable import AgonRuns

@Suite struct EvaluationLogTests {
    let folder: TemporaryFolder
    var run: RunFolder { RunFolder(path: folder.path) }

    init() throws { folder = try TemporaryFolder() }

    private func value(_ step: Int, _ value: Double) -> EvaluationValue {
        EvaluationValue(
            step: step, metric: "fid-lenet", value: value, identity: EvaluationIdentity(["dataset": "x"]))
    }

    private func text() throws -> String { try String(contentsOfFile: run.evaluationsPath, encoding: .utf8) }

    @Test func linesStateTheirChecksum() throws {
        try run.record([value(4, 12.5), value(8, 3)])
        #expect(run.evaluations == [value(4, 12.5), value(8, 3)] && run.evaluationDamage == nil)
        #expect(try text().split(separator: "\n").allSatisfy { $0.contains("\", \"crc32c\": \"") })
        // What is known is not written again.
        let before = try text()
        try run.record([value(8, 3), value(4, 12.5)])
        #expect(try text() == before)
        // Lines of older versions have none.
        _ = try folder.write(value(2, 1).node.lineText + "\n" + before, to: "evaluations.jsonl")
        #expect(run.evaluations.map(\.step) == [2, 4, 8] && run.evaluationDamage == nil)
    }

    @Test func everyDamagedBitIsFound() throws {
        try run.record([value(4, 12.5), value(8, 3)])
        let whole = Array(try text().utf8)
        for position in whole.indices {
            for bit in 0..<8 {
                var damaged = whole
                damaged[position] ^= 1 << bit
                try Data(damaged).write(to: URL(fileURLWithPath: run.evaluationsPath))
                let contents = try EvaluationLog(path: run.evaluationsPath).read()
                // The last line's end may be gone, which makes it one that a kill cut short.
                #expect(!contents.damaged.isEmpty || !contents.rest.isEmpty, "bit \(bit) of byte \(position)")
                #expect(contents.values.allSatisfy { $0 == value(4, 12.5) || $0 == value(8, 3) })
            }
        }
    }

    @Test func damageIsReportedAndEndsAResumedRun() throws {
        try run.record([value(4, 12.5), value(8, 3)])
        _ = try folder.write(try text().replacing("12.5", with: "11.5"), to: "evaluations.jsonl")
        let path = run.evaluationsPath
        #expect(run.evaluationDamage == "\(path): damaged: line 1 does not match its checksum; ignored")
        let problem = "line 1 does not match its checksum; delete the line to continue without it"
        #expect(throws: RunError.damaged(path: path, problem: problem)) {
            try EvaluationLog(path: path).keep(through: 8)
        }
        #expect(run.evaluations == [value(8, 3)])
    }

    @Test func whatALaterEvaluationMeasuredSurvivesAResume() throws {
        try run.record([value(4, 1), value(8, 2), value(12, 3)])
        // Of an earlier checkpoint, by hand.
        try run.record([value(4, 1.5)])
        let handle = try #require(FileHandle(forWritingAtPath: run.evaluationsPath))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"step\": 12, \"met".utf8))
        try handle.close()
        try EvaluationLog(path: run.evaluationsPath).keep(through: 8)
        #expect(
            try EvaluationLog(path: run.evaluationsPath).read().values == [value(4, 1), value(8, 2), value(4, 1.5)])
        #expect(try text().hasSuffix("\n"))
    }

    /// A run that writes, one that is resumed and evaluations by hand, all at the same time.
    @Test func writersDoNotDisturbEachOther() throws {
        let log = EvaluationLog(path: run.evaluationsPath)
        try log.append([value(999, 0)])
        DispatchQueue.concurrentPerform(iterations: 4) { writer in
            for index in 0..<40 {
                do {
                    if writer == 3 {
                        try log.keep(through: 500)
                    } else {
                        try log.append([value(writer * 100 + index, Double(index))])
                    }
                } catch {
                    Issue.record("\(error)")
                }
            }
        }
        let contents = try log.read()
        #expect(contents.damaged.isEmpty && contents.rest.isEmpty)
        #expect(
            Set(contents.values.map(\.step)) == Set((0..<3).flatMap { writer in (0..<40).map { writer * 100 + $0 } }))
        #expect(contents.values.count == 120)
    }
}
