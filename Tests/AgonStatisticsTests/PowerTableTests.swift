import AgonStatistics
import AgonTestFiles
import Foundation
import Testing

/// The table of RESULTS.md on how often true effects are found.
@Suite(
    .enabled(if: ProcessInfo.processInfo.environment["AGON_LONG"] != nil, "700,000 simulated claims; run make long"))
struct PowerTableTests {
    private static let draws = 20_000

    /// The share of claims that are confirmed, in percent.
    private func share(_ hypothesis: Hypothesis, gap: Double, seeds: Int, shared: Double) throws -> Double {
        var generator = SplitMix64(seed: UInt64(seeds) &* 7_000_003)
        var confirmed = 0
        for _ in 0..<Self.draws {
            let common = (0..<seeds).map { _ in shared.squareRoot() * generator.normal() }
            func sample(_ mean: Double) -> [Double] {
                common.map { mean + $0 + (1 - shared).squareRoot() * generator.normal() }
            }
            let found = try #require(SampleComparison(sample(-gap), sample(0), mayPair: true))
            if StatisticalVerdict([(hypothesis, found.difference)]) == .confirmed { confirmed += 1 }
        }
        return 100 * Double(confirmed) / Double(Self.draws)
    }

    /// Prints each row, for a change of the rules.
    @Test(arguments: [(2, 0), (5, 0), (10, 0), (5, 0.5), (10, 0.5)])
    func theTableHoldsTheSimulatedShares(seeds: Int, shared: Double) throws {
        let gaps = try [0, 0.5, 1, 2, 3].map { try share(.below(0), gap: $0, seeds: seeds, shared: shared) }
        let found = gaps + [try share(.within(-1.5...1.5), gap: 0, seeds: seeds, shared: shared)]
        let label = shared == 0 ? "\(seeds)" : "\(seeds), half of the variance shared"
        print("| \(label) | " + found.map { String(format: "%.1f %%", $0) }.joined(separator: " | ") + " |")

        let results = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("RESULTS.md")
        let lines = try String(contentsOf: results, encoding: .utf8).split(separator: "\n")
        let row = try #require(lines.first { $0.hasPrefix("| \(label) | ") })
        let stated = row.split(separator: "|").dropFirst().compactMap {
            Double($0.filter { $0.isNumber || $0 == "." })
        }
        try #require(stated.count == found.count)
        // Rounding, and three deviations of a share of one half among the draws.
        #expect(zip(stated, found).allSatisfy { abs($0 - $1) < 0.5 + 1.1 }, "\(found)")
    }
}
