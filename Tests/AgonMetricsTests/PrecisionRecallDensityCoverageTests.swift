import AgonMetrics
import AgonTensors
import AgonTestFiles
import Testing

@Suite struct PrecisionRecallDensityCoverageTests {
    /// The definitions by plain loops.
    private func reference(_ real: Features, _ fake: Features, _ k: Int) -> [Double] {
        let distance = { (a: Features, i: Int, b: Features, j: Int) in
            zip(a.row(i), b.row(j)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        }
        let radii = { (set: Features) in
            (0..<set.rows).map { i in (0..<set.rows).map { distance(set, i, set, $0) }.sorted()[k] }
        }
        let (realRadii, fakeRadii) = (radii(real), radii(fake))
        let isIn = { (i: Int, j: Int) in distance(real, i, fake, j) < realRadii[i] }
        let (n, m) = (real.rows, fake.rows)
        return [
            Double((0..<m).count { j in (0..<n).contains { isIn($0, j) } }) / Double(m),
            Double((0..<n).count { i in (0..<m).contains { distance(real, i, fake, $0) < fakeRadii[$0] } }) / Double(n),
            Double((0..<m).reduce(0) { sum, j in sum + (0..<n).count { isIn($0, j) } }) / Double(k * m),
            Double((0..<n).count { i in (0..<m).contains { isIn(i, $0) } }) / Double(n),
        ]
    }

    private func figures(_ real: Features, _ fake: Features, _ k: Int, threads: Int = 1) throws -> [Double] {
        let result = try PrecisionRecallDensityCoverage(real: real, fake: fake, neighbours: k, threads: threads)
        return [result.precision, result.recall, result.density, result.coverage]
    }

    @Test func recordedCase() throws {
        let file = try goldenCase("metric/prdc")
        let found = try figures(Features(file.tensor("real")), Features(file.tensor("fake")), 5)
        #expect(found.map { Float($0) } == (try file.tensor("value").values))
    }

    @Test(arguments: [(30, 40, 1, Float(0)), (41, 17, 3, 1), (16, 16, 15, 0.2), (60, 50, 5, 6)])
    func matchesTheDefinition(n: Int, m: Int, k: Int, mean: Float) throws {
        let real = normalFeatures(rows: n, columns: 4, seed: 1)
        let fake = normalFeatures(rows: m, columns: 4, mean: mean, seed: 2)
        #expect(try figures(real, fake, k) == reference(real, fake, k))
    }

    /// On a grid most distances tie with radii; with an offset the norms are huge beside the distances. Strictness must
    /// be decided exactly, not by the rounding of the matrix product.
    @Test(arguments: [0.0, 1e3, 1e7])
    func tiesAreDecidedExactly(offset: Double) throws {
        let grid = { (shift: Double, size: Int) in
            features((0..<size * size).map { [offset + Double($0 / size) + shift, offset - Double($0 % size), 0.1] })
        }
        for k in [1, 2, 4, 5] {
            #expect(try figures(grid(0, 7), grid(2, 6), k) == reference(grid(0, 7), grid(2, 6), k), "k \(k)")
        }
    }

    @Test func collapsedSamplesHaveEmptyBalls() throws {
        let real = normalFeatures(rows: 30, columns: 4, seed: 1)
        let fake = features([[Double]](repeating: [0.1, 0.2, 0.3, 0.4], count: 20))
        #expect(try figures(real, fake, 3) == reference(real, fake, 3))
        #expect(try figures(real, fake, 3)[1] == 0)
        // A real sample among the duplicates is at distance 0 of balls of radius 0: outside.
        #expect(try figures(fake, fake, 3) == [0, 0, 0, 0])
        // More duplicates than neighbours, but not all.
        let mixed = features((0..<20).map { $0 < 8 ? [1, 1, 1, 1] : [Double($0), 0, 1, 0.5] })
        #expect(try figures(mixed, real, 5) == reference(mixed, real, 5))
    }

    @Test func sameDistributionIsCovered() throws {
        let real = normalFeatures(rows: 200, columns: 3, seed: 3)
        let result = try PrecisionRecallDensityCoverage(
            real: real, fake: normalFeatures(rows: 200, columns: 3, seed: 4))
        #expect(result.precision > 0.85 && result.recall > 0.85 && result.coverage > 0.85)
        #expect(abs(result.density - 1) < 0.2)
        let far = try PrecisionRecallDensityCoverage(
            real: real, fake: normalFeatures(rows: 200, columns: 3, mean: 50, seed: 4))
        #expect(
            far
                == (try PrecisionRecallDensityCoverage(
                    real: real, fake: normalFeatures(rows: 200, columns: 3, mean: 60, seed: 4))))
        #expect(far.precision == 0 && far.recall == 0 && far.density == 0 && far.coverage == 0)
    }

    @Test func threadsDoNotChangeTheResult() throws {
        let real = normalFeatures(rows: 500, columns: 5, seed: 5)
        let fake = normalFeatures(rows: 450, columns: 5, mean: 0.3, seed: 6)
        #expect(try figures(real, fake, 5) == figures(real, fake, 5, threads: 3))
        #expect(try figures(real, fake, 5) == reference(real, fake, 5))
    }

    @Test func fewSamplesAreAnError() {
        let set = normalFeatures(rows: 5, columns: 3, seed: 1)
        #expect(
            throws: MetricError.tooFewSamples(metric: "precision and recall", set: "generated", count: 5, needed: 6)
        ) { try PrecisionRecallDensityCoverage(real: set, fake: set) }
    }
}
