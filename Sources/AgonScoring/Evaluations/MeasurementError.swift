/// Why a generator cannot be measured.
public enum MeasurementError: Error, Equatable, Sendable {
    /// A metric that the data or the classifier do not support.
    case unfit(metric: String, reason: String)
    /// No classifier was trained on the dataset.
    case noClassifier(dataset: String, available: [String])
    /// A file of statistics that cannot be used.
    case badStatistics(path: String, reason: String)
}

extension MeasurementError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unfit(let metric, let reason): "metric '\(metric)': \(reason)"
        case .badStatistics(let path, let reason): "\(path): not usable statistics: \(reason)"
        case .noClassifier(let dataset, let available):
            "no classifier was trained on '\(dataset)'; name one with evaluate.classifier"
                + (available.isEmpty ? "" : ": \(available.joined(separator: ", ")), or the path of a config")
        }
    }
}
