import AgonConfiguration
import AgonExperiments
import AgonTestSupport
import Foundation
import Testing

@testable import AgonReports

@Suite struct TableConfigurationTests {
    @Test func everythingAFileStatesIsRead() throws {
        let table = try TableConfiguration.read(
            TableConfiguration.text(
                """
                , "figures": [{"name": "boxes", "title": "Boxes", "type": "boxes", "columns": ["best"]}],
                  "claims": [{"text": "Large is better.", "check":
                    {"type": "ordered", "column": "best", "rows": ["large", "small"]}}]
                """))
        #expect(table.rows.map(\.name) == ["small", "large"])
        #expect(table.rows[0].published.map(\.value) == [.number(4.5, text: "4.5")])
        #expect(table.columns.map(\.key) == ["best", "last", "minutes", "share"])
        #expect(table.columns.map(\.heading) == ["best fid-lenet", "last", "minutes to best, min", "share"])
        #expect(table.figures.map(\.kind.columns) == [["best"]])
        #expect(table.claims.map(\.rule?.rows) == [["large", "small"]])
        #expect(table.budgets.map(\.name) == ["smoke"])
    }

    /// What is wrong, and the message, which names place and remedy.
    static let faults: [(String, String, String)] = [
        (
            #""name": "study""#, #""name": "a/b""#,
            "table.json:2: name: 'a/b' is not a valid folder name; use letters, digits, '_' and '-'"
        ),
        (#""title": "Size"#, #""titel": "Size"#, "table.json:3: titel: unknown key. Did you mean 'title'?"),
        (
            #""budgets": {"smoke""#, #""budgets": {"smok""#,
            "table.json:5: budgets: 'smok' is not a budget; choose from smoke, quick, full"
        ),
        (#""where": {"size": "small"}"#, #""where": {}"#, "at least one key, found an empty one"),
        (#""published": {"best": 4.5}"#, #""published": {"bst": 4.5}"#, "'bst' is not a column; did you mean 'best'?"),
        (
            #""published": {"best": 4.5}"#, #""published": {"best": [4]}"#,
            "published: expected an object of numbers and strings"
        ),
        (#""key": "last""#, #""key": "best""#, "'best' is listed twice"),
        (#""name": "large""#, #""name": "small""#, "'small' is listed twice"),
        (#""row": "small""#, #""row": "smal""#, "'smal' is not a row; did you mean 'small'?"),
        (
            #""column": "best""#, #""column": "speed""#,
            "'speed' is not a column; choose from best, last, minutes, share"
        ),
        (#""type": "timeToBest""#, #""type": "timeToBset""#, "Did you mean 'timeToBest'?"),
        (#""pick": "best""#, #""pick": "second""#, "pick: "),
        ("]\n}", #"], "by": ["size"]}"#, "rows: give either 'rows' or 'by'"),
        (
            "]\n}", #"], "figures": [{"name": "a/b", "title": "x", "type": "grids", "steps": [1]}]}"#,
            "'a/b' is not a valid file name"
        ),
        (
            "]\n}", #"], "figures": [{"name": "f", "title": "x", "type": "boxes", "columns": ["fid"]}]}"#,
            "figures[0]: 'fid' is not a column; choose from best, last, minutes, share"
        ),
        (
            "]\n}",
            #"], "claims": [{"text": "x", "check": {"type": "ordered", "column": "best", "rows": ["small", "big"]}}]}"#,
            "claims[0]: 'big' is not a row; choose from small, large"
        ),
        (
            "]\n}", #"], "claims": [{"text": "x", "check": {"type": "bound", "column": "best", "rows": ["small"]}}]}"#,
            "give 'above', 'below', or both"
        ),
        (
            "]\n}",
            #"], "claims": [{"text": "x", "check": {"type": "bound", "column": "best", "rows": ["small"], "above": 2, "below": 1}}]}"#,
            "2.0 is not below 'below', 1.0"
        ),
        ("]\n}", #"], "claims": [{"text": "x"}]}"#, "give either 'check' or 'notTested'"),
        (
            #""metric": "metric.fid-lenet"},"#,
            #""metric": "metric.fid-lenet", "scale": "sqrt"},"#, "scale: "
        ),
        (
            "]\n}", #"], "convergence": {"column": "fid", "floor": 4}}"#,
            "'fid' is not a column; choose from best, last, minutes, share"
        ),
        (
            #""type": "ratio", "column": "best", "row": "small""#,
            #""type": "cost", "figure": "memory", "budget": "full""#,
            "'full' is not a budget of this table; it has smoke"
        ),
        (
            #"{"file": "sweep.json"}"#, #"{"file": "sweep.json"}, {"file": "other/sweep.json"}"#,
            "two sweep files have the same name"
        ),
        (
            #"{"file": "sweep.json"}"#, #"{"file": "sweep.json", "set": {"a..b": 1}}"#,
            "'a..b' is not a path of keys, such as optimizer.learningRate"
        ),
    ]

    @Test(arguments: faults.indices) func faultsNamePlaceAndRemedy(index: Int) throws {
        let (right, wrong, expected) = Self.faults[index]
        let text = TableConfiguration.text()
        let place = try #require(text.range(of: right, options: .backwards))
        let message = message { _ = try TableConfiguration.read(text.replacingCharacters(in: place, with: wrong)) }
        #expect(message.contains(expected), "\(message)")
        #expect(message.hasPrefix("table.json:"), "\(message)")
    }

    @Test func aTableOfExistingSweepsNeedsNoBudgets() throws {
        let budgets = #""budgets": {"smoke": {"sweeps": [{"file": "sweep.json"}]}},"#
        let text = TableConfiguration.text().replacingOccurrences(of: budgets, with: "")
        #expect(try TableConfiguration.read(text).budgets.isEmpty)
        let cost = text.replacingOccurrences(
            of: #""type": "ratio", "column": "best", "row": "small""#,
            with: #""type": "cost", "figure": "memory", "budget": "full""#)
        #expect(
            message { _ = try TableConfiguration.read(cost) }
                .hasSuffix("'full' is not a budget of this table; it has none"))
    }

    @Test func sweepsAreFoundBesideTheTable() throws {
        let text = #"{"file": "../sweeps/gas.json", "seeds": [3, 4], "set": {"steps": 20, "evaluate.every": 10}}"#
        let sweep = try ConfigReader.decode(
            BudgetSweep.self, from: ConfigNode.parse(text, file: "Configs/tables/gas.json")
        ).value
        #expect(sweep.file == "Configs/sweeps/gas.json")
        #expect(sweep.label == "gas")
        let settings = sweep.settings(name: "gas-smoke")
        #expect(
            settings.map { "\($0.path)=\($0.value)" } == [
                #"name="gas-smoke""#, "seeds=[3, 4]", "set.steps=20", #"set["evaluate.every"]=10"#,
            ])
        // Errors in values are reported for the table file.
        #expect(settings[2].value.source.file == "Configs/tables/gas.json")
    }

    @Test func goalOfAMetricIsTheUsualOne() throws {
        func goal(_ more: String, best: String = "") throws -> MetricGoal? {
            let text = TableConfiguration.text().replacingOccurrences(
                of: #""metric.fid-lenet", "pick": "best""#, with: #""\#(more)", "pick": "best""#
            ).replacingOccurrences(of: #""best": "minimize", "#, with: best)
            guard case .metric(_, _, let goal, _, _) = try TableConfiguration.read(text).columns[0].quantity else {
                return nil
            }
            return goal
        }
        #expect(try goal("metric.fid-lenet") == .minimize)
        #expect(try goal("metric.modes") == .maximize)
        #expect(try goal("metric.modes-kl") == .minimize)
        #expect(try goal("metric.coverage-lenet") == .maximize)
        #expect(try goal(#"metric.modes", "goal": "minimize"#) == .minimize)
        // What is shown as best is the goal of the metric, and what claims take for better.
        #expect(try goal("score.real", best: #""best": "maximize", "#) == .maximize)
        #expect(
            message { _ = try goal(#"score.real", "goal": "minimize"#, best: #""best": "maximize", "#) }
                .hasSuffix("best: contradicts the 'goal' of the metric"))
    }

    @Test func publishedSchemaIsCurrent() throws {
        let text = try String(contentsOfFile: projectFolder + "/Configs/table-schema.json", encoding: .utf8)
        #expect(try TableConfiguration.schema().prettyText == text, "agon schema --table > Configs/table-schema.json")
    }

    static let shipped: [String] = {
        let folder = URL(fileURLWithPath: projectFolder + "/Configs/tables").resolvingSymlinksInPath().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted()
    }()

    @Test func everyPublishedTableIsShipped() {
        let names = [
            "g-advantage", "gas", "gaussians", "hacks", "hypervolume-cifar10", "hypervolume-mnist", "selfgan",
            "stacked-mnist",
        ]
        #expect(Set(Self.shipped).isSuperset(of: names.map { $0 + ".json" }), "\(Self.shipped)")
    }

    @Test(arguments: shipped) func shippedTablesAreReadAtEveryBudget(name: String) throws {
        let path = "\(projectFolder)/Configs/tables/\(name)"
        let (table, _) = try ConfigReader.decode(TableConfiguration.self, from: ConfigNode.load(path: path))
        #expect(table.name + ".json" == name)
        #expect(!table.budgets.isEmpty)
        for budget in table.budgets {
            let work = try TableWork(table: path, budget: budget.name)
            #expect(!work.sweeps.isEmpty && work.sweeps.allSatisfy { !$0.sweep.trials.isEmpty }, "\(budget.name)")
        }
    }
}
