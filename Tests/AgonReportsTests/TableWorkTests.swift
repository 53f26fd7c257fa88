import AgonConfiguration
import AgonDatasets
import AgonSweeps
import AgonTestSupport
import Foundation
import Testing

@testable import AgonReports

/// From a table's file over the folders of its sweeps to what is written.
@Suite struct TableWorkTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let base = """
        {"name": "tiny", "steps": 300, "dataset": {"name": "gaussians-8", "count": 64}, "batchSize": 8,
         "latent": {"size": 4}, "objective": {"type": "gan"}, "optimizer": {"type": "adam", "learningRate": 1e-2},
         "generator": {"layers": [{"type": "linear", "features": 16}, {"type": "linear", "features": 2}]},
         "discriminator": {"layers": [{"type": "linear", "features": 1}]}}
        """

    private static let table = """
        {
          "name": "width",
          "title": "Width of the generator",
          "description": "Two widths.",
          "source": "Somebody et al., 2020",
          "budgets": {
            "smoke": {"sweeps": [{"file": "sweep.json", "seeds": [0, 1], "set": {"log.every": 100}}],
                      "note": "two seeds of three"},
            "full": {"sweeps": [{"file": "sweep.json", "set": {"batchSize": 64}}]}
          },
          "rows": [
            {"name": "narrow", "where": {"generator.layers[0].features": 16}, "published": {"memory": 0.01}},
            {"name": "wide", "where": {"generator.layers[0].features": 32}, "note": "the default"}
          ],
          "columns": [
            {"key": "best", "type": "metric", "metric": "metric.fid-lenet", "pick": "best", "best": "minimize"},
            {"key": "parameters", "type": "cost", "figure": "parameterCount"},
            {"key": "memory", "type": "cost", "figure": "memory", "decimals": 4},
            {"key": "full", "title": "memory at full size", "type": "cost", "figure": "memory", "budget": "full",
             "decimals": 4}
          ],
          "claims": [
            {"text": "Wide is better.", "check": {"type": "ordered", "column": "best", "rows": ["wide", "narrow"]}},
            {"text": "Wide is larger.", "source": "Table 2",
             "check": {"type": "ordered", "column": "parameters", "rows": ["narrow", "wide"]}}
          ]
        }
        """

    /// The table's file with its sweep; runs are put into the temporary folder.
    private func work(_ budget: String = "smoke") throws -> TableWork {
        try folder.write(Self.base, to: "base.json")
        try folder.write(
            """
            {"name": "widths", "base": "base.json", "seeds": [0, 1, 2],
             "axes": [{"path": "generator.layers[0].features", "values": [16, 32]}]}
            """, to: "sweep.json")
        let file = try folder.write(Self.table, to: "width.json")
        let parent = folder.path
        return try TableWork(table: file, budget: budget) { SweepFolder(path: "\(parent)/Sweeps/\($0)") }
    }

    /// Gives each trial the distances of its row and seed.
    private func record(_ work: TableWork, _ change: (inout SyntheticTrial, Int) -> Void = { _, _ in }) throws {
        for (sweep, place) in work.sweeps {
            try place.prepare(sweep)
            for (index, trial) in sweep.trials.enumerated() {
                let isWide = trial.settings[0].value.integer == 32
                var recorded = SyntheticTrial(
                    id: trial.id, settings: [:], distances: isWide ? [3, 2, 1] : [9, 8, 7], seconds: 90)
                change(&recorded, index)
                try recorded.write(to: folder, "Sweeps/\(sweep.configuration.name)/trials/\(trial.id)")
            }
        }
    }

    private func results(_ work: TableWork) throws -> TableResults {
        try work.results(
            searchPath: DataSearchPath(roots: [], manifestFolders: [], fetchFolder: folder.path),
            commandLine: ["/usr/bin/agon", "table", "it's width", "--budget", "smoke"], seconds: 12.34)
    }

    @Test func sweepsAreThoseOfTheBudget() throws {
        let smoke = try work()
        #expect(smoke.sweeps.map { $0.sweep.configuration.name } == ["width-smoke"])
        #expect(smoke.sweeps[0].sweep.trials.count == 4)
        #expect(smoke.standardResults == "Results/width-smoke")
        let full = try work("full")
        #expect(full.sweeps[0].sweep.trials.count == 6)
        #expect(full.sweeps[0].sweep.trials[0].experiment.resolved["batchSize"]?.integer == 64)
    }

    @Test func tableSaysWhatWasMeasuredAndWhatThePlanGives() throws {
        let work = try work()
        try record(work)
        let results = try results(work)
        #expect(results.isComplete)
        let table = results.table
        #expect(table.cell(row: "wide", column: "best")?.summary?.values == [1, 1])
        // 4 x 16 + 16 + 16 x 2 + 2 of the generator, 2 + 1 of the discriminator.
        #expect(table.cell(row: "narrow", column: "parameters")?.summary?.mean == 117)
        #expect(table.cell(row: "wide", column: "parameters")?.summary?.mean == 229)
        let memory = try #require(table.cell(row: "narrow", column: "memory")?.summary?.mean)
        let full = try #require(table.cell(row: "narrow", column: "full")?.summary?.mean)
        #expect(memory > 0 && full > memory)
        #expect(table.notes.contains("wide: the default"))
        #expect(table.notes.contains("two seeds of three"))
        // Two seeds decide nothing; what the config decides needs no seed.
        #expect(table.judgements.map(\.verdict) == [.notTested(" (n = 2)"), .decided(.confirmed)])
        #expect(table.judgements.map(\.source) == ["Somebody et al., 2020", "Table 2"])
    }

    @Test func filesAreWritten() throws {
        let work = try work()
        try record(work)
        #expect(try results(work).write(to: folder.path + "/Results").isEmpty)
        let markdown = try folder.text("Results/table.md")
        #expect(
            markdown.hasPrefix(
                "# Width of the generator\n\nTwo widths.\n\nPublished: Somebody et al., 2020.\n\n## Claims\n\n|"))
        for words in [
            "| narrow | 2 | 7 ± 0 (2) | 117 | 0.01 | 0.", "## Values",
            "| Wide is better. | – | **not tested** (n = 2) | best: wide / narrow = 0.143 \\[0.143, 0.143\\], seeds apart |",
            "| Wide is larger. (Table 2) | – | **confirmed** | parameters: narrow / wide = 0.511, exact | below 1 |",
            "## Origin",
            "`agon table \(work.file) --budget smoke --values values.json`",
            "4 trials on Example CPU 9000, 2 cores, OpenBLAS Zen, 6 min 00 s of training in total. Commit 1a82cba13f49.",
            "Configs: table \(work.resolved.digest.prefix(12)); sweeps ",
        ] {
            #expect(markdown.contains(words), "\(words) in \(markdown)")
        }
        let latex = try folder.text("Results/table.tex")
        #expect(latex.hasPrefix("% 4 trials on Example CPU 9000"))
        #expect(latex.contains("\\label{tab:width-smoke}"))
        #expect(try folder.text("Results/table.csv").hasPrefix("row,trials,done,best,"))
        let lines = try folder.text("Results/trials.csv").components(separatedBy: "\r\n")
        #expect(lines.count == 6)

        let origin = try ConfigNode.load(path: folder.path + "/Results/provenance.json")
        #expect(origin["command"]?.array?.compactMap(\.string).suffix(2) == ["--budget", "smoke"])
        #expect(origin["config"]?.string == work.resolved.digest)
        #expect(origin["seconds"]?.number == 12.3)
        #expect(origin["trainingSeconds"]?.number == 360)
        #expect(origin["machines"]?.array?.count == 1)
        #expect(origin["machines"]?.array?.first?["processor"]?.string == "Example CPU 9000")
        #expect(origin["commits"]?.array?.first?["commit"]?.string == "1a82cba13f49191c1434761a3ba8c98a83fabe42")
        let trials = try #require(origin["trials"]?.array)
        try #require(trials.count == 4 && work.sweeps[0].sweep.trials.count == 4)
        for (trial, planned) in zip(trials, work.sweeps[0].sweep.trials) {
            #expect(trial["id"]?.string == planned.id)
            #expect(trial["config"]?.string == planned.experiment.resolved.digest)
            #expect(trial["state"]?.string == "done")
        }
        #expect(origin["sweeps"]?.array?.first?["config"]?.string == work.sweeps[0].sweep.resolved.digest)
    }

    @Test func valuesAloneMakeTheSameBytes() throws {
        let work = try work()
        try record(work) { trial, index in
            if index == 0 {
                trial.state = .failed
                trial.reason = "a loss is NaN"
            }
        }
        _ = try results(work).write(to: folder.path + "/Runs")
        let values = try TableValues(path: folder.path + "/Runs/values.json")
        let again = try work.results(of: values)
        #expect(again.warnings.isEmpty && !again.isComplete)
        _ = try again.write(to: folder.path + "/Values")
        for name in ["table.md", "table.csv", "table.tex", "values.json"] {
            #expect(try folder.text("Values/" + name) == folder.text("Runs/" + name), "\(name)")
        }
    }

    /// One machine ran the narrow row, another runs the wide one.
    @Test func trialsOfAnotherMachineCountAndAreNotRunAgain() throws {
        let other = try work()
        try record(other) { trial, index in
            if index > 1 { trial.state = .waiting }
            trial.processor = "Other CPU 7000"
        }
        _ = try results(other).write(to: folder.path + "/Other")
        try FileManager.default.removeItem(atPath: folder.path + "/Sweeps")
        let path = folder.path + "/Other/values.json"

        var work = try work()
        #expect(
            try work.add(TableValues(path: path), from: "theirs") == [
                "theirs: 2 trials counted that were run elsewhere"
            ])
        #expect(work.sweepsToRun().map { $0.sweep.trials.map { $0.settings[0].value.integer } } == [[32, 32]])
        let alone = try results(work)
        #expect(!alone.isComplete)
        #expect(alone.table.cell(row: "narrow", column: "best")?.summary?.values == [7, 7])
        #expect(alone.values.origin[0].hasPrefix("2 trials on Other CPU 7000"))

        for (sweep, place) in work.sweepsToRun() {
            try place.prepare(sweep)
            for trial in sweep.trials {
                try SyntheticTrial(id: trial.id, settings: [:], distances: [3, 2, 1], seconds: 90)
                    .write(to: folder, "Sweeps/\(sweep.configuration.name)/trials/\(trial.id)")
            }
        }
        let joined = try results(work)
        #expect(joined.isComplete)
        #expect(joined.table.cell(row: "narrow", column: "best")?.summary?.values == [7, 7])
        #expect(joined.table.cell(row: "wide", column: "best")?.summary?.values == [1, 1])
        #expect(
            joined.values.origin.map { String($0.prefix(25)) }
                == [
                    "2 trials on Example CPU 9", "2 trials on Other CPU 700",
                    "Configs: table \(work.resolved.digest.prefix(10))",
                ])
        _ = try joined.write(to: folder.path + "/Joined")
        _ = try work.results(of: TableValues(path: folder.path + "/Joined/values.json")).write(
            to: folder.path + "/Again")
        for name in ["table.md", "table.csv", "table.tex", "values.json"] {
            #expect(try folder.text("Again/" + name) == folder.text("Joined/" + name), "\(name)")
        }
        let origin = try ConfigNode.load(path: folder.path + "/Joined/provenance.json")
        #expect(
            origin["added"]?.array?.map { $0["trials"]?.array?.compactMap(\.string) }
                == [other.sweeps[0].sweep.trials.prefix(2).map(\.id).sorted()])

        // The joined file brings nothing that is not here or in the first file.
        #expect(
            try work.add(TableValues(path: folder.path + "/Joined/values.json"), from: "joined")
                == ["joined: 0 trials counted that were run elsewhere"])
        #expect(try results(work).values.origin == joined.values.origin)

        var full = try self.work("full")
        #expect(
            message { _ = try full.add(TableValues(path: path), from: "theirs") }
                == "theirs: the values are of table width at budget smoke, not of width at budget full")
    }

    /// A time of one machine is not averaged with that of another.
    @Test func addedTrialsHaveNoTimesBesideThoseOfThisMachine() throws {
        _ = try work()
        let file = try folder.write(
            Self.table.replacingOccurrences(
                of: #"{"key": "parameters""#,
                with: #"{"key": "time", "type": "record", "figure": "seconds"}, {"key": "parameters""#),
            to: "timed.json")
        let parent = folder.path
        func timed() throws -> TableWork {
            try TableWork(table: file, budget: "smoke") { SweepFolder(path: "\(parent)/Sweeps/\($0)") }
        }
        try record(timed()) { trial, index in if index > 0 { trial.state = .waiting } }
        _ = try results(timed()).write(to: folder.path + "/Other")
        try FileManager.default.removeItem(atPath: folder.path + "/Sweeps")
        var work = try timed()
        _ = try work.add(TableValues(path: folder.path + "/Other/values.json"), from: "theirs")
        let alone = try results(work).table
        #expect(alone.cell(row: "narrow", column: "time")?.summary?.values == [90])
        #expect(alone.notes.contains("narrow: seed 1 was not run and does not count"))
        try record(work) { trial, index in if index != 1 { trial.state = .waiting } }
        let joined = try results(work).table
        #expect(joined.cell(row: "narrow", column: "best")?.summary?.values == [7, 7])
        #expect(joined.cell(row: "narrow", column: "time")?.summary?.values == [90])
        #expect(joined.notes.contains("narrow: time: seed 0 has no value, and the mean is over the other 1"))
    }

    @Test func addedTrialsOfFormerConfigsDoNotCount() throws {
        let other = try work()
        try record(other)
        _ = try results(other).write(to: folder.path + "/Other")
        try FileManager.default.removeItem(atPath: folder.path + "/Sweeps")
        try folder.write(
            folder.text("width.json").replacingOccurrences(of: "\"log.every\": 100", with: "\"batchSize\": 16"),
            to: "changed.json")
        var changed = try TableWork(table: folder.path + "/changed.json", budget: "smoke")
        #expect(
            try changed.add(TableValues(path: folder.path + "/Other/values.json"), from: "theirs") == [
                "theirs: 0 trials counted that were run elsewhere",
                "theirs: 4 trials not counted, as their configs have changed since",
                "theirs: from another version of the table's file, in which columns may have had other meanings",
            ])
        #expect(changed.sweepsToRun().map(\.sweep.trials.count) == [4])
    }

    @Test func valuesOfOtherTablesAndConfigsAreNoticed() throws {
        let work = try work()
        try record(work)
        _ = try results(work).write(to: folder.path + "/Runs")
        let values = try TableValues(path: folder.path + "/Runs/values.json")
        #expect(
            message { _ = try self.work("full").results(of: values) }
                == "the values are of table width at budget smoke, not of width at budget full")
        let changed = folder.path + "/changed.json"
        try folder.write(
            folder.text("width.json").replacingOccurrences(of: "\"log.every\": 100", with: "\"batchSize\": 16"),
            to: "changed.json")
        let warnings = try TableWork(table: changed, budget: "smoke").results(of: values).warnings
        #expect(
            warnings == [
                "4 of the trials are of configs that have changed since; agon table \(changed) --budget smoke runs today's"
            ])
        try folder.write(
            #"{"table": "t", "budget": "b", "rows": [{"name": "r", "costs": {"c": "x"}}]}"#, to: "bad.json")
        #expect(
            message { _ = try TableValues(path: folder.path + "/bad.json") }.contains("'c': expected a number, found"))
    }

    /// Costs follow from the configs, so they need no runs.
    @Test func costsAreJudgedBeforeAnyRun() throws {
        let found = try results(work())
        #expect(!found.isComplete)
        #expect(found.table.judgements.map(\.verdict.text) == ["not tested: best: no run of wide", "confirmed"])
    }

    @Test func unfinishedTablesSayWhatIsMissing() throws {
        let work = try work()
        try record(work) { trial, index in
            if index == 0 {
                trial.state = .failed
                trial.reason = "a loss is NaN"
            }
            if index == 3 { trial.state = .waiting }
        }
        let results = try results(work)
        #expect(!results.isComplete)
        #expect(results.text.contains("| narrow | 1/2 |"))
        // Costs need no seeds.
        #expect(
            work.noteOnFewSeeds
                == "budget 'smoke' leaves 1 claim untested: it plans fewer than 5 trials of a row")
        #expect(results.text.contains("- narrow: seed 0 failed (a loss is NaN) and does not count"))
        #expect(results.text.contains("- wide: seed 1 was not run and does not count"))
        #expect(results.hasFailures)
    }

    /// What failed here may be completed elsewhere.
    @Test func aFailureThatAnotherMachineCompletedDoesNotCount() throws {
        try record(work())
        _ = try results(work()).write(to: folder.path + "/Other")
        try FileManager.default.removeItem(atPath: folder.path + "/Sweeps")
        var work = try work()
        try record(work) { trial, index in if index == 0 { trial.state = .failed } }
        #expect(try results(work).hasFailures)
        _ = try work.add(TableValues(path: folder.path + "/Other/values.json"), from: "theirs")
        let joined = try results(work)
        #expect(joined.isComplete && !joined.hasFailures)
    }

    /// Trials that another rule ended are left to run.
    @Test func trialsOfAFormerRuleAreLeftToRun() throws {
        let work = try work()
        try record(work) { trial, index in if index == 0 { trial.state = .pruned } }
        let results = try results(work)
        #expect(!results.isComplete)
        #expect(results.text.contains("- narrow: seed 0 was stopped before completion and does not count"))
    }

    @Test func claimsOnRowsByAxesAndOnRatiosOfCostsAreCounted() throws {
        _ = try work()
        let rows = try #require(Self.table.range(of: #""rows": "#))
        let columns = try #require(Self.table.range(of: #""columns": "#))
        var text = Self.table[..<rows.lowerBound] + #""by": ["generator.layers[0].features"], "#
        text += Self.table[columns.lowerBound...]
        let changed = String(text).replacing(#""rows": ["wide", "narrow"]"#, with: #""rows": ["32", "16"]"#)
            .replacing(
                #""column": "parameters", "rows": ["narrow", "wide"]"#,
                with: #""column": "share", "rows": ["16", "32"]"#
            ).replacing(
                #"{"key": "memory","#,
                with: #"{"key": "share", "type": "ratio", "column": "parameters", "row": "16"}, {"key": "memory","#)
        let file = try folder.write(changed, to: "by.json")
        #expect(
            try TableWork(table: file, budget: "smoke").noteOnFewSeeds
                == "budget 'smoke' leaves 1 claim untested: it plans fewer than 5 trials of a row")
    }

    /// Trials that the sweep no longer has stay in their folders, and count nowhere.
    @Test func formerTrialsDoNotCount() throws {
        let work = try work()
        try record(work)
        try folder.write(
            folder.text("width.json").replacingOccurrences(of: "\"seeds\": [0, 1]", with: "\"seeds\": [1]"),
            to: "width.json")
        let parent = folder.path
        let changed = try TableWork(table: folder.path + "/width.json", budget: "smoke") {
            SweepFolder(path: "\(parent)/Sweeps/\($0)")
        }
        let results = try results(changed)
        #expect(results.table.rows.map(\.trials) == [1, 1])
        #expect(results.isComplete)
    }

    @Test func whatCannotBeMadeIsSaid() throws {
        _ = try work()
        var file = try folder.text("width.json")
        let columns = try #require(file.range(of: #"{"key": "parameters""#))
        let claims = try #require(file.range(of: #""claims""#))
        file.replaceSubrange(columns.lowerBound..<claims.lowerBound, with: "],")
        file = file.replacingOccurrences(of: #""best": "minimize"},"#, with: #""best": "minimize"}"#)
        file = file.replacingOccurrences(of: #", "published": {"memory": 0.01}"#, with: "")
        file = file.replacingOccurrences(of: #""column": "parameters""#, with: #""column": "best""#)
        let path = try folder.write(file, to: "width.json")
        let parent = folder.path
        let work = try TableWork(table: path, budget: "smoke") { SweepFolder(path: "\(parent)/Sweeps/\($0)") }
        #expect(
            message { _ = try results(work) }
                == "\(folder.path)/Sweeps/width-smoke: no trial of this sweep has been run; run it with: agon table "
                + "\(path) --budget smoke")
        try record(work) { trial, _ in trial.state = .waiting }
        #expect(message { _ = try results(work) }.contains("no trial of this sweep has been run"))
        #expect(
            message { _ = try self.work("quick") } == "table width has no budget 'quick'; it has smoke, full")
        #expect(
            message { _ = try TableWork(table: "no-such-table", budget: "smoke") }
                .hasPrefix("no-such-table: no such table in Configs/tables, and no such file."))
        #expect(
            ReportsError.unknownTable("gass", folder: "Configs/tables", existing: ["gas", "hacks"]).description
                == "gass: no such table in Configs/tables, and no such file. Did you mean 'gas'? Available: gas, hacks")
    }

    @Test func aRowThatCannotBePlannedIsANote() throws {
        try folder.write(Self.base, to: "base.json")
        let work = try work()
        try record(work)
        // The networks do not fit the points any more; what was measured stays.
        try folder.write(
            folder.text("sweep.json").replacingOccurrences(
                of: "\"base\"", with: "\"set\": {\"generator.layers[1].features\": 3}, \"base\""), to: "sweep.json")
        let parent = folder.path
        let broken = try TableWork(table: folder.path + "/width.json", budget: "smoke") {
            SweepFolder(path: "\(parent)/Sweeps/\($0)")
        }
        try record(broken)
        let results = try results(broken)
        #expect(results.table.notes.contains { $0.hasPrefix("narrow: cannot be planned: ") }, "\(results.table.notes)")
        #expect(results.table.cell(row: "narrow", column: "parameters")?.isMissing == true)
    }

    @Test func argumentsAreQuotedAsAShellTakesThem() {
        #expect(
            Provenance.shell(["/x/agon", "table", "gas", "--set", "a b=it's", ""])
                == #"agon table gas --set 'a b=it'\''s' ''"#)
    }
}
