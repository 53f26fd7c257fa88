import AgonConfiguration
import Testing

@testable import AgonSweeps

@Suite struct MedianRuleTests {
    private func rule(_ text: String) throws -> MedianRule {
        try ConfigReader.decode(MedianRule.self, from: ConfigNode.parse(text, file: "rule")).value
    }

    @Test func comparesBestsAtTheSameStep() throws {
        let rule = try rule(#"{"metric": "m", "grace": 20, "trials": 3}"#)
        let others: [MedianRule.Curve] = [
            [(10, 5), (20, 3), (30, 1)], [(10, 9), (20, 4), (30, 2)], [(10, 9), (20, 9), (30, 9)],
        ]
        #expect(rule.verdict(on: [(10, 100)], against: others) == nil, "within the grace")
        #expect(rule.verdict(on: [(10, 4), (20, 50)], against: others) == nil, "its best is the median")
        #expect(
            rule.verdict(on: [(10, 9), (20, 5)], against: others)
                == "m reached 5 by step 20; the median of 3 finished trials is 4")
        #expect(rule.verdict(on: [(10, 9), (20, 5)], against: Array(others.prefix(2))) == nil, "too few others")
        #expect(rule.verdict(on: [], against: others) == nil)
        #expect(rule.verdict(on: [(20, 5)], against: [[], [(30, 1)], [(40, 1)]]) == nil, "others have nothing by then")
    }

    @Test func mostMayBeBest() throws {
        let rule = try rule(#"{"metric": "m", "goal": "maximize", "trials": 1}"#)
        #expect(rule.verdict(on: [(1, 2)], against: [[(1, 1)], [(1, 2)], [(1, 3)]]) == nil)
        #expect(rule.verdict(on: [(1, 1)], against: [[(1, 2)], [(1, 3)]]) != nil)
    }
}
