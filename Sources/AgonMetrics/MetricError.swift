/// Why a metric cannot be computed.
public enum MetricError: Error, Equatable, Sendable {
    /// Two feature sets of different width.
    case differentWidths(real: Int, fake: Int)
    /// Fewer samples than the metric is defined for.
    case tooFewSamples(metric: String, set: String, count: Int, needed: Int)
    /// A feature or probability that is not a finite number, or a negative probability.
    case badValue(metric: String, row: Int, column: Int, value: Double)
    /// Rows of class probabilities that do not sum to 1.
    case badProbabilities(row: Int, sum: Double)
    /// A mode's frequency in the data is negative or NaN; or all are 0.
    case badFrequency(mode: Int, value: Double)
    /// Images smaller than the metric's window.
    case imageTooSmall(height: Int, width: Int, needed: Int)
}

extension MetricError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .differentWidths(let real, let fake):
            "features: \(real) for a real image but \(fake) for a generated one; use one classifier for both"
        case .tooFewSamples(let metric, let set, let count, let needed):
            "\(metric): \(count) \(set) sample\(count == 1 ? "" : "s"), at least \(needed) are needed"
        case .badValue(let metric, let row, let column, let value):
            "\(metric): value \(column) of sample \(row) is \(value)"
        case .badProbabilities(let row, let sum):
            "inception score: the probabilities of sample \(row) sum to \(sum), not to 1; apply softmax to logits first"
        case .badFrequency(_, let value) where value == 0:
            "mode coverage: no data in any of the modes"
        case .badFrequency(let mode, let value):
            "mode coverage: the frequency of mode \(mode) in the data is \(value)"
        case .imageTooSmall(let height, let width, let needed):
            "MS-SSIM: images of \(height) x \(width) pixels, at least \(needed) x \(needed) are needed"
        }
    }
}
