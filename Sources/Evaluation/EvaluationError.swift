/// What makes a metric impossible to compute.
public enum EvaluationError: Error, Equatable, Sendable {
    /// Two sets of features of different width.
    case differentWidths(real: Int, fake: Int)
    /// Fewer samples than the metric is defined for.
    case tooFewSamples(metric: String, set: String, count: Int, needed: Int)
    /// A feature or probability that is not a finite number, or a negative probability.
    case badValue(metric: String, row: Int, column: Int, value: Double)
    /// Rows of class probabilities that do not sum to 1.
    case badProbabilities(row: Int, sum: Double)
}

extension EvaluationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .differentWidths(let real, let fake):
            "features: \(real) for a real image but \(fake) for a generated one; use one classifier for both"
        case .tooFewSamples(let metric, let set, let count, let needed):
            "\(metric): \(count) \(set) samples, at least \(needed) are needed"
        case .badValue(let metric, let row, let column, let value):
            "\(metric): value \(column) of sample \(row) is \(value)"
        case .badProbabilities(let row, let sum):
            "inception score: the probabilities of sample \(row) sum to \(sum), not to 1; apply softmax to logits first"
        }
    }
}
