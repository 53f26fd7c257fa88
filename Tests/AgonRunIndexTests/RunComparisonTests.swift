import AgonConfiguration
import AgonTestSupport
import Foundation
import Testing

@testable import AgonExperiments
@testable import AgonRunIndex
@testable import AgonRuns
@testable import AgonSweeps

@Suite struct RunComparisonTests: TestOfIndexedRuns {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

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
}
