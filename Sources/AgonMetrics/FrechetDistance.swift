import AgonTensors

/// Mean and sample covariance of features, the statistics of the Fréchet distance; worth caching for real images.
public struct FeatureStatistics: Equatable, Sendable {
    public let mean: [Double]
    /// columns x columns; divided by samples - 1.
    public let covariance: [Double]
    public let sampleCount: Int

    public var columns: Int { mean.count }

    public init(mean: [Double], covariance: [Double], sampleCount: Int) {
        precondition(covariance.count == mean.count * mean.count, "mean and covariance differ in width")
        self.mean = mean
        self.covariance = covariance
        self.sampleCount = sampleCount
    }

    /// - Parameters:
    ///   - set: the name of the samples in messages: "real" or "generated".
    ///   - threads: the number of threads; the result does not depend on it.
    /// - Throws: ``MetricError`` for fewer than two samples or values that are not finite; `TensorsError` without
    ///   BLAS.
    public init(_ features: Features, set: String, threads: Int = 1) throws {
        try features.check(atLeast: 2, set: set, metric: "FID")
        let (rows, columns) = (features.rows, features.columns)
        var mean = [Double](repeating: 0, count: columns)
        for row in 0..<rows {
            for column in 0..<columns { mean[column] += features.values[row * columns + column] }
        }
        for column in 0..<columns { mean[column] /= Double(rows) }
        // Centred first: second moment minus squared mean would cancel.
        var centred = features.values
        for row in 0..<rows {
            for column in 0..<columns { centred[row * columns + column] -= mean[column] }
        }
        let products = try LinearAlgebra.product(
            centred, transposeA: true, centred, m: columns, n: columns, k: rows, threads: threads)
        self.init(mean: mean, covariance: products.map { $0 / Double(rows - 1) }, sampleCount: rows)
    }
}

/// Fréchet (Inception) distance: `‖μ1 - μ2‖² + tr(C1 + C2 - 2 (C1 C2)^½)` of normal distributions fitted to features.
///
/// Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", 2017,
/// arXiv:1706.08500, eq. 6; Dowson and Landau, "The Fréchet distance between multivariate normal distributions", 1982.
///
/// `tr (C1 C2)^½` is the sum of the square roots of C1 C2's eigenvalues, which are those of the symmetric
/// `S = L^½ V' C2 V L^½` with `C1 = V L V'`. Nothing becomes complex, and covariances of too few samples, which are
/// singular, need no offset on their diagonals.
public enum FrechetDistance {
    /// - Throws: ``MetricError`` for unusable features; `TensorsError` without LAPACK.
    public static func between(real: Features, fake: Features, threads: Int = 1) throws -> Double {
        try Features.check(real: real, fake: fake, atLeast: 2, metric: "FID")
        return try between(
            real: FeatureStatistics(real, set: "real", threads: threads),
            fake: FeatureStatistics(fake, set: "generated", threads: threads))
    }

    /// - Throws: ``MetricError/differentWidths(real:fake:)``; `TensorsError` without LAPACK.
    public static func between(real: FeatureStatistics, fake: FeatureStatistics) throws -> Double {
        guard real.columns == fake.columns else {
            throw MetricError.differentWidths(real: real.columns, fake: fake.columns)
        }
        let n = real.columns
        var distance = 0.0
        for i in 0..<n {
            let difference = real.mean[i] - fake.mean[i]
            distance += difference * difference
        }
        for i in 0..<n { distance += real.covariance[i * n + i] + fake.covariance[i * n + i] }
        return try distance - 2 * traceOfRoot(real.covariance, fake.covariance, n: n)
    }

    /// `tr (C1 C2)^½` of two symmetric positive semidefinite matrices.
    static func traceOfRoot(_ first: [Double], _ second: [Double], n: Int) throws -> Double {
        let (values, vectors) = try LinearAlgebra.symmetricEigen(first, n: n)
        let roots = values.map { max($0, 0).squareRoot() }
        // W = V L^½, S = W' C2 W.
        var scaled = vectors
        for row in 0..<n {
            for column in 0..<n { scaled[row * n + column] *= roots[column] }
        }
        let half = try LinearAlgebra.product(second, scaled, m: n, n: n, k: n)
        let s = try LinearAlgebra.product(scaled, transposeA: true, half, m: n, n: n, k: n)
        return try LinearAlgebra.symmetricEigenvalues(s, n: n).reduce(0) { $0 + max($1, 0).squareRoot() }
    }
}
