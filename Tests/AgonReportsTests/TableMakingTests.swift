import AgonConfiguration
import AgonSweeps
import AgonTestSupport
import Foundation
import Testing

@testable import AgonReports

@Suite struct TableMakingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func table(_ trials: [SyntheticTrial], _ text: String = TableConfiguration.text()) throws -> ResultTable {
        try TableConfiguration.read(text).table(RecordedSweep(folder.sweep(trials)).trials)
    }

    private func summary(_ table: ResultTable, _ row: String, _ column: String) throws -> Summary {
        let cell = try #require(table.cell(row: row, column: column))
        return try #require(cell.summary)
    }

    // MARK: Aggregation

    @Test func meanSampleDeviationAndNumberAreExact() throws {
        let summary = try #require(Summary([2, 4, 4, 4, 5, 5, 7, 9]))
        #expect(summary.count == 8)
        #expect(summary.mean == 5)
        // 32 over 8 - 1, not over 8.
        #expect(summary.deviation == (32.0 / 7).squareRoot())
        #expect(Summary([3])?.deviation == nil)
        #expect(Summary([3, 3])?.deviation == 0)
        #expect(Summary([]) == nil)
    }

    @Test func bestAndLastOverSeeds() throws {
        let table = try table(TemporaryFolder.studyTrials)
        let best = try summary(table, "small", "best")
        #expect(best.values == [2, 4, 6])
        #expect(best.mean == 4 && best.deviation == 2 && best.count == 3)
        let last = try summary(table, "small", "last")
        #expect(last.values == [3, 4, 8])
        #expect(last.mean == 5 && last.deviation == 7.0.squareRoot())
        #expect(try summary(table, "large", "best").mean == 1.5)
        #expect(try summary(table, "large", "best").deviation == 0.5)
    }

    @Test func minutesToBestAreThoseOfTheBestStep() throws {
        let table = try table(TemporaryFolder.studyTrials)
        // Best at steps 200 of 1 minute, 300 of 2 minutes, 100 of 3 minutes.
        let minutes = try summary(table, "small", "minutes").values
        try #require(minutes.count == 3)
        for (measured, expected) in zip(minutes, [2.0 / 3, 2, 1]) { #expect(abs(measured - expected) < 1e-9) }
    }

    @Test func timeToReachIsThatOfTheFirstValueAsGood() throws {
        let text = TableConfiguration.text().replacingOccurrences(
            of: #"{"key": "last", "type": "metric", "metric": "metric.fid-lenet"}"#,
            with: #"{"key": "last", "type": "timeToReach", "metric": "metric.fid-lenet", "value": 5}"#)
        // The third never comes below 6.
        #expect(try summary(table(TemporaryFolder.studyTrials, text), "small", "last").values == [200, 200])
        let minutes = text.replacingOccurrences(of: #""value": 5"#, with: #""value": 5, "unit": "minutes""#)
        let values = try summary(table(TemporaryFolder.studyTrials, minutes), "small", "last").values
        try #require(values.count == 2)
        for (measured, expected) in zip(values, [2.0 / 3, 4.0 / 3]) { #expect(abs(measured - expected) < 1e-9) }
    }

    @Test func theFirstValueMayBeAskedFor() throws {
        let text = TableConfiguration.text().replacingOccurrences(of: #""pick": "best""#, with: #""pick": "first""#)
        #expect(try summary(table(TemporaryFolder.studyTrials, text), "small", "best").values == [9, 9, 6])
    }

    @Test func ratioIsOfMeansAndOfPublishedValues() throws {
        let text = TableConfiguration.text().replacingOccurrences(
            of: #""size": ["large"]}"#, with: #""size": ["large"]}, "published": {"best": 1.5}"#)
        let table = try table(TemporaryFolder.studyTrials, text)
        #expect(try summary(table, "small", "share").mean == 1)
        #expect(try summary(table, "large", "share").mean == 1.5 / 4)
        #expect(table.cell(row: "large", column: "share")?.published == .number(1.5 / 4.5, text: "0.333"))
        #expect(table.columns.map(\.hasPublished) == [true, false, false, true])
    }

    @Test func bestRowIsMarked() throws {
        let table = try table(TemporaryFolder.studyTrials)
        #expect(table.cell(row: "large", column: "best")?.isBest == true)
        #expect(table.cell(row: "small", column: "best")?.isBest == false)
        // Nothing is best where the column does not say what is.
        #expect(table.rows.allSatisfy { !$0.cells[1].isBest })
    }

    @Test func nothingIsBestAmongEquals() throws {
        let trials = TemporaryFolder.studyTrials.map { trial in
            var trial = trial
            trial.distances = [5]
            return trial
        }
        #expect(try table(trials).rows.allSatisfy { !$0.cells[0].isBest })
    }

    @Test func ratiosAreOfValuesMeasuredInTheSameWay() throws {
        var trials = TemporaryFolder.studyTrials
        for index in 3..<6 { trials[index].identity = SyntheticTrial.identity(samples: 500) }
        let table = try table(trials)
        #expect(table.cell(row: "small", column: "share")?.summary?.mean == 1)
        #expect(table.cell(row: "large", column: "share")?.isMissing == true)
    }

    @Test func meanOfAMetricMayTakeAbsoluteValues() throws {
        let text = TableConfiguration.text().replacingOccurrences(
            of: #""metric.fid-lenet", "pick": "best""#, with: #""metric.fid-lenet", "pick": "mean", "absolute": true"#)
        let table = try table(
            [
                SyntheticTrial(id: "a", settings: ["size": "small", "seed": 0], distances: [-3, 3, 6]),
                SyntheticTrial(id: "b", settings: ["size": "large", "seed": 0], distances: [-2, 2]),
            ], text)
        #expect(try summary(table, "small", "best").mean == 4)
        #expect(try summary(table, "large", "best").mean == 2)
    }

    @Test func settingsAndRecordsHaveColumns() throws {
        let columns = #"""
            "columns": [
              {"key": "best", "type": "setting", "path": "size"},
              {"key": "minutes", "type": "record", "figure": "minutes"},
              {"key": "memory", "type": "record", "figure": "peakMemory"},
              {"key": "alarms", "type": "record", "figure": "alarms"},
              {"key": "pace", "type": "record", "figure": "stepsPerSecond"},
              {"key": "steps", "type": "record", "figure": "steps"}
            ]}
            """#
        let text = TableConfiguration.text()
        let start = try #require(text.range(of: #""columns""#))
        var trials = TemporaryFolder.studyTrials
        trials[0].alarms = ["step 300: the discriminator's loss is near zero"]
        let table = try table(trials, text[..<start.lowerBound] + columns)
        #expect(table.cell(row: "small", column: "best")?.words == "small")
        #expect(try summary(table, "small", "minutes").values == [1, 2, 3])
        #expect(try summary(table, "small", "memory").mean == 120)
        #expect(try summary(table, "small", "alarms").values == [1, 0, 0])
        #expect(try summary(table, "small", "pace").mean == 2.5)
        #expect(try summary(table, "small", "steps").mean == 300)
        #expect(table.columns.map(\.unit) == [nil, "min", "MB", nil, "1/s", nil])
    }

    @Test func rowsMayBeMadeByAxes() throws {
        let trials = try folder.study()
        #expect(TableMaking.rows(by: ["size"], of: trials.map(\.definition)).map(\.name) == ["small", "large"])
        let both = TableMaking.rows(by: ["size", "base"], of: trials.map(\.definition))
        #expect(both.map(\.name) == ["size small, base gan/mlp", "size large, base gan/mlp"])
        #expect(TableMaking.rows(by: ["no.such"], of: trials.map(\.definition)).map(\.name) == ["none"])
        #expect(TableMaking.shortName("ensemble.combination.type") == "combination")
    }

    @Test func rowsAreFoundByTheValuesOfTheirConditions() {
        let items: [ConfigObject] = [
            ["size": 1, "kind": "a"], ["size": 2.0], ["size": 2, "kind": .null], ["size": [1, 2], "kind": "b"], [:],
        ]
        var calls = 0
        let members = RowMembers(Array(items.enumerated())) { item, key in
            calls += 1
            return item.element[key]
        }
        func found(_ conditions: (key: String, value: ConfigNode)...) -> [Int] {
            members.of(TableRow(name: "row", conditions: conditions)).map(\.offset)
        }
        #expect(found(("size", 2)) == [1, 2])
        #expect(found(("size", [2, 1, 2])) == [0, 1, 2])
        #expect(found(("size", [1, 2])) == [0, 1, 2, 3], "the list itself is a value too")
        #expect(found(("kind", .null)) == [1, 2, 4])
        #expect(found(("kind", [.null, "b"])) == [2, 3])
        #expect(found() == [0, 1, 2, 3, 4])
        calls = 0
        for size in 0..<100 { #expect(found(("size", ConfigNode(size)), ("kind", "a")) == (size == 1 ? [0] : [])) }
        #expect(calls == 2 * items.count, "each value is asked for once, for any number of rows")
    }

    @Test func timesAtStepsAreThoseOfTheLastLineBefore() throws {
        let lines = [(10, 1.5), (20, 2.5), (40, 4)].map { #"{"step": \#($0), "seconds": \#($1)}"# }
        let history = RunHistory(path: try folder.write(lines.joined(separator: "\n") + "\n", to: "metrics.jsonl"))
        #expect(
            [0, 9, 10, 19, 20, 39, 40, 99].map { history.seconds(at: $0) } == [nil, nil, 1.5, 1.5, 2.5, 2.5, 4, 4])
        #expect(RunHistory(path: folder.path + "/none").seconds(at: 1) == nil)
    }

    /// A search through all lines for each point would take minutes.
    @Test(.timeLimit(.minutes(1))) func timesOfLongRunsAreFound() throws {
        let count = 100_000
        let lines = (1...count).map { "{\"step\": \($0), \"seconds\": \($0)}\n" }
        let history = RunHistory(path: try folder.write(lines.joined(), to: "metrics.jsonl"))
        #expect((1...count).allSatisfy { history.seconds(at: $0) == Double($0) })
    }

    // MARK: What does not count

    @Test func unfinishedTrialsAreStatedAndDoNotCount() throws {
        var trials = TemporaryFolder.studyTrials
        trials[1].state = .failed
        trials[1].reason = "loss.generator is NaN at step 200"
        trials[2].state = .pruned
        trials[2].reason = "worse than the median"
        trials[3].state = .waiting
        let table = try table(trials)
        #expect(try summary(table, "small", "best").values == [2])
        #expect(table.rows.map(table.trialsText) == ["1/3", "2/3"])
        #expect(
            table.notes.contains("small: seed 1 failed (loss.generator is NaN at step 200) and does not count"),
            "\(table.notes)")
        #expect(table.notes.contains("small: seed 2 was ended early (worse than the median) and does not count"))
        #expect(table.notes.contains("large: seed 0 was not run and does not count"))
    }

    /// Two sweeps of a budget may have a trial in common; its two runs are one sample.
    @Test func aTrialInTwoSweepsCountsOnce() throws {
        var copies = Array(TemporaryFolder.studyTrials.prefix(3))
        let first = try RecordedSweep(folder.sweep(named: "first", copies)).trials
        copies[0].state = .failed
        let second = try RecordedSweep(folder.sweep(named: "second", copies)).trials
        for trials in [first + second, second + first] {
            let table = try TableConfiguration.read(TableConfiguration.text()).table(trials)
            #expect(try summary(table, "small", "best").values == [2, 4, 6])
            #expect(table.trialsText(of: table.rows[0]) == "3")
            #expect(!table.notes.contains { $0.contains("to no row") }, "\(table.notes)")
        }
        // A copy that failed says more than one that was never begun.
        copies[0].state = .waiting
        let third = try RecordedSweep(folder.sweep(named: "third", copies)).trials
        let table = try TableConfiguration.read(TableConfiguration.text()).table(third + second)
        #expect(table.rows[0].failed == 1)
    }

    /// A ratio is as complete as the values that it compares.
    @Test func ratiosOfIncompleteRowsAreNotBest() throws {
        let text = TableConfiguration.text().replacingOccurrences(
            of: #""key": "share","#, with: #""key": "share", "best": "minimize","#)
        func best(failed: Int?) throws -> [Bool?] {
            var trials = TemporaryFolder.studyTrials
            trials += (0..<3).map {
                SyntheticTrial(id: "c\($0)", settings: ["size": "huge", "seed": .init($0)], distances: [1])
            }
            if let failed { trials[failed].state = .failed }
            let rows = #"{"name": "huge", "where": {"size": "huge"}}, {"name": "large""#
            let recorded = try RecordedSweep(folder.sweep(named: "failed-\(failed ?? -1)", trials))
            let table = try TableConfiguration.read(text.replacing(#"{"name": "large""#, with: rows))
                .table(recorded.trials)
            return ["small", "large", "huge"].map { table.cell(row: $0, column: "share")?.isBest }
        }
        #expect(try best(failed: nil) == [false, false, true])
        #expect(try best(failed: 7) == [false, true, false])
        // Of the base of the ratios.
        #expect(try best(failed: 1) == [false, false, false])
    }

    @Test func trialsWithTheSameFateShareANote() throws {
        var trials = TemporaryFolder.studyTrials
        for index in 3...4 { trials[index].state = .stopped }
        #expect(try table(trials).notes.contains("large: seeds 0, 1 were stopped before completion and do not count"))
    }

    @Test func trialsWithoutAValueAreNamed() throws {
        let text = TableConfiguration.text().replacingOccurrences(
            of: #"{"key": "last", "type": "metric", "metric": "metric.fid-lenet"}"#,
            with: #"{"key": "last", "type": "timeToReach", "metric": "metric.fid-lenet", "value": 5}"#)
        let note = "small: last: seed 2 has no value, and the mean is over the other 2"
        #expect(try table(TemporaryFolder.studyTrials, text).notes.contains(note))
    }

    @Test func trialsWithoutAnyValueAreNamedOnce() throws {
        var trials = TemporaryFolder.studyTrials
        for index in 1..<3 { trials[index].distances = [] }
        let table = try table(trials)
        #expect(
            table.notes.contains(
                "small: best fid-lenet, last, minutes to best: seeds 1, 2 have no value, and the mean is over the other 1"
            ),
            "\(table.notes)")
        // A whole row without values has a dash instead.
        #expect(!table.notes.contains { $0.hasPrefix("large: ") && $0.contains("no value") })
    }

    @Test func memoryIsThatOfTraining() throws {
        let sweep = try folder.sweep(TemporaryFolder.studyTrials)
        let path = "Sweeps/study/trials/a0/run.json"
        let text = try folder.text(path).replacingOccurrences(
            of: #""peakMemoryBytes": 120000000"#,
            with: #""peakMemoryBytes": 120000000, "peakMemoryBytesBeforeEvaluation": 90000000"#)
        try folder.write(text, to: path)
        #expect(try RecordedRun(sweep.trial("a0").run).peakMemoryBytes == 90_000_000)
        #expect(try RecordedRun(sweep.trial("a1").run).peakMemoryBytes == 120_000_000)
    }

    @Test func rowsWithoutTrialsAndTrialsWithoutRowsAreStated() throws {
        var trials = TemporaryFolder.studyTrials
        for index in 3..<6 { trials[index].settings["size"] = "huge" }
        let table = try table(trials)
        #expect(table.notes.contains("large: no trial of this row has been run"))
        #expect(table.notes.contains("3 of 6 trials belong to no row"))
        #expect(table.cell(row: "large", column: "best")?.isMissing == true)
        #expect(table.notes.contains("–: no value"))
    }

    // MARK: Identities

    @Test func oneIdentityIsStatedOnce() throws {
        let table = try table(TemporaryFolder.studyTrials)
        #expect(
            table.notes.first
                == "best fid-lenet, last, minutes to best: lenet (0123456789ab), 10000 real, 1000 generated, test split, "
                + "raw weights, latents of seed 0", "\(table.notes)")
        #expect(table.columns.allSatisfy { $0.identities.count <= 1 })
    }

    @Test func valuesOfOtherLatentsAreMarked() throws {
        var trials = TemporaryFolder.studyTrials
        trials[0].identity = SyntheticTrial.identity(seed: 7)
        let table = try table(trials)
        #expect(table.columns[0].identities.count == 2)
        #expect(table.notes.first?.contains("latents of seed 7") == true, "\(table.notes)")
    }

    @Test func aFewValuesOfAnotherIdentityDoNotCount() throws {
        let before = try table(TemporaryFolder.studyTrials)
        let path = "Sweeps/study/trials/a0/evaluations.jsonl"
        let line: ConfigNode = [
            "step": 200, "metric": "fid-lenet", "value": 0.5, "identity": SyntheticTrial.identity(seed: 5),
        ]
        try folder.write(folder.text(path) + line.lineText + "\n", to: path)
        let trials = try RecordedSweep(SweepFolder(path: folder.path + "/Sweeps/study")).trials
        let after = try TableConfiguration.read(TableConfiguration.text()).table(trials)
        #expect(try summary(after, "small", "best") == summary(before, "small", "best"))
        #expect(
            after.notes.contains {
                $0.hasSuffix("1 trial has values that were measured in other ways too, which are not counted")
            }, "\(after.notes)")
    }

    @Test func aTrialEvaluatedAnewInAnotherWayStaysInTheMean() throws {
        let before = try table(TemporaryFolder.studyTrials)
        let path = "Sweeps/study/trials/a0/evaluations.jsonl"
        // As many values as training measured, and newer.
        let lines = [1, 2, 3].map { step in
            ConfigNode([
                "step": ConfigNode(100 * step), "metric": "fid-lenet", "value": 0.5,
                "identity": SyntheticTrial.identity(seed: 5),
            ]).lineText + "\n"
        }
        try folder.write(folder.text(path) + lines.joined(), to: path)
        let trials = try RecordedSweep(SweepFolder(path: folder.path + "/Sweeps/study")).trials
        let after = try TableConfiguration.read(TableConfiguration.text()).table(trials)
        #expect(try summary(after, "small", "best") == summary(before, "small", "best"))
        #expect(after.columns.allSatisfy { $0.identities.count <= 1 })
    }

    @Test func differentIdentitiesInAColumnAreMarked() throws {
        var trials = TemporaryFolder.studyTrials
        for index in 3..<6 { trials[index].identity = SyntheticTrial.identity(samples: 500) }
        let table = try table(trials)
        let column = try #require(table.columns.first)
        #expect(column.identities.count == 2)
        let marks = table.rows.map { row in table.texts(of: row.cells[0], column, in: row).map(\.mark) }
        #expect(marks == [["a"], ["b"]])
        // What must not be compared has no best, and decides no claim.
        #expect(table.rows.allSatisfy { !$0.cells[0].isBest })
        let note = try #require(table.notes.first)
        #expect(note.contains("must not be compared; a: lenet"), "\(note)")
        #expect(note.contains("b: lenet (0123456789ab), 10000 real, 500 generated"), "\(note)")
    }

    @Test func aRowMeasuredInTwoWaysHasNoCommonMean() throws {
        var trials = TemporaryFolder.studyTrials
        trials[0].identity = SyntheticTrial.identity(extractor: "resnet18")
        let table = try table(trials)
        let cell = try #require(table.cell(row: "small", column: "best"))
        #expect(cell.summary == nil)
        let texts = table.texts(of: cell, table.columns[0], in: table.rows[0])
        #expect(texts.map(\.mark) == ["b", "a"])
        #expect(texts.map(\.count) == [1, 2])
        #expect(table.cell(row: "small", column: "share")?.isMissing == true)
    }

    @Test func aColumnMayAskForAnIdentity() throws {
        var trials = TemporaryFolder.studyTrials
        for index in 3..<6 { trials[index].identity = SyntheticTrial.identity(samples: 500) }
        let text = TableConfiguration.text().replacingOccurrences(
            of: #""pick": "best""#, with: #""pick": "best", "identity": {"generatedSamples": 500}"#)
        let table = try table(trials, text)
        #expect(table.cell(row: "small", column: "best")?.isMissing == true)
        #expect(try summary(table, "large", "best").mean == 1.5)
    }

    @Test func copiesInTheLogOfMetricsAreNoValues() throws {
        let trials = TemporaryFolder.studyTrials.map { trial in
            var trial = trial
            trial.identity = nil
            return trial
        }
        #expect(try table(trials).cell(row: "small", column: "best")?.isMissing == true)
    }
}
