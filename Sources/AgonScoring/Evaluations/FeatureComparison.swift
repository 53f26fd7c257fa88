import AgonConfiguration
import AgonExperiments
import AgonMetrics

/// The metrics of features: generated samples, as a classifier sees them, against real ones.
struct FeatureComparison {
    /// A value, and what it depends on besides the samples: how many real samples took part, and settings.
    typealias Value = (name: String, value: Double, real: Int?, settings: [(String, ConfigNode)])

    /// The classifier's name in metrics.
    let architecture: String
    let generated: FeatureExtractor.Outputs
    /// The features of real samples; nil if only their statistics are known.
    let real: Features?
    /// The statistics of real samples.
    let realStatistics: () throws -> FeatureStatistics
    let threads: Int

    /// Nearest neighbours k for precision, recall, density and coverage.
    static let neighbours = 5

    /// The values of a metric; none for metrics of other kinds, and without real samples for those that compare
    /// samples.
    ///
    /// Throws `MetricError`, `TensorsError`.
    func values(of metric: EvaluationMetric) throws -> [Value] {
        let fake = generated.matrix
        // Pairwise comparisons use as many real as generated samples: their time and memory grow with both.
        let paired = min(real?.rows ?? 0, fake.rows)
        switch metric {
        case .frechet:
            let distance = try FrechetDistance.between(
                real: realStatistics(), fake: FeatureStatistics(fake, set: "generated", threads: threads))
            return [("fid-" + architecture, distance, real?.rows, [])]
        case .kernel:
            guard let real else { return [] }
            let distance = try KernelInceptionDistance.between(
                real: real.selecting(0..<paired), fake: fake, threads: threads)
            return [("kid-" + architecture, distance, paired, [])]
        case .neighbours:
            guard let real else { return [] }
            let scores = try PrecisionRecallDensityCoverage(
                real: real.selecting(0..<paired), fake: fake, neighbours: Self.neighbours, threads: threads)
            let named = [
                ("precision-", scores.precision), ("recall-", scores.recall), ("density-", scores.density),
                ("coverage-", scores.coverage),
            ]
            return named.map { ($0 + architecture, $1, paired, [("neighbours", ConfigNode(Self.neighbours))]) }
        case .score:
            let probabilities = Features(
                rows: generated.rows, columns: generated.classCount, values: generated.probabilities)
            let score = try InceptionScore.of(probabilities: probabilities)
            return [("inception-score-" + architecture, score.mean, nil, [])]
        case .similarity, .modes: return []
        }
    }
}
