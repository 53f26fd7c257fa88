import Evaluation

/// A family of metrics, as `evaluate.metrics` names it. Each gives one or more values.
public enum EvaluationMetric: String, CaseIterable, Sendable {
    /// Fréchet distance of features: `fcd-lenet`; with InceptionV3's features `fid-inceptionv3`.
    case frechet = "fcd"
    /// Kernel distance of features: `kid-lenet`.
    case kernel = "kid"
    /// How sure a classifier is of each sample and how even over all: `inception-score-lenet`.
    case score = "inception-score"
    /// `precision-lenet`, `recall-lenet`, `density-lenet`, `coverage-lenet`.
    case neighbours = "prdc"
    /// Mean similarity of pairs of samples: `ms-ssim`.
    case similarity = "ms-ssim"
    /// Modes of the data that are reached, and the divergence from the data's distribution over them: `modes`,
    /// `modes-kl`.
    case modes

    /// Whether it compares features, or takes probabilities, of a classifier.
    public var needsFeatures: Bool {
        switch self {
        case .frechet, .kernel, .score, .neighbours: true
        case .similarity, .modes: false
        }
    }

    /// Whether a smaller value of a metric is better, by its name in `metrics.jsonl`; nil for names of no metric.
    public static func isBetterSmaller(_ name: String) -> Bool? {
        func isOf(_ family: String) -> Bool { name == family || name.hasPrefix(family + "-") }
        if isOf("fcd") || isOf("fid") || isOf("kid") || name == "ms-ssim" || name == "modes-kl" { return true }
        if isOf("inception-score") || isOf("precision") || isOf("recall") || isOf("density") || isOf("coverage") {
            return false
        }
        return isOf("modes") ? false : nil
    }
}
