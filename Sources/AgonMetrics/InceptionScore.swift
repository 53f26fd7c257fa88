#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Inception score: `exp E_x KL(p(y|x) ‖ p(y))` of a classifier's probabilities for generated images, 1 to classes.
///
/// Salimans et al., "Improved Techniques for Training GANs", NIPS 2016, arXiv:1606.03498, section 4.
public enum InceptionScore {
    /// Mean and deviation over the splits (divided by splits, as the score's reference implementation does).
    public struct Estimate: Equatable, Sendable {
        public let mean: Double
        /// 0 for one split.
        public let deviation: Double
    }

    /// The score over consecutive splits of about equal size.
    ///
    /// - Parameter probabilities: one row per image, each summing to 1.
    /// - Throws: ``MetricError`` for fewer images than splits or rows that are not distributions.
    public static func of(probabilities: Features, splits: Int = 1) throws(MetricError) -> Estimate {
        precondition(splits > 0, "inception score over \(splits) splits")
        try probabilities.check(atLeast: splits, set: "generated", metric: "inception score")
        try checkDistributions(probabilities)
        var scores: [Double] = []
        for split in 0..<splits {
            let rows = probabilities.rows * split / splits..<probabilities.rows * (split + 1) / splits
            scores.append(score(of: probabilities, rows))
        }
        let mean = scores.reduce(0, +) / Double(splits)
        let squares = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return Estimate(mean: mean, deviation: (squares / Double(splits)).squareRoot())
    }

    private static func score(of probabilities: Features, _ rows: Range<Int>) -> Double {
        let classes = probabilities.columns
        var marginal = [Double](repeating: 0, count: classes)
        for row in rows {
            for column in 0..<classes { marginal[column] += probabilities.values[row * classes + column] }
        }
        let logarithms = marginal.map { log($0 / Double(rows.count)) }
        var divergence = 0.0
        for row in rows {
            // p log p is 0 at p = 0, where the marginal's logarithm may be infinite.
            for column in 0..<classes {
                let p = probabilities.values[row * classes + column]
                if p > 0 { divergence += p * (log(p) - logarithms[column]) }
            }
        }
        return exp(divergence / Double(rows.count))
    }

    private static func checkDistributions(_ probabilities: Features) throws(MetricError) {
        let classes = probabilities.columns
        for row in 0..<probabilities.rows {
            var sum = 0.0
            for column in 0..<classes {
                let p = probabilities.values[row * classes + column]
                guard p >= 0 else { throw .badValue(metric: "inception score", row: row, column: column, value: p) }
                sum += p
            }
            // Single-precision softmax over a thousand classes has an error of about 1e-5.
            guard abs(sum - 1) < 1e-3 else { throw .badProbabilities(row: row, sum: sum) }
        }
    }
}
