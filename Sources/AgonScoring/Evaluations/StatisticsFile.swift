import AgonConfiguration
import AgonDatasets
import AgonMetrics
import AgonTensors

/// Statistics of features in a file of pytorch-fid's format: a NumPy archive with `mu` `[features]` and `sigma`
/// `[features, features]`, the covariance divided by samples - 1.
struct StatisticsFile {
    let path: String
    /// The file does not say how many samples it covers, so `statistics.sampleCount` is 0.
    let statistics: FeatureStatistics
    /// The SHA-256 of the file.
    let hash: String

    /// Throws `DatasetError.badArchive`, `TensorsError`, `MeasurementError.badStatistics`.
    init(path: String) throws {
        let arrays = try NumPyArchive.read(path: path, names: ["mu", "sigma"])
        let (mean, covariance) = (arrays[0], arrays[1])
        guard mean.shape.rank == 1, covariance.shape == [mean.shape[0], mean.shape[0]] else {
            throw MeasurementError.badStatistics(
                path: path, reason: "'mu' is \(mean.shape) and 'sigma' \(covariance.shape)")
        }
        guard (mean.doubles + covariance.doubles).allSatisfy(\.isFinite) else {
            throw MeasurementError.badStatistics(path: path, reason: "a number is NaN or infinite")
        }
        if let fault = try Self.fault(of: covariance.doubles, n: mean.shape[0]) {
            throw MeasurementError.badStatistics(path: path, reason: "sigma is not a covariance: \(fault)")
        }
        self.path = path
        statistics = FeatureStatistics(mean: mean.doubles, covariance: covariance.doubles, sampleCount: 0)
        hash = try SHA256.hex(ofFile: path)
    }

    /// How far a covariance may be from symmetric, in units of its largest value, and its eigenvalues below zero, in
    /// units of the largest: covariances that were computed or stored in 32 bits are off by about 1e-5.
    private static let tolerance = 1e-3

    /// Why a matrix is not a covariance: it must be symmetric, and no eigenvalue negative. Nil if it may be one.
    private static func fault(of matrix: [Double], n: Int) throws -> String? {
        let scale = matrix.reduce(0) { max($0, abs($1)) }
        for row in 0..<n {
            for column in 0..<row {
                let (one, other) = (matrix[row * n + column], matrix[column * n + row])
                guard abs(one - other) > tolerance * scale else { continue }
                return "it is not symmetric; [\(row), \(column)] is \(one) and [\(column), \(row)] is \(other)"
            }
        }
        let values = try LinearAlgebra.symmetricEigenvalues(matrix, n: n)
        guard let least = values.first, let most = values.last, least < -tolerance * max(most, -least) else {
            return nil
        }
        return "its eigenvalue \(Float(least)) is negative"
    }

    /// Throws `TensorsError.cannotWrite`.
    static func write(_ statistics: FeatureStatistics, path: String) throws {
        let n = statistics.columns
        try NumPyArchive.write(
            [
                ("mu", NpyArray(shape: [n], values: .float64(statistics.mean))),
                ("sigma", NpyArray(shape: [n, n], values: .float64(statistics.covariance))),
            ], path: path)
    }
}
