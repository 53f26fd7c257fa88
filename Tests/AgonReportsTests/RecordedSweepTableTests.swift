import AgonConfiguration
import AgonDatasets
import AgonSweeps
import AgonTestSupport
import Foundation
import Testing

@testable import AgonReports

/// Tables of the trials in a sweep's folder as they are.
@Suite struct RecordedSweepTableTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func results(_ work: TableWork) throws -> TableResults {
        try work.results(
            searchPath: DataSearchPath(roots: [], manifestFolders: [], fetchFolder: folder.path),
            commandLine: ["agon", "table"])
    }

    /// A table's file with a row for each condition.
    private func table(_ conditions: [String], columns: String = "") throws -> String {
        let rows = conditions.enumerated().map { #"{"name": "row \#($0)", "where": \#($1)}"# }
        return try folder.write(
            """
            {"name": "sizes", "title": "Sizes", "budgets": {"smoke": {"sweeps": [{"file": "none.json"}]}},
             "rows": [\(rows.joined(separator: ", "))],
             "columns": [{"key": "best", "type": "metric", "metric": "metric.fid-lenet", "pick": "best"}\(columns)]}
            """, to: "sizes.json")
    }

    @Test func axesAndMeasurementsMakeTheTableWithoutAFile() throws {
        let sweep = try folder.sweep(TemporaryFolder.studyTrials)
        let work = try TableWork(table: nil, recorded: sweep)
        let found = try results(work)
        #expect(found.isComplete)
        #expect(found.table.rows.map(\.name) == ["small", "large"])
        #expect(found.table.cell(row: "small", column: "best metric.fid-lenet")?.summary?.values == [2, 4, 6])
        #expect(found.text.contains("|  | seeds | best fid-lenet |"), "\(found.text)")
        #expect(found.text.contains("(number of seeds)"))
        #expect(work.label == "study")
        _ = try found.write(to: folder.path + "/Results")
        #expect(
            try folder.text("Results/table.md").hasSuffix(
                " `agon table --sweep \(sweep.path)` makes the table again.\n"))
        // There is no command that reads the values of a table without a file.
        #expect(!folder.holds("Results/values.json"))
        let origin = try ConfigNode.load(path: folder.path + "/Results/provenance.json")
        #expect(origin["sweeps"]?.array?.first?["trials"]?.integer == 6)
    }

    @Test func rowsOfAFileTakeTheTrials() throws {
        let sweep = try folder.sweep(TemporaryFolder.studyTrials)
        let path = try table([#"{"size": "small"}"#])
        let found = try results(TableWork(table: path, recorded: sweep))
        #expect(found.table.cell(row: "row 0", column: "best")?.summary?.values == [2, 4, 6])
        #expect(found.table.notes.contains("3 of 6 trials belong to no row"))
    }

    @Test func aTableWithoutBudgetsTakesExistingSweepsAlone() throws {
        let sweep = try folder.sweep(TemporaryFolder.studyTrials)
        let path = try folder.write(
            """
            {"name": "sizes", "title": "Sizes", "rows": [{"name": "small", "where": {"size": "small"}}],
             "columns": [{"key": "best", "type": "metric", "metric": "metric.fid-lenet", "pick": "best"}]}
            """, to: "sizes.json")
        let found = try results(TableWork(table: path, recorded: sweep))
        #expect(found.table.cell(row: "small", column: "best")?.summary?.values == [2, 4, 6])
        #expect(
            message { _ = try TableWork(table: path, budget: "smoke") }
                == "table sizes has no budgets, so it runs nothing; --sweep tabulates an existing sweep: "
                + "agon table FILE --sweep DIR")
    }

    @Test func missingKeysAreListedAtOnce() throws {
        let sweep = try folder.sweep(TemporaryFolder.studyTrials)
        let path = try table(
            [#"{"sise": "small"}"#, #"{"size": "large", "objective.type": "gan"}"#, #"{"ema": null}"#],
            columns: #", {"key": "rate", "type": "setting", "path": "optimizer.learningRate"}"#)
        #expect(
            message { _ = try results(TableWork(table: path, recorded: sweep)) }
                == "\(sweep.path): its trials lack keys of table sizes: 'sise' (row 'row 0'; did you mean 'size'?), "
                + "'objective.type' (row 'row 1'), 'optimizer.learningRate' (column 'rate'). List their keys with: "
                + "agon runs \(sweep.path) --keys")
        let other = try table([#"{"size": "medium"}"#])
        #expect(
            message { _ = try results(TableWork(table: other, recorded: sweep)) }
                == "\(sweep.path): no trial of this sweep belongs to a row of table sizes; tabulate it by its axes with: "
                + "agon table --sweep \(sweep.path)")
    }

    @Test func whatWasNotRunOrMeasuredIsSaid() throws {
        let waiting = try folder.sweep(
            named: "waiting", [SyntheticTrial(id: "a", settings: ["seed": 0], state: .waiting)])
        #expect(
            message { _ = try results(TableWork(table: nil, recorded: waiting)) }
                == "\(waiting.path): no trial of this sweep has been run; run it with: make -C \(waiting.path) -k")
        let sweep = try folder.sweep([SyntheticTrial(id: "a", settings: ["size": "small", "seed": 0])])
        let found = try results(TableWork(table: table([#"{"size": "small"}"#]), recorded: sweep))
        #expect(found.table.notes.contains("no trial has metric.fid-lenet"), "\(found.table.notes)")
        #expect(
            found.warnings
                == ["measure metric.fid-lenet with: agon evaluate \(sweep.path)/trials/* --metrics fid"])
        #expect(
            message { _ = try TableWork(table: nil, recorded: SweepFolder(path: folder.path)) }.hasPrefix(
                "\(folder.path): contains no sweep"))
    }

    @Test func trialsWhoseFoldersAreGoneAreNoted() throws {
        let sweep = try folder.sweep(TemporaryFolder.studyTrials)
        try FileManager.default.removeItem(atPath: sweep.trial("b1").path)
        let found = try results(TableWork(table: nil, recorded: sweep))
        #expect(found.table.cell(row: "large", column: "best metric.fid-lenet")?.summary?.values == [1, 2])
        #expect(
            found.table.notes.contains("large: seed 1 has no folder any more and does not count"),
            "\(found.table.notes)")
        #expect(!found.table.notes.contains { $0.contains("folder is gone") }, "\(found.table.notes)")
        // The row lacks it, so that claims on the row are not judged and its values are not called best.
        #expect(found.table.rows.map(found.table.trialsText) == ["3", "2/3"])
        #expect(found.table.rows.allSatisfy { row in row.cells.allSatisfy { !$0.isBest } })
        // Without any trial of one size, the sizes make no rows.
        for id in ["b0", "b2"] { try FileManager.default.removeItem(atPath: sweep.trial(id).path) }
        let gone = try SweepPage(RecordedSweep(sweep)).text
        #expect(gone.contains("have no folder any more and do not count"))
        for trial in TemporaryFolder.studyTrials where ["b0", "b2"].contains(trial.id) {
            try trial.write(to: folder, "Sweeps/study/trials/\(trial.id)")
        }
        let page = try SweepPage(RecordedSweep(sweep)).text
        #expect(page.contains("2/3") && page.contains("has no folder any more"))
        // Without its config, it is not known to be without a key.
        let path = try table([#"{"size": "large", "ema": null}"#])
        let other = try results(TableWork(table: path, recorded: sweep))
        #expect(other.table.rows.map(other.table.trialsText) == ["2"])
        #expect(
            other.table.notes.contains("size=large seed=1: the trial's folder is gone, and it does not count"),
            "\(other.table.notes)")
    }

    /// Its config is made again from the sweep's file, wherever the table is made.
    @Test func configsOfTrialsWithoutFoldersAreMadeAgain() throws {
        try folder.write(TinyExperiment.text, to: "root/tiny.json")
        let file = try folder.write(#"{"name": "s", "base": "tiny.json", "seeds": [1, 2]}"#, to: "root/s.json")
        let place = SweepFolder(path: folder.path + "/Sweeps/s")
        let sweep = try Sweep(file: file)
        try place.prepare(sweep)
        let list = try ConfigNode.load(path: place.listPath)
        let root = try #require(list["root"])
        let moved = list.prettyText.replacing(root.lineText, with: ConfigNode(folder.path + "/root").lineText)
            .replacing(ConfigNode(file).lineText, with: #""s.json""#)
        try moved.write(toFile: place.listPath, atomically: true, encoding: .utf8)
        try FileManager.default.removeItem(atPath: place.trial(sweep.trials[0].id).path)
        let recorded = try RecordedSweep(place)
        #expect(recorded.absent.map(\.id) == [sweep.trials[0].id])
        #expect(recorded.definitions.map(\.definition.config) == sweep.trials.map(\.experiment.resolved))
    }

    /// Commands work as they are printed: a shell reads the folder as one word, and still expands the star.
    @Test func commandsQuoteTheFolderAlone() throws {
        let trial = SyntheticTrial(id: "a", settings: ["size": "small", "seed": 0])
        let sweep = SweepFolder(path: folder.path + "/my sweep")
        try FileManager.default.moveItem(atPath: folder.sweep([trial]).path, toPath: sweep.path)
        let columns = #", {"key": "fid", "type": "metric", "metric": "metric.fid-inceptionv3", "pick": "last"}"#
        let found = try results(TableWork(table: table([#"{"size": "small"}"#], columns: columns), recorded: sweep))
        let command = "agon evaluate '\(sweep.path)/trials'/* --metrics fid"
        #expect(
            found.warnings == [
                "measure metric.fid-lenet with: \(command)",
                "measure metric.fid-inceptionv3 with: \(command) --classifier inception.safetensors "
                    + "(Documentation/metrics.md tells how to make this file)",
            ])
        let cases: [(ReportsError, String)] = [
            (.nothingRunIn(sweep: sweep.path), "make -C '\(sweep.path)' -k"),
            (.noTrialInRows(sweep: sweep.path, table: "t"), "agon table --sweep '\(sweep.path)'"),
            (.missingKeys([], sweep: sweep.path, table: "t"), "agon runs '\(sweep.path)' --keys"),
        ]
        for (error, command) in cases { #expect("\(error)".hasSuffix(": " + command), "\(error)") }
    }

    /// The spread of a row that pools different settings is not a deviation over seeds.
    @Test func pooledRowsAreNotCalledSeeds() throws {
        let sweep = try folder.sweep(TemporaryFolder.studyTrials)
        let work = try TableWork(table: table([#"{"base": "gan/mlp"}"#]), recorded: sweep)
        let found = try results(work)
        #expect(found.text.contains("|  | trials |"), "\(found.text)")
        #expect(found.table.notes.contains("row 0: its trials differ in size, so ± is not over seeds alone"))
        #expect(!found.text.contains("(number of seeds)"))
        _ = try found.write(to: folder.path + "/Results")
        #expect(try folder.text("Results/table.tex").contains("& trials &"))
    }

    /// Trials of several sweeps can differ in settings that no axis names.
    @Test func settingsWithoutAnAxisCountAsPooled() throws {
        var trials = Array(TemporaryFolder.studyTrials.prefix(2))
        trials[1].config = ["batchSize": 16, "description": "another text"]
        let recorded = try RecordedSweep(folder.sweep(trials)).trials
        #expect(TableMaking.settings(thatDifferAmong: recorded.map(\.definition)) == ["batchSize"])
    }
}
