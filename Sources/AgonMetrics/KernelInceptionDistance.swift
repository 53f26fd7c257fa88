import AgonTensors

/// Kernel (Inception) distance: the unbiased squared maximum mean discrepancy under `k(x, y) = (x · y / d + 1)³`.
///
/// Over n real x and m generated y with d features:
/// `Σ_{i≠j} k(x_i, x_j) / n(n-1) + Σ_{i≠j} k(y_i, y_j) / m(m-1) - 2 Σ k(x_i, y_j) / nm`. It can be negative.
/// Bińkowski et al., "Demystifying MMD GANs", ICLR 2018, arXiv:1801.01401, section 4 and eq. 4.
public enum KernelInceptionDistance {
    /// Mean and sample standard deviation (divided by subsets - 1) over subsets.
    public struct Estimate: Equatable, Sendable {
        public let mean: Double
        /// 0 for one subset.
        public let deviation: Double
    }

    /// The distance over all samples.
    ///
    /// - Parameter threads: the number of threads; the result does not depend on it.
    /// - Throws: ``MetricError`` for unusable features; `TensorsError` without BLAS.
    public static func between(real: Features, fake: Features, threads: Int = 1) throws -> Double {
        try Features.check(real: real, fake: fake, atLeast: 2, metric: "KID")
        let (n, m) = (Double(real.rows), Double(fake.rows))
        return try kernelSum(real, real, skippingDiagonal: true, threads: threads) / (n * (n - 1))
            + kernelSum(fake, fake, skippingDiagonal: true, threads: threads) / (m * (m - 1))
            - 2 * kernelSum(real, fake, skippingDiagonal: false, threads: threads) / (n * m)
    }

    /// The distance over subsets of `size` samples of each set, drawn without replacement.
    ///
    /// Subset `i` depends on the seed and `i` alone.
    ///
    /// - Throws: as ``between(real:fake:)``; ``MetricError/tooFewSamples(metric:set:count:needed:)`` when a set is
    ///   smaller than a subset.
    public static func betweenSubsets(
        real: Features, fake: Features, subsets: Int, size: Int, seed: UInt64, threads: Int = 1
    ) throws -> Estimate {
        precondition(subsets > 0 && size > 1, "KID over \(subsets) subsets of \(size) samples")
        try Features.check(real: real, fake: fake, atLeast: size, metric: "KID")
        var distances: [Double] = []
        for subset in 0..<subsets {
            let draw = { (purpose: String, rows: Int) in
                RandomStream(seed: seed, purpose: purpose, step: UInt64(subset)).permutation(count: rows).prefix(size)
            }
            distances.append(
                try between(
                    real: real.selecting(draw("kernel distance, real", real.rows)),
                    fake: fake.selecting(draw("kernel distance, generated", fake.rows)), threads: threads))
        }
        let mean = distances.reduce(0, +) / Double(subsets)
        let squares = distances.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return Estimate(mean: mean, deviation: subsets > 1 ? (squares / Double(subsets - 1)).squareRoot() : 0)
    }

    /// `Σ k(x_i, y_j)`: one sum per row, added in order.
    private static func kernelSum(
        _ x: Features, _ y: Features, skippingDiagonal: Bool, threads: Int
    ) throws -> Double {
        let features = Double(x.columns)
        var rowSums = [Double](repeating: 0, count: x.rows)
        try rowSums.withUnsafeMutableBufferPointer { rowSums in
            nonisolated(unsafe) let rowSums = rowSums  // each block writes its own rows
            try RowBlocks(x, y).forEach(threads: threads) { block in
                for row in block.rows {
                    var sum = 0.0
                    for column in 0..<block.columns where !(skippingDiagonal && column == row) {
                        let base = block[row, column] / features + 1
                        sum += base * base * base
                    }
                    rowSums[row] = sum
                }
            }
        }
        return rowSums.reduce(0, +)
    }
}
