import AgonConfiguration
import AgonStatistics
import Foundation
import Testing

@testable import AgonReports

@Suite struct ClaimJudgeTests {
    /// All distances lie above a bound that has no logarithm.
    @Test func boundsOfZeroOrLessHoldOnTheLogarithmicScale() {
        func hypothesis(_ above: Double?, _ below: Double?) -> Hypothesis {
            ClaimComparison.Statement.bound(above: above, below: below).hypothesis(isLogarithmic: true, goal: .minimize)
        }
        #expect(hypothesis(-1, 10) == .within(-.infinity...log(10)))
        #expect(hypothesis(-1, nil) == .above(-.infinity))
        #expect(hypothesis(2, nil) == .above(log(2)))
    }

    private enum Given {
        /// Of the seeds 0, 1, 2 and so on.
        case seeds([Double])
        case seedsFrom(Int, [Double])
        case exact(Double)
        case none
        case ofOtherIdentity([Double])
    }

    /// A table of one column.
    private func table(_ rows: [(String, Given)], isLogarithmic: Bool, steps: Int?, published: Int?) -> ResultTable {
        var column = ResultTable.Column(key: "fid", title: "fid", unit: nil, decimals: 2, best: nil)
        column.isLogarithmic = isLogarithmic
        var table = ResultTable(name: "t", title: "T", columns: [column], rows: [])
        table.rows = rows.map { name, given in
            var cell = ResultTable.Cell()
            var (values, identity, first) = ([Double](), 0, 0)
            switch given {
            case .seeds(let given): values = given
            case .seedsFrom(let seed, let given): (values, first) = (given, seed)
            case .exact(let value): (values, cell.isExact) = ([value], true)
            case .none: break
            case .ofOtherIdentity(let given): (values, identity) = (given, 1)
            }
            let seeds = values.indices.map { Optional(first + $0) }
            cell.groups =
                Summary(values).map { [ResultTable.Cell.Group(summary: $0, seeds: seeds, identity: identity)] } ?? []
            cell.isComplete = true
            return ResultTable.Row(
                name: name, trials: values.count, done: values.count, cells: [cell], steps: steps,
                publishedSteps: published)
        }
        return table
    }

    private func judge(
        _ check: String, _ rows: [(String, Given)], isLogarithmic: Bool = false, gate: String = "always",
        steps: Int? = 100, published: Int? = 100, convergence: String? = nil
    ) throws -> Judgement {
        let text = #"{"text": "So it is.", "gate": "\#(gate)", "check": \#(check)}"#
        let claim = try ConfigReader.decode(TableClaim.self, from: ConfigNode.parse(text, file: "table.json")).value
        let near = try convergence.map {
            try ConfigReader.decode(TableConvergence.self, from: ConfigNode.parse($0, file: "table.json")).value
        }
        let table = table(rows, isLogarithmic: isLogarithmic, steps: steps, published: published)
        return ClaimJudge(table: table, convergence: near).judge(claim, source: "Paper")
    }

    private static let ordered = #"{"type": "ordered", "column": "fid", "rows": ["a", "b"]}"#
    private static let low = [1.0, 2.5, 3.1, 2.2, 4.0]

    // MARK: Kinds

    @Test func anOrderIsDecidedByTheInterval() throws {
        let clear = try judge(Self.ordered, [("a", .seeds(Self.low)), ("b", .seedsFrom(5, [8, 9, 7, 8, 9]))])
        #expect(clear.verdict == .decided(.confirmed))
        #expect(clear.count == 5 && clear.source == "Paper")
        // Values of scipy.stats.ttest_ind(equal_var=False).
        #expect(clear.effects.map(\.text) == ["fid: a - b = -5.64 [-7.09, -4.19], seeds apart"], "\(clear.effects)")
        #expect(clear.effects.map(\.margin) == ["below 0"])
        let near = try judge(Self.ordered, [("a", .seeds(Self.low)), ("b", .seedsFrom(5, [2, 3.5, 5, 4.4, 2]))])
        #expect(near.verdict == .decided(.undecided))
        let reversed = try judge(Self.ordered, [("a", .seedsFrom(5, [8, 9, 7, 8, 9])), ("b", .seeds(Self.low))])
        #expect(reversed.verdict == .decided(.refuted))
    }

    @Test func sharedSeedsArePairsWhereThatHelps() throws {
        let shifted = Self.low.map { $0 + 1 }.enumerated().map { $1 + ($0 % 2 == 0 ? 0.1 : -0.1) }
        let paired = try judge(Self.ordered, [("a", .seeds(Self.low)), ("b", .seeds(shifted))])
        #expect(paired.verdict == .decided(.confirmed))
        #expect(paired.effects.first?.text.hasSuffix("seeds in pairs") == true, "\(paired.effects)")
        // Of other seeds they are no pairs.
        let apart = try judge(Self.ordered, [("a", .seeds(Self.low)), ("b", .seedsFrom(1, shifted))])
        #expect(apart.verdict == .decided(.undecided))
        // Against each other pairs say less.
        let opposed = try judge(Self.ordered, [("a", .seeds([1, 2, 3, 4, 5])), ("b", .seeds([9, 8, 7, 6, 5]))])
        #expect(opposed.effects.first?.text.hasSuffix("seeds apart") == true, "\(opposed.effects)")
    }

    @Test func distancesAreComparedByRatios() throws {
        let rows: [(String, Given)] = [
            ("a", .seeds([90, 95, 100, 105, 110])), ("b", .seedsFrom(5, [98, 99, 100, 101, 102])),
        ]
        func check(_ type: String, _ margin: Double) -> String {
            #"{"type": "\#(type)", "column": "fid", "row": "a", "reference": "b", "margin": \#(margin)}"#
        }
        let good = try judge(check("atLeastAsGood", 0.2), rows, isLogarithmic: true)
        #expect(good.verdict == .decided(.confirmed))
        #expect(good.effects.first?.margin == "below 1.2")
        #expect(good.effects.first?.text.hasPrefix("fid: a / b = 0.998 [") == true, "\(good.effects)")
        #expect(try judge(check("atLeastAsGood", 0.05), rows, isLogarithmic: true).verdict == .decided(.undecided))
        let alike = try judge(check("equivalent", 0.25), rows, isLogarithmic: true)
        #expect(alike.verdict == .decided(.confirmed))
        #expect(alike.effects.first?.margin == "0.8 to 1.25")
        let far: [(String, Given)] = [rows[0], ("b", .seedsFrom(5, [48, 49, 50, 51, 52]))]
        #expect(try judge(check("equivalent", 0.25), far, isLogarithmic: true).verdict == .decided(.refuted))
        let half = #"{"type": "ordered", "column": "fid", "rows": ["b", "a"], "margin": 0.4}"#
        #expect(try judge(half, far, isLogarithmic: true).verdict == .decided(.confirmed))
        let zero = try judge(check("equivalent", 0.1), [rows[0], ("b", .seeds([0, 1, 1, 1, 1]))], isLogarithmic: true)
        #expect(zero.verdict == .notTested(": fid: a value of b is not above 0 and has no logarithm"))
    }

    @Test func costsNeedNoSeeds() throws {
        let rule = #"{"type": "ratio", "column": "fid", "row": "a", "reference": "b", "expected": 2, "margin": 0.1}"#
        func ratio(_ a: Double) throws -> Judgement {
            try judge(rule, [("a", .exact(a)), ("b", .exact(20))], isLogarithmic: true, gate: "converged", steps: 0)
        }
        let found = try ratio(42)
        #expect(found.verdict == .decided(.confirmed))
        #expect(found.effects.map(\.text) == ["fid: a / b = 2.10, exact"])
        #expect(found.published == "2" && found.countText == "none needed" && found.share == nil)
        #expect(try ratio(45).verdict == .decided(.refuted))
        #expect(try judge(Self.ordered, [("a", .exact(1)), ("b", .exact(1))]).verdict == .decided(.refuted))
    }

    @Test func boundsAreOfEachRow() throws {
        let above = #"{"type": "bound", "column": "fid", "rows": ["a", "b"], "above": 10}"#
        let high = [20.0, 21, 20, 22, 21]
        let found = try judge(above, [("a", .seeds(high)), ("b", .seeds([15, 16, 15, 16, 15]))])
        #expect(found.verdict == .decided(.confirmed))
        #expect(found.effects.first == .init(text: "fid: a = 20.8 [19.8, 21.8]", margin: "above 10"))
        #expect(try judge(above, [("a", .seeds(high)), ("b", .seeds([1, 2, 1, 2, 3]))]).verdict == .decided(.refuted))
        let open = try judge(above, [("a", .seeds(high)), ("b", .seeds([5, 15, 9, 14, 11]))])
        #expect(open.verdict == .decided(.undecided))
        let both = #"{"type": "bound", "column": "fid", "rows": ["a"], "above": 10, "below": 30}"#
        #expect(try judge(both, [("a", .seeds(high))]).effects.map(\.margin) == ["10 to 30"])
        // Seeds that all agree leave no doubt.
        #expect(try judge(both, [("a", .seeds([16, 16, 16, 16, 16]))]).verdict == .decided(.confirmed))
    }

    @Test func allComparisonsMustHold() throws {
        let chain = #"{"type": "ordered", "column": "fid", "rows": ["a", "b", "c"]}"#
        let (a, b) = (Given.seeds([1, 1.2, 1.1, 0.9, 1]), Given.seedsFrom(5, [5, 5.2, 5.1, 4.9, 5]))
        let c = Given.seeds([9, 9, 8, 9, 8])
        #expect(try judge(chain, [("a", a), ("b", b), ("c", c)]).verdict == .decided(.confirmed))
        #expect(try judge(chain, [("a", a), ("b", c), ("c", b)]).verdict == .decided(.refuted))
        let rule = #"{"type": "all", "checks": [\#(Self.ordered), \#(chain)]}"#
        #expect(try judge(rule, [("a", a), ("b", b), ("c", c)]).effects.count == 3)
    }

    // MARK: What is not tested

    @Test func fewSeedsDecideNothing() throws {
        let few = try judge(Self.ordered, [("a", .seeds([1, 1.1])), ("b", .seeds([100, 101, 102, 103, 104]))])
        #expect(few.verdict == .notTested(" (n = 2)"))
        #expect(few.verdict.text == "not tested (n = 2)")
        #expect(few.effects.count == 1)
        let one = try judge(Self.ordered, [("a", .seeds([1])), ("b", .seeds([100]))])
        #expect(one.effects.map(\.text) == ["fid: a - b = -99.0"])
    }

    @Test func missingAndForeignValuesDecideNothing() throws {
        let missing = try judge(Self.ordered, [("a", .seeds(Self.low)), ("b", .none)])
        #expect(missing.verdict == .notTested(": fid: no run of b"))
        // Costs need no run, so that they may only lack a value.
        func verdict(begun: Int, isExact: Bool) throws -> Judgement.Verdict {
            var table = table(
                [("a", .seeds(Self.low)), ("b", .none)], isLogarithmic: false, steps: 1, published: 1)
            var cell = table.rows[1].cells[0]
            cell.isExact = isExact
            table.rows[1] = ResultTable.Row(name: "b", trials: 5, done: 0, begun: begun, cells: [cell], steps: 1)
            let claim = try ConfigReader.decode(
                TableClaim.self, from: ConfigNode.parse(#"{"text": "x", "check": \#(Self.ordered)}"#, file: "t.json")
            ).value
            return ClaimJudge(table: table, convergence: nil).judge(claim, source: nil).verdict
        }
        #expect(try verdict(begun: 0, isExact: false) == .notTested(": fid: no run of b"))
        #expect(try verdict(begun: 2, isExact: false) == .notTested(": fid: 5 of 5 runs of b are not complete"))
        #expect(try verdict(begun: 0, isExact: true) == .notTested(": fid: no value of b"))
        #expect(try verdict(begun: 2, isExact: true) == .notTested(": fid: no value of b"))
        let foreign = try judge(Self.ordered, [("a", .seeds(Self.low)), ("b", .ofOtherIdentity(Self.low))])
        #expect(foreign.verdict == .notTested(": fid: the rows were measured in different ways"))
    }

    @Test func seedsThatNeverReachAValueAreNotLeftOut() throws {
        var table = table(
            [("a", .seeds(Self.low)), ("b", .seeds([8, 9, 7, 8, 9]))], isLogarithmic: false, steps: 1, published: 1)
        table.rows[0].cells[0].groups = [
            .init(summary: try #require(Summary([1, 2])), seeds: [0, 1])
        ]
        let claim = try ConfigReader.decode(
            TableClaim.self, from: ConfigNode.parse(#"{"text": "x", "check": \#(Self.ordered)}"#, file: "t.json")
        ).value
        #expect(
            ClaimJudge(table: table, convergence: nil).judge(claim, source: nil).verdict
                == .notTested(": fid: 3 of 5 seeds of a have none"))
    }

    /// Failed runs are often the worst, and an incomplete row could be judged until the verdict pleases.
    @Test(arguments: [
        (10, 3, 1, 0, "5 of 10 runs of a are not complete (3 failed, 1 was ended early)"),
        (7, 0, 2, 0, "2 of 7 runs of a are not complete (2 were ended early)"),
        (8, 1, 0, 2, "3 of 8 runs of a are not complete (1 failed, 2 were killed)"),
        (6, 0, 0, 0, "1 of 6 runs of a is not complete"),
    ]) func rowsWithoutAllTheirRunsAreNotJudged(trials: Int, failed: Int, pruned: Int, died: Int, text: String) throws {
        var table = table(
            [("a", .seeds(Self.low)), ("b", .seeds([8, 9, 7, 8, 9]))], isLogarithmic: false, steps: 1, published: 1)
        let cells = table.rows[0].cells
        table.rows[0] = ResultTable.Row(
            name: "a", trials: trials, done: 5, failed: failed, pruned: pruned, died: died, cells: cells, steps: 1)
        let claim = try ConfigReader.decode(
            TableClaim.self, from: ConfigNode.parse(#"{"text": "x", "check": \#(Self.ordered)}"#, file: "t.json")
        ).value
        #expect(
            ClaimJudge(table: table, convergence: nil).judge(claim, source: nil).verdict == .notTested(": fid: \(text)")
        )
    }

    /// The mean of the seeds that are left may be nearer than that of all.
    @Test func aReferenceThatIsNotCompleteHasNotConverged() throws {
        let check = #"{"type": "ordered", "column": "fid", "rows": ["a", "b"], "reference": "c"}"#
        var table = table(
            [("a", .seeds(Self.low)), ("b", .seeds([8, 9, 7, 8, 9])), ("c", .seeds([4, 4.1, 4]))],
            isLogarithmic: false, steps: 600, published: 2000)
        let claim = try ConfigReader.decode(
            TableClaim.self, from: ConfigNode.parse(#"{"text": "x", "check": \#(check)}"#, file: "t.json")
        ).value
        let near = try ConfigReader.decode(
            TableConvergence.self,
            from: ConfigNode.parse(#"{"column": "fid", "floor": 4, "factor": 2}"#, file: "t.json")
        ).value
        func verdict() -> Judgement.Verdict {
            ClaimJudge(table: table, convergence: near).judge(claim, source: nil).verdict
        }
        #expect(verdict() == .decided(.confirmed))
        let cells = table.rows[2].cells
        table.rows[2] = ResultTable.Row(
            name: "c", trials: 5, done: 3, failed: 2, cells: cells, steps: 600, publishedSteps: 2000)
        #expect(
            verdict()
                == .notTested(" at 600 of 2,000 steps: 2 of 5 runs of c are not complete (2 failed)"))
        // Every run is complete, but some have no value.
        table.rows[2] = ResultTable.Row(
            name: "c", trials: 3, done: 3, cells: cells, steps: 600, publishedSteps: 2000)
        table.rows[2].cells[0].isComplete = false
        #expect(verdict() == .notTested(" at 600 of 2,000 steps: seeds of c have no fid"))
    }

    @Test func qualityIsJudgedAtThePublishedLengthOrNearTheFloor() throws {
        let near = #"{"column": "fid", "floor": 4, "factor": 2}"#
        let rows: [(String, Given)] = [("a", .seeds(Self.low)), ("b", .seeds([8, 9, 7, 8, 9]))]
        func verdict(_ gate: String, steps: Int, published: Int? = 2000, _ convergence: String? = near) throws
            -> Judgement.Verdict
        {
            try judge(
                Self.ordered, rows, gate: gate, steps: steps, published: published, convergence: convergence
            ).verdict
        }
        #expect(try verdict("converged", steps: 2000) == .decided(.confirmed))
        #expect(
            try verdict("converged", steps: 600)
                == .notTested(" at 600 of 2,000 steps: fid of b is 8.2, above 8, 2 times the floor"))
        let nearer = #"{"column": "fid", "floor": 4, "factor": 3}"#
        #expect(try verdict("converged", steps: 600, nearer) == .decided(.confirmed))
        #expect(try verdict("length", steps: 1999, nearer) == .notTested(" at 1,999 of 2,000 steps"))
        #expect(try verdict("length", steps: 5, published: nil) == .notTested(": no length is published"))
        #expect(try verdict("always", steps: 1) == .decided(.confirmed))
        let share = try judge(Self.ordered, rows, gate: "always", steps: 500, published: 2000)
        #expect(share.shareText == "25 %")
    }

    @Test func aClaimMayStateWhyItIsNotTested() throws {
        let claim = try ConfigReader.decode(
            TableClaim.self, from: ConfigNode.parse(#"{"text": "x", "notTested": "no data"}"#, file: "t.json")
        ).value
        let table = table([], isLogarithmic: false, steps: nil, published: nil)
        let found = ClaimJudge(table: table, convergence: nil).judge(claim, source: nil)
        #expect(found.verdict.text == "not tested: no data")
        #expect(found.countText == "–")
    }
}
