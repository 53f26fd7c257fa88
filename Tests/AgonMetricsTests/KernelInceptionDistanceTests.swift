import AgonTensors
import AgonTestFiles
import Testing

@testable import AgonMetrics

@Suite struct KernelInceptionDistanceTests {
    @Test func recordedCase() throws {
        let file = try goldenCase("metric/kid")
        let expected = Double(try file.tensor("value").values[0])
        let found = try KernelInceptionDistance.between(
            real: Features(file.tensor("real")), fake: Features(file.tensor("fake")))
        #expect(abs(found - expected) <= 2e-7 * abs(expected), "\(found), recorded \(expected)")
    }

    /// The definition, pair by pair.
    @Test func matchesTheDefinition() throws {
        let (x, y) = (normalFeatures(rows: 9, columns: 4, seed: 1), normalFeatures(rows: 7, columns: 4, seed: 2))
        let kernel = { (a: Features, i: Int, b: Features, j: Int) in
            let base = zip(a.row(i), b.row(j)).reduce(0) { $0 + $1.0 * $1.1 } / 4 + 1
            return base * base * base
        }
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for i in 0..<9 { for j in 0..<9 where i != j { xx += kernel(x, i, x, j) } }
        for i in 0..<7 { for j in 0..<7 where i != j { yy += kernel(y, i, y, j) } }
        for i in 0..<9 { for j in 0..<7 { xy += kernel(x, i, y, j) } }
        let expected = xx / 72 + yy / 42 - 2 * xy / 63
        #expect(abs(try KernelInceptionDistance.between(real: x, fake: y) - expected) < 1e-12)
    }

    /// Unbiased: over many draws of one distribution the mean is 0 within its error; shifted draws are far from it.
    @Test func estimateIsUnbiased() throws {
        let real = normalFeatures(rows: 1000, columns: 3, seed: 3)
        let same = try KernelInceptionDistance.betweenSubsets(
            real: real, fake: normalFeatures(rows: 1000, columns: 3, seed: 4), subsets: 100, size: 50, seed: 1)
        #expect(abs(same.mean) < 5 * same.deviation / 10 + 0.05)
        #expect(same.deviation > 0)
        let shifted = try KernelInceptionDistance.betweenSubsets(
            real: real, fake: normalFeatures(rows: 1000, columns: 3, mean: 2, seed: 4), subsets: 20, size: 50, seed: 1)
        #expect(shifted.mean > 10 * abs(same.mean) + same.deviation)
    }

    @Test func subsetsFollowTheSeed() throws {
        let (x, y) = (normalFeatures(rows: 60, columns: 3, seed: 5), normalFeatures(rows: 50, columns: 3, seed: 6))
        let draw = { (seed: UInt64, threads: Int) in
            try KernelInceptionDistance.betweenSubsets(
                real: x, fake: y, subsets: 5, size: 20, seed: seed, threads: threads)
        }
        #expect(try draw(1, 1) == draw(1, 2))
        #expect(try draw(1, 1) != draw(2, 1))
        // A subset of all samples is the whole set, in any order.
        let whole = try KernelInceptionDistance.betweenSubsets(real: y, fake: y, subsets: 1, size: 50, seed: 3)
        #expect(abs(whole.mean - (try KernelInceptionDistance.between(real: y, fake: y))) < 1e-12)
        #expect(whole.deviation == 0)
    }

    @Test func threadsAndBlocksDoNotChangeBits() throws {
        // 2^21 / 70000 columns leaves blocks of 29 rows: three blocks.
        let (x, y) = (normalFeatures(rows: 80, columns: 2, seed: 7), normalFeatures(rows: 70_000, columns: 2, seed: 8))
        let blocks = RowBlocks(x, y)
        #expect(blocks.count == 3)
        var sums = [[Double]]()
        for threads in [1, 2, 5] {
            var products = [Double](repeating: 0, count: 80)
            try products.withUnsafeMutableBufferPointer { products in
                nonisolated(unsafe) let products = products
                try blocks.forEach(threads: threads) { block in
                    for row in block.rows { products[row] = block[row, 69_999] }
                }
            }
            sums.append(products)
        }
        #expect(sums[0] == sums[1] && sums[0] == sums[2])
        for row in 0..<80 {
            let expected = zip(x.row(row), y.row(69_999)).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(sums[0][row] - expected) < 1e-14)
        }
    }

    @Test func smallSetsAreErrors() {
        let set = normalFeatures(rows: 5, columns: 3, seed: 1)
        #expect(throws: MetricError.tooFewSamples(metric: "KID", set: "generated", count: 5, needed: 6)) {
            try KernelInceptionDistance.betweenSubsets(real: set, fake: set, subsets: 2, size: 6, seed: 0)
        }
    }
}
