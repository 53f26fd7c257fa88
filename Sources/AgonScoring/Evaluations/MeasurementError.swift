import AgonDatasets

/// Why a generator cannot be measured.
public enum MeasurementError: Error, Equatable, Sendable {
    /// A metric that the data or the classifier do not support.
    case unfit(metric: String, reason: String)
    /// The metric of `checkpoints.best` is not among those that suit the data.
    case bestNotMeasured(metric: String, measured: [String])
    /// No classifier was trained on the dataset.
    case noClassifier(dataset: String, available: [String], isTraining: Bool = false)
    /// A dataset without the split whose images are to be compared.
    case noSplit(DatasetSplit, dataset: String)
    /// A file of statistics that cannot be used.
    case badStatistics(path: String, reason: String)
}

extension MeasurementError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unfit(let metric, let reason): "metric '\(metric)': \(reason)"
        case .bestNotMeasured(let metric, let measured):
            "checkpoints.best: '\(metric)' is not measured on these data; measured are: "
                + measured.joined(separator: ", ")
        case .noSplit(let split, let dataset):
            "'\(dataset)' has no \(split.rawValue) split; leave --split out, or give --split train"
        case .badStatistics(let path, let reason): "\(path): not usable statistics: \(reason)"
        case .noClassifier(let dataset, let available, let isTraining):
            "no classifier was trained on '\(dataset)'; name one with "
                + (isTraining
                    ? "--set evaluate.classifier=NAME: " : "--classifier (in a config: evaluate.classifier): ")
                + (available + ["the path of a config"]).joined(separator: ", ")
                + ", or a .safetensors file of InceptionV3's weights (Documentation/metrics.md tells how to make it)"
                + (isTraining ? ". Without measuring, it trains with \"evaluate\": null (--set evaluate=null)" : "")
        }
    }
}
