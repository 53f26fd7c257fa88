import AgonConfiguration
import AgonExperiments
import AgonText

/// The median rule: a trial ends early when its best value so far is worse than the median of the best values that the
/// sweep's finished trials had reached by the same step.
///
/// Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017, section 3.2.2.
/// Difference: it compares best values on both sides instead of running means, because the curves of GANs fluctuate.
public struct MedianRule: ConfigDecodable, Sendable {
    /// The key of a metric, such as `metric.fid-lenet`, or a key of `metrics.jsonl`, such as `loss.generator`.
    public let metric: String
    public let goal: MetricGoal
    /// The number of steps before which no trial is ended.
    public let grace: Int
    /// The minimum number of finished trials.
    public let trials: Int

    public init(from reader: ConfigReader) throws {
        _ = try reader.choice("type", ["median"], default: "median", "The rule.")
        metric = try reader.string(
            "metric",
            "The key to compare: a metric such as metric.fid-lenet, or a key of metrics.jsonl such as loss.generator.")
        let goal: MetricGoal? = try reader.optionalChoice(
            "goal",
            "Whether the best value is the smallest or the largest; default: the metric's usual goal, or 'minimize'."
        )
        self.goal = goal ?? MetricGoal.usual(for: metric)
        grace = try reader.integer(
            "grace", in: 0..., default: 0, "The number of steps before which no trial is ended.")
        trials = try reader.integer(
            "trials", in: 1..., default: 3, "The number of finished trials needed before any trial is ended.")
    }

    /// Values of the metric in the order of their steps.
    package typealias Curve = [(step: Int, value: Double)]

    /// The reason to end a trial; nil if it may continue.
    ///
    /// - Parameters:
    ///   - curve: the trial's curve so far.
    ///   - others: the curves of the finished trials.
    package func verdict(on curve: Curve, against others: [Curve]) -> String? {
        guard let step = curve.last?.step, step >= grace, let own = best(of: curve, through: step) else { return nil }
        let bests = others.compactMap { best(of: $0, through: step) }
        guard bests.count >= trials else { return nil }
        let median = Self.median(of: bests)
        guard goal == .minimize ? own > median : own < median else { return nil }
        return
            "\(metric) reached \(NumberText.brief(own, digits: 6)) by step \(step); the median of \(bests.count) "
            + "finished trials is \(NumberText.brief(median, digits: 6))"
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

    /// The form in `trials.json`, from which trials read the rule back.
    var node: ConfigNode {
        [
            "type": "median", "metric": ConfigNode(metric), "goal": ConfigNode(goal.rawValue),
            "grace": ConfigNode(grace), "trials": ConfigNode(trials),
        ]
    }
}
