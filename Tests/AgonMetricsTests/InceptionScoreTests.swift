import AgonMetrics
import AgonTensors
import AgonTestFiles
import Foundation
import Testing

@Suite struct InceptionScoreTests {
    @Test func recordedCase() throws {
        let file = try goldenCase("metric/inception-score")
        let expected = Double(try file.tensor("value").values[0])
        let found = try InceptionScore.of(probabilities: Features(file.tensor("probabilities")))
        #expect(abs(found.mean - expected) <= 2e-7 * expected, "\(found), recorded \(expected)")
        #expect(found.deviation == 0)
    }

    @Test func boundsAreReached() throws {
        // Certain and diverse: as many as classes. Zeros must not become NaN.
        let certain = features((0..<12).map { row in (0..<4).map { $0 == row % 4 ? 1 : 0 } })
        #expect(abs(try InceptionScore.of(probabilities: certain).mean - 4) < 1e-14)
        // Certain but all alike, and wholly uncertain: 1.
        #expect(try InceptionScore.of(probabilities: features([[0, 1], [0, 1]])).mean == 1)
        #expect(try InceptionScore.of(probabilities: features([[0.5, 0.5], [0.5, 0.5]])).mean == 1)
    }

    @Test func splitsAreConsecutive() throws {
        // First half diverse (score 2), second half alike (score 1).
        let set = features([[1, 0], [0, 1], [1, 0], [1, 0]])
        let found = try InceptionScore.of(probabilities: set, splits: 2)
        #expect(abs(found.mean - 1.5) < 1e-15)
        #expect(abs(found.deviation - 0.5) < 1e-15)
        // Splits that do not divide the number use all samples: 3 of 4 rows and so on.
        let three = try InceptionScore.of(
            probabilities: features([[1, 0], [0, 1], [1, 0], [0, 1], [1, 0]]), splits: 2)
        let second = exp((2 * log(1 / (2.0 / 3)) + log(1 / (1.0 / 3))) / 3)
        #expect(abs(three.mean - (2 + second) / 2) < 1e-14)
    }

    @Test func rowsThatAreNoDistributionsAreErrors() {
        #expect(throws: MetricError.badProbabilities(row: 1, sum: 3)) {
            try InceptionScore.of(probabilities: features([[0.5, 0.5], [2, 1]]))
        }
        #expect(throws: MetricError.badValue(metric: "inception score", row: 0, column: 1, value: -0.5)) {
            try InceptionScore.of(probabilities: features([[1.5, -0.5]]))
        }
        #expect(
            throws: MetricError.tooFewSamples(metric: "inception score", set: "generated", count: 1, needed: 10)
        ) { try InceptionScore.of(probabilities: features([[0.5, 0.5]]), splits: 10) }
    }
}
