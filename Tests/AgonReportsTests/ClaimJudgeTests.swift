import AgonConfiguration
import Testing

@testable import AgonReports

@Suite struct ClaimJudgeTests {
    /// A column of a value for each row: means with deviations, single seeds, or exact numbers.
    private enum Given {
        case seeds([Double])
        case exact(Double)
        case none
        case ofOtherIdentity([Double])
    }

    private func table(_ rows: [(String, Given)]) -> ResultTable {
        var table = ResultTable(
            name: "t", title: "T",
            columns: [ResultTable.Column(key: "fid", title: "fid", unit: nil, decimals: 2, best: nil)], rows: [])
        table.rows = rows.map { name, given in
            var cell = ResultTable.Cell()
            var values: [Double] = []
            var identity = 0
            switch given {
            case .seeds(let given): values = given
            case .exact(let value): (values, cell.isExact) = ([value], true)
            case .none: break
            case .ofOtherIdentity(let given): (values, identity) = (given, 1)
            }
            cell.groups = Summary(values).map { [ResultTable.Cell.Group(summary: $0, identity: identity)] } ?? []
            return ResultTable.Row(name: name, trials: values.count, done: values.count, cells: [cell])
        }
        return table
    }

    private func judge(
        _ check: String, _ rows: [(String, Given)], excuse: String? = nil, source: String? = "Paper"
    ) throws -> Judgement {
        let claim = try ConfigReader.decode(
            TableClaim.self, from: ConfigNode.parse(#"{"text": "So it is.", "check": \#(check)}"#, file: "table.json")
        ).value
        return ClaimJudge(table: table(rows), excuse: excuse).judge(claim, source: source)
    }

    private static let rising = #"{"type": "rising", "column": "fid", "rows": ["a", "b"]}"#

    @Test func risingNeedsAGapWiderThanBothDeviations() throws {
        // Deviations 1 and 1 (of 1, 2, 3 and the like), so that a gap above 2 is needed.
        let clear = try judge(Self.rising, [("a", .seeds([1, 2, 3])), ("b", .seeds([4, 5, 6]))])
        #expect(clear.verdict == .confirmed)
        #expect(clear.figures == "fid: a 2.00 ± 1.00, b 5.00 ± 1.00")
        #expect(clear.source == "Paper")
        #expect(try judge(Self.rising, [("a", .seeds([1, 2, 3])), ("b", .seeds([3, 4, 5]))]).verdict == .undecided)
        #expect(
            try judge(Self.rising, [("a", .seeds([4, 5, 6])), ("b", .seeds([1, 2, 3]))]).verdict == .notConfirmed)
    }

    @Test func oneSeedDecidesNothing() throws {
        let one = try judge(Self.rising, [("a", .seeds([1])), ("b", .seeds([100]))])
        #expect(one.verdict == .undecided)
        #expect(one.figures == "fid: a 1.00, b 100.00; one seed shows no spread")
    }

    @Test func exactNumbersNeedNoSeeds() throws {
        #expect(try judge(Self.rising, [("a", .exact(1)), ("b", .exact(1.01))]).verdict == .confirmed)
        #expect(try judge(Self.rising, [("a", .exact(1)), ("b", .exact(1))]).verdict == .notConfirmed)
    }

    @Test func aChainRisesWhereEachPairDoes() throws {
        let chain = #"{"type": "rising", "column": "fid", "rows": ["a", "b", "c"]}"#
        let (low, middle, high) = (Given.seeds([1, 1.2]), Given.seeds([5, 5.2]), Given.seeds([9, 9.2]))
        #expect(try judge(chain, [("a", low), ("b", middle), ("c", high)]).verdict == .confirmed)
        #expect(try judge(chain, [("a", low), ("b", high), ("c", middle)]).verdict == .notConfirmed)
        #expect(try judge(chain, [("a", low), ("b", middle), ("c", .seeds([9]))]).verdict == .undecided)
    }

    @Test func similarWithinDeviationsOrAShare() throws {
        let similar = #"{"type": "similar", "column": "fid", "rows": ["a", "b"], "within": 0.1}"#
        #expect(try judge(similar, [("a", .seeds([1, 2, 3])), ("b", .seeds([2.5, 3.5, 4.5]))]).verdict == .confirmed)
        #expect(try judge(similar, [("a", .seeds([1, 1.1])), ("b", .seeds([2, 2.1]))]).verdict == .notConfirmed)
        // Within a tenth of the second, for any deviations.
        #expect(try judge(similar, [("a", .exact(95)), ("b", .exact(100))]).verdict == .confirmed)
        #expect(try judge(similar, [("a", .exact(89)), ("b", .exact(100))]).verdict == .notConfirmed)
        #expect(try judge(similar, [("a", .seeds([1])), ("b", .seeds([2]))]).verdict == .undecided)
    }

    @Test func ratioWithinAShareOfThePublished() throws {
        let ratio = #"{"type": "ratio", "column": "fid", "row": "a", "to": "b", "expected": 2, "within": 0.1}"#
        let exact = try judge(ratio, [("a", .exact(42)), ("b", .exact(20))])
        #expect(exact.verdict == .confirmed)
        #expect(exact.figures == "fid: a / b = 2.10, published 2")
        #expect(try judge(ratio, [("a", .exact(45)), ("b", .exact(20))]).verdict == .notConfirmed)
        // 2.25 is off by 0.25 where 0.2 is allowed; deviations of a fifth make that no miss yet.
        #expect(try judge(ratio, [("a", .seeds([36, 54])), ("b", .seeds([16, 24]))]).verdict == .undecided)
        #expect(try judge(ratio, [("a", .seeds([40])), ("b", .seeds([20]))]).verdict == .undecided)
        #expect(try judge(ratio, [("a", .exact(1)), ("b", .exact(0))]).verdict == .undecided)
    }

    @Test func boundsOfEachRow() throws {
        let above = #"{"type": "bounds", "column": "fid", "rows": ["a", "b"], "above": 10}"#
        let confirmed = try judge(above, [("a", .seeds([20, 21])), ("b", .seeds([11]))])
        #expect(confirmed.verdict == .confirmed)
        #expect(confirmed.figures == "fid, expected above 10: a 20.50 ± 0.71, b 11.00")
        #expect(try judge(above, [("a", .seeds([20, 21])), ("b", .seeds([1, 2]))]).verdict == .notConfirmed)
        #expect(try judge(above, [("a", .seeds([20, 21])), ("b", .seeds([9, 13]))]).verdict == .undecided)
        let both = #"{"type": "bounds", "column": "fid", "rows": ["a"], "above": 10, "below": 30}"#
        #expect(try judge(both, [("a", .seeds([20, 21]))]).verdict == .confirmed)
        #expect(try judge(both, [("a", .seeds([40, 41]))]).verdict == .notConfirmed)
    }

    @Test func allIsConfirmedWhereEachIs() throws {
        func all(_ second: Double) throws -> Judgement {
            let bounds = #"{"type": "bounds", "column": "fid", "rows": ["b"], "below": \#(second)}"#
            return try judge(
                #"{"type": "all", "checks": [\#(Self.rising), \#(bounds)]}"#,
                [("a", .seeds([1, 2, 3])), ("b", .seeds([5, 6, 7]))])
        }
        #expect(try all(10).verdict == .confirmed)
        #expect(try all(10).figures == "fid: a 2.00 ± 1.00, b 6.00 ± 1.00; fid, expected below 10: b 6.00 ± 1.00")
        #expect(try all(6.5).verdict == .undecided)
        #expect(try all(4).verdict == .notConfirmed)
    }

    @Test func missingAndForeignValuesDecideNothing() throws {
        let missing = try judge(Self.rising, [("a", .seeds([1, 2])), ("b", .none)])
        #expect(missing.verdict == .undecided)
        #expect(missing.figures == "fid: no value of 'b'")
        let foreign = try judge(Self.rising, [("a", .seeds([1, 2])), ("b", .ofOtherIdentity([8, 9]))])
        #expect(foreign.verdict == .undecided)
        #expect(foreign.figures == "fid: the rows were measured in different ways")
    }

    @Test func shortBudgetsJudgeExactNumbersAlone() throws {
        let excuse = "the smoke budget is too short to judge"
        let seeds = try judge(Self.rising, [("a", .seeds([1, 2])), ("b", .seeds([8, 9]))], excuse: excuse)
        #expect(seeds.verdict == .undecided)
        #expect(seeds.figures.hasSuffix("; \(excuse)"))
        #expect(
            try judge(Self.rising, [("a", .exact(1)), ("b", .exact(2))], excuse: excuse).verdict == .confirmed)
    }
}
