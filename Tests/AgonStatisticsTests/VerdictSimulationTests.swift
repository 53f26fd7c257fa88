import AgonStatistics
import AgonTestFiles
import Foundation
import Testing

/// How often verdicts on normal samples are wrong, and how often they decide. 4,000 draws put an estimate of 0.05
/// within 0.012 with a probability of 0.9995.
@Suite struct VerdictSimulationTests {
    private static let draws = 4000

    private func shares(
        _ hypothesis: Hypothesis, difference: Double, seeds: Int, deviation: Double = 1
    ) throws -> (confirmed: Double, refuted: Double) {
        var generator = SplitMix64(seed: UInt64(seeds) &* 1_000_003)
        var (confirmed, refuted) = (0, 0)
        for _ in 0..<Self.draws {
            let first = (0..<seeds).map { _ in difference + deviation * generator.normal() }
            let second = (0..<seeds).map { _ in generator.normal() }
            let found = try #require(MeanDifference(first, second))
            switch StatisticalVerdict([(hypothesis, found)]) {
            case .confirmed: confirmed += 1
            case .refuted: refuted += 1
            case .undecided: break
            }
        }
        return (Double(confirmed) / Double(Self.draws), Double(refuted) / Double(Self.draws))
    }

    /// At the margin itself every confirmation is a false one, and so is every refutation.
    @Test(arguments: [2, 5, 10]) func falseVerdictsAreRare(seeds: Int) throws {
        for hypothesis in [Hypothesis.below(0), .above(0)] {
            let found = try shares(hypothesis, difference: 0, seeds: seeds)
            #expect(found.confirmed <= 0.05 && found.refuted <= 0.05, "\(hypothesis): \(found)")
        }
        let margin = try shares(.below(1), difference: 1, seeds: seeds)
        #expect(margin.confirmed <= 0.05, "non-inferiority: \(margin)")
        for edge in [-1.0, 1] {
            let found = try shares(.within(-1...1), difference: edge, seeds: seeds)
            #expect(found.confirmed <= 0.05, "equivalence at \(edge): \(found)")
        }
        // Samples of unequal spread, for which a pooled variance would be wrong.
        let unequal = try shares(.below(0), difference: 0, seeds: seeds, deviation: 4)
        #expect(unequal.confirmed <= 0.05 && unequal.refuted <= 0.05, "\(unequal)")
    }

    @Test func moreSeedsDecideMore() throws {
        let power = try [2, 5, 10].map { try shares(.below(0), difference: -2, seeds: $0).confirmed }
        #expect(power[0] < power[1] && power[1] < power[2])
        #expect(power[1] > 0.7 && power[2] > 0.95, "\(power)")
        let alike = try shares(.within(-1.5...1.5), difference: 0, seeds: 10).confirmed
        #expect(alike > 0.7, "\(alike)")
    }

    /// Of four true ties in one claim, Holm's correction keeps the share of claims with any false refutation low.
    @Test func manyComparisonsAreCorrected() throws {
        var generator = SplitMix64(seed: 7)
        var refuted = 0
        for _ in 0..<Self.draws {
            let comparisons = try (0..<4).map { _ in
                let first = (0..<5).map { _ in generator.normal() }
                let second = (0..<5).map { _ in generator.normal() }
                return (hypothesis: Hypothesis.below(0), difference: try #require(MeanDifference(first, second)))
            }
            if StatisticalVerdict(comparisons) == .refuted { refuted += 1 }
        }
        #expect(Double(refuted) / Double(Self.draws) <= 0.05)
    }

    /// Taking the narrower of the paired and the separate interval keeps errors below 5 %, for values that share much
    /// of their randomness, half of it, or none.
    @Test(arguments: [2, 5, 10], [0, 0.5, 0.95]) func theChoiceOfPairsErrsRarely(seeds: Int, shared: Double) throws {
        var generator = SplitMix64(seed: UInt64(seeds) &* 7_000_003)
        // An estimate of 0.034, the true share without pairs, is within 0.014 with a probability of 0.997.
        let draws = 1500
        var (confirmed, paired) = (0, 0)
        for _ in 0..<draws {
            let common = (0..<seeds).map { _ in shared.squareRoot() * generator.normal() }
            func sample() -> [Double] { common.map { $0 + (1 - shared).squareRoot() * generator.normal() } }
            let found = try #require(SampleComparison(sample(), sample(), mayPair: true))
            if found.isPaired { paired += 1 }
            if StatisticalVerdict([(.below(0), found.difference)]) == .confirmed { confirmed += 1 }
        }
        #expect(Double(confirmed) / Double(draws) <= 0.05, "\(confirmed)")
        if shared > 0.9, seeds > 2 { #expect(Double(paired) / Double(draws) > 0.9, "\(paired)") }
    }

    @Test func numbersWithoutSpreadAreDecidedAsTheyAre() {
        func verdict(_ hypothesis: Hypothesis, _ number: Double) -> StatisticalVerdict {
            StatisticalVerdict([(hypothesis, MeanDifference(exactly: number))])
        }
        #expect(verdict(.below(1), 0.5) == .confirmed && verdict(.below(1), 1) == .refuted)
        #expect(verdict(.within(-1...1), 0) == .confirmed && verdict(.within(-1...1), 2) == .refuted)
    }
}
