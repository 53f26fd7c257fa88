import AgonMetrics
import AgonTensors
import Foundation
import Testing

@Suite struct ModeCoverageTests {
    static let corners: [[Float]] = [[0, 0], [10, 0], [0, 10], [10, 10]]

    @Test func countsSamplesNearTheirModes() throws {
        // Deviation 1: within 3 of a corner, on the border, beyond it, between modes.
        let samples = features([[0.5, 0.5], [3, 0], [3.001, 0], [10, 1], [5, 5], [-2, 2], [9, 9]])
        let coverage = try ModeCoverage(samples: samples, centres: Self.corners, deviation: 1)
        #expect(coverage.counts == [3, 1, 0, 1])
        #expect(coverage.coveredModes == 3)
        #expect(coverage.coveredShare == 0.75)
        #expect(coverage.highQualityShare == 5.0 / 7)
        let expected = 0.6 * log(0.6 * 4) + 2 * 0.2 * log(0.2 * 4)
        #expect(abs(try #require(coverage.divergence) - expected) < 1e-15)

        let wide = try ModeCoverage(samples: samples, centres: Self.corners, deviation: 1, radius: 8)
        #expect(wide.highQualityShare == 1)
        #expect(wide.counts == [5, 1, 0, 1], "of equally near centres the first")
        let demanding = try ModeCoverage(samples: samples, centres: Self.corners, deviation: 1, minimalCount: 2)
        #expect(demanding.coveredModes == 1)
    }

    @Test func boundsAreReached() throws {
        let even = try ModeCoverage(
            samples: features(Self.corners.map { $0.map { Double($0) } }), centres: Self.corners, deviation: 0.02)
        #expect(even.coveredShare == 1 && even.highQualityShare == 1 && even.divergence == 0)
        let collapsed = try ModeCoverage(
            samples: features([[10, 10], [10, 10]]), centres: Self.corners, deviation: 0.02)
        #expect(collapsed.coveredModes == 1)
        #expect(abs(try #require(collapsed.divergence) - log(4)) < 1e-15)
        let lost = try ModeCoverage(samples: features([[5, 5]]), centres: Self.corners, deviation: 0.02)
        #expect(lost.coveredModes == 0 && lost.highQualityShare == 0 && lost.divergence == nil)
    }

    /// Samples of the mixture itself: in two dimensions `1 - exp(-9/2)` of a Gaussian lie within 3 deviations.
    @Test func mixtureCoversItself() throws {
        let count = 20_000
        let noise = RandomStream(seed: 1, purpose: "noise").normal(count: 2 * count)
        let rows: [[Double]] = (0..<count).map { index in
            let centre = Self.corners[index % 4]
            return [Double(centre[0] + noise[2 * index] / 2), Double(centre[1] + noise[2 * index + 1] / 2)]
        }
        let coverage = try ModeCoverage(samples: features(rows), centres: Self.corners, deviation: 0.5)
        let share = 1 - exp(-4.5)
        // Five deviations of a share of 20,000 draws.
        let deviation = (share * (1 - share) / Double(count)).squareRoot()
        #expect(abs(coverage.highQualityShare - share) < 5 * deviation)
        #expect(coverage.coveredModes == 4)
        #expect(try #require(coverage.divergence) < 1e-5)
    }

    @Test func triplesAreModes() throws {
        let coverage = try ModeCoverage(triples: [0, 0, 0, 9, 9, 9, 1, 2, 3, 1, 2, 3])
        #expect(coverage.counts.count == 1000)
        #expect(coverage.counts[123] == 2 && coverage.counts[0] == 1 && coverage.counts[999] == 1)
        #expect(coverage.coveredModes == 3 && coverage.highQualityShare == 1)
        let expected = 0.5 * log(0.5 * 1000) + 2 * 0.25 * log(0.25 * 1000)
        #expect(abs(try #require(coverage.divergence) - expected) < 1e-13)
    }

    @Test func divergenceIsFromTheGivenFrequencies() throws {
        // Counts and shares alike.
        for frequencies in [[1, 1, 2, 0], [0.25, 0.25, 0.5, 0]] as [[Double]] {
            let same = try ModeCoverage(modes: [2, 0, 1, 2], frequencies: frequencies)
            #expect(same.divergence == 0 && same.coveredModes == 3)
            let other = try ModeCoverage(modes: [0, 0, 1, 2], frequencies: frequencies)
            let expected = 0.5 * log(2.0) + 0.25 * log(0.5)
            #expect(abs(try #require(other.divergence) - expected) < 1e-15)
            #expect(try ModeCoverage(modes: [3], frequencies: frequencies).divergence == .infinity)
        }
        #expect(ModeCoverage.counts(of: [1, 1, 3], count: 4) == [0, 2, 0, 1])
    }

    @Test func unusableInputsAreErrors() {
        let metric = "mode coverage"
        #expect(throws: MetricError.tooFewSamples(metric: metric, set: "generated", count: 0, needed: 1)) {
            try ModeCoverage(modes: [], frequencies: [1])
        }
        #expect(throws: MetricError.tooFewSamples(metric: metric, set: "generated", count: 0, needed: 1)) {
            try ModeCoverage(
                samples: Features(rows: 0, columns: 2, values: []), centres: Self.corners, deviation: 1)
        }
        #expect(throws: MetricError.badValue(metric: metric, row: 1, column: 0, value: -.infinity)) {
            try ModeCoverage(samples: features([[0, 0], [-.infinity, 0]]), centres: Self.corners, deviation: 1)
        }
        #expect(throws: MetricError.badFrequency(mode: 1, value: -1)) {
            try ModeCoverage(modes: [0], frequencies: [1, -1])
        }
        #expect(throws: MetricError.badFrequency(mode: 0, value: 0)) {
            try ModeCoverage(modes: [0], frequencies: [0, 0])
        }
        #expect(
            MetricError.badFrequency(mode: 1, value: -1).description
                == "mode coverage: the frequency of mode 1 in the data is -1.0")
        #expect(
            MetricError.badFrequency(mode: 0, value: 0).description
                == "mode coverage: no data in any of the modes")
    }
}
