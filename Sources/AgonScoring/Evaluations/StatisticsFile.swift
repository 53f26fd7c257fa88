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
        self.path = path
        statistics = FeatureStatistics(mean: mean.doubles, covariance: covariance.doubles, sampleCount: 0)
        hash = try SHA256.hex(ofFile: path)
    }

    /// Throws `DatasetError.cannotWrite`.
    static func write(_ statistics: FeatureStatistics, path: String) throws {
        let n = statistics.columns
        try NumPyArchive.write(
            [
                ("mu", NpyArray(shape: [n], values: .float64(statistics.mean))),
                ("sigma", NpyArray(shape: [n, n], values: .float64(statistics.covariance))),
            ], path: path)
    }
}
