import AgonMetrics
import AgonTensors
import AgonTestFiles
import Testing

@Suite struct FrechetDistanceTests {
    /// The recorded values are float32: 6e-8 relative.
    @Test(arguments: ["fid", "fid-rank-deficient"])
    func recordedCases(name: String) throws {
        let file = try goldenCase("metric/\(name)")
        let expected = Double(try file.tensor("value").values[0])
        let found = try FrechetDistance.between(
            real: Features(file.tensor("real")), fake: Features(file.tensor("fake")))
        #expect(abs(found - expected) <= 2e-7 * abs(expected), "\(found), recorded \(expected)")
    }

    /// Rows of numbers that any program can make.
    private func pattern(_ rows: Int, _ columns: Int, _ seed: Int) -> [[Double]] {
        (0..<rows).map { i in
            (0..<columns).map { j in Double((i * i * 7 + i * j * 13 + j * j * 3 + i * seed + seed) % 101) / 50 - 1 }
        }
    }

    /// Constant and equal columns.
    private func dead(_ rows: [[Double]]) -> [[Double]] {
        rows.map { row in row.indices.map { $0 == 1 ? 0.25 : row[$0 == 4 ? 2 : $0] } }
    }

    /// Nine columns of rank three.
    private func low(_ rows: [[Double]]) -> [[Double]] {
        let mixture = pattern(3, 9, 5)
        return rows.map { row in (0..<9).map { j in (0..<3).reduce(0) { $0 + row[$1] * mixture[$1][j] } } }
    }

    /// Expected by NumPy 2.4.6: the trace is the sum of the singular values of the product of the centred samples,
    /// which needs no root of a singular matrix; SciPy 1.17.1's `linalg.sqrtm` agrees within 1e-7.
    @Test func fewSamplesAndSingularCovariances() throws {
        let (a, b) = (pattern(40, 6, 3), pattern(30, 6, 17))
        let cases: [(String, [[Double]], [[Double]], Double)] = [
            ("more samples than features", a, b, 0.3712221128158162),
            ("fewer samples than features", pattern(5, 12, 3), pattern(4, 12, 17), 5.285853089424666),
            ("constant and equal features", dead(a), dead(b), 0.20968761430987337),
            ("both of rank 3", low(a), low(b), 0.14480732984177624),
            ("rank 3 and few samples", low(a), pattern(7, 9, 17), 4.549308780679146),
        ]
        for (name, real, fake, expected) in cases {
            let found = try FrechetDistance.between(real: features(real), fake: features(fake))
            // A null direction may keep the root of a rounding, some 1e-8 of the variance.
            #expect(abs(found - expected) < 1e-6, "\(name): \(found), expected \(expected)")
        }
    }

    @Test func sameSamplesAreAtDistanceZero() throws {
        for (rows, columns) in [(200, 7), (10, 40)] {
            let set = normalFeatures(rows: rows, columns: columns, seed: 1)
            #expect(abs(try FrechetDistance.between(real: set, fake: set)) < 1e-5)
        }
    }

    /// With C2 = s² C1: `‖Δμ‖² + (1 - s)² tr C1`.
    @Test func shiftedAndScaledSamples() throws {
        let real = normalFeatures(rows: 90, columns: 6, seed: 2)
        let statistics = try FeatureStatistics(real, set: "real")
        let trace = (0..<6).reduce(0) { $0 + statistics.covariance[$1 * 6 + $1] }
        let fake = FeatureStatistics(
            mean: statistics.mean.map { $0 + 0.5 }, covariance: statistics.covariance.map { 9 * $0 }, sampleCount: 90)
        let expected = 6 * 0.25 + 4 * trace
        #expect(abs(try FrechetDistance.between(real: statistics, fake: fake) - expected) < 1e-12 * expected)
    }

    @Test func distanceIsSymmetric() throws {
        let a = normalFeatures(rows: 60, columns: 9, seed: 3)
        let b = normalFeatures(rows: 50, columns: 9, mean: 1, seed: 4)
        let there = try FrechetDistance.between(real: a, fake: b)
        #expect(abs(there - (try FrechetDistance.between(real: b, fake: a))) < 1e-10 * there)
    }

    /// A large common offset must not cost digits.
    @Test func offsetDoesNotMatter() throws {
        let a = normalFeatures(rows: 60, columns: 5, seed: 5)
        let b = normalFeatures(rows: 60, columns: 5, mean: 0.5, seed: 6)
        let moved = { (set: Features) in
            Features(rows: set.rows, columns: set.columns, values: set.values.map { $0 + 1e6 })
        }
        let there = try FrechetDistance.between(real: a, fake: b)
        #expect(abs(try FrechetDistance.between(real: moved(a), fake: moved(b)) - there) < 1e-7)
    }

    @Test func threadsDoNotChangeBits() throws {
        let a = normalFeatures(rows: 80, columns: 600, seed: 7)
        let b = normalFeatures(rows: 70, columns: 600, seed: 8)
        #expect(
            try FrechetDistance.between(real: a, fake: b) == FrechetDistance.between(real: a, fake: b, threads: 3))
    }

    @Test func unusableFeaturesAreErrors() throws {
        let set = normalFeatures(rows: 5, columns: 3, seed: 1)
        #expect(throws: MetricError.differentWidths(real: 3, fake: 4)) {
            try FrechetDistance.between(real: set, fake: normalFeatures(rows: 5, columns: 4, seed: 1))
        }
        #expect(throws: MetricError.tooFewSamples(metric: "FID", set: "generated", count: 1, needed: 2)) {
            try FrechetDistance.between(real: set, fake: features([[1, 2, 3]]))
        }
        #expect(
            throws: MetricError.badValue(metric: "FID", row: 1, column: 2, value: .infinity)
        ) { try FrechetDistance.between(real: features([[1, 2, 3], [4, 5, .infinity]]), fake: set) }
    }

    @Test func messagesSayWhatToDo() {
        #expect(
            MetricError.differentWidths(real: 3, fake: 4).description
                == "features: 3 for a real image but 4 for a generated one; use one classifier for both")
        #expect(
            MetricError.tooFewSamples(metric: "KID", set: "real", count: 1, needed: 100).description
                == "KID: 1 real sample, at least 100 are needed")
        #expect(
            MetricError.badValue(metric: "FID", row: 1, column: 2, value: .infinity).description
                == "FID: value 2 of sample 1 is inf")
        #expect(
            MetricError.badProbabilities(row: 3, sum: 1.5).description
                == "inception score: the probabilities of sample 3 sum to 1.5, not to 1; apply softmax to logits first")
    }
}
