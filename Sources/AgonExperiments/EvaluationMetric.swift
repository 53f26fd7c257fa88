/// A metric family, as `evaluate.metrics` names it. Each gives one or more values.
public enum EvaluationMetric: String, CaseIterable, Sendable {
    /// Fréchet distance of features: `fid-lenet`; with InceptionV3's features `fid-inceptionv3`.
    case frechet = "fid"
    /// Kernel distance of features: `kid-lenet`.
    case kernel = "kid"
    /// Confidence of a classifier on each sample and diversity over all samples: `inception-score-lenet`.
    case score = "inception-score"
    /// `precision-lenet`, `recall-lenet`, `density-lenet`, `coverage-lenet`.
    case neighbours = "prdc"
    /// Mean similarity of pairs of samples, and by how much it exceeds that of pairs of real ones: `ms-ssim`,
    /// `ms-ssim-over-real`.
    case similarity = "ms-ssim"
    /// Covered modes of the data, and the divergence from the data's distribution over modes: `modes`,
    /// `modes-kl`.
    case modes

    /// Whether it uses features or probabilities of a classifier.
    public var needsFeatures: Bool {
        switch self {
        case .frechet, .kernel, .score, .neighbours: true
        case .similarity, .modes: false
        }
    }

    /// The family of a value by its key, such as `metric.fid-lenet`; nil if it is not that of a metric.
    public static func ofKey(_ key: String) -> Self? {
        key.hasPrefix("metric.") ? giving(String(key.dropFirst("metric.".count))) : nil
    }

    /// The family of a value by its name in `metrics.jsonl` without `metric.`; nil if it is not a metric.
    public static func giving(_ name: String) -> Self? {
        func isOf(_ families: String...) -> Bool { families.contains { name == $0 || name.hasPrefix($0 + "-") } }
        if isOf("fid") { return .frechet }
        if isOf("kid") { return .kernel }
        if isOf("inception-score") { return .score }
        if isOf("precision", "recall", "density", "coverage") { return .neighbours }
        if isOf("ms-ssim") { return .similarity }
        return isOf("modes") ? .modes : nil
    }
}
