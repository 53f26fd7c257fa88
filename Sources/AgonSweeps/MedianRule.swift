import AgonConfiguration
import AgonExperiments
import AgonText

/// The median rule: a trial ends early when the best it has reached is worse than the median of the bests that the
/// sweep's finished trials had reached at the same step.
///
/// Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017, section 3.2.2.
/// Differs: it compares bests on both sides, not running means, as curves of GANs jump up and down.
public struct MedianRule: ConfigDecodable, Sendable {
    /// The key of a metric, such as `metric.fid-lenet`, or of metrics.jsonl, such as `loss.generator`.
    public let metric: String
    public let goal: MetricGoal
    /// Steps before which no trial is judged.
    public let grace: Int
    /// Finished trials that there must be.
    public let trials: Int

    public init(from reader: ConfigReader) throws {
        _ = try reader.choice("type", ["median"], default: "median", "The rule.")
        metric = try reader.string(
            "metric",
            "The key to compare: of a metric, such as metric.fid-lenet, or of metrics.jsonl, such as loss.generator.")
        let goal: MetricGoal? = try reader.optionalChoice(
            "goal",
            "Whether the best value is the smallest or the largest; if not given, what is known of the metric, else 'minimize'."
        )
        self.goal = goal ?? MetricGoal.usual(for: metric)
        grace = try reader.integer("grace", in: 0..., default: 0, "Steps before which no trial is ended.")
        trials = try reader.integer(
            "trials", in: 1..., default: 3, "Finished trials that there must be before any is ended.")
    }

    /// Values of the metric in the order of their steps.
    typealias Curve = [(step: Int, value: Double)]

    /// Why a trial is to be ended; nil while it may go on.
    ///
    /// - Parameters:
    ///   - curve: the trial's, up to now.
    ///   - others: the finished trials'.
    func verdict(on curve: Curve, against others: [Curve]) -> String? {
        guard let step = curve.last?.step, step >= grace, let own = best(of: curve, through: step) else { return nil }
        let bests = others.compactMap { best(of: $0, through: step) }
        guard bests.count >= trials else { return nil }
        let median = Self.median(of: bests)
        guard goal == .minimize ? own > median : own < median else { return nil }
        return
            "\(metric) reached \(NumberText.brief(own, digits: 6)) by step \(step); the median of \(bests.count) finished trials is "
            + NumberText.brief(median, digits: 6)
    }

    private func best(of curve: Curve, through step: Int) -> Double? {
        let values = curve.prefix { $0.step <= step }.map(\.value)
        return goal == .minimize ? values.min() : values.max()
    }

    private static func median(of values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// As trials read it back from `trials.json`.
    var node: ConfigNode {
        [
            "type": "median", "metric": ConfigNode(metric), "goal": ConfigNode(goal.rawValue),
            "grace": ConfigNode(grace), "trials": ConfigNode(trials),
        ]
    }
}
