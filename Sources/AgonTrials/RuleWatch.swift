import AgonRuns
import AgonSweeps

/// Applies the sweep's rule to a trial's metric.
///
/// Values with different identities must not be compared. Stages of training may have different ones, and so may values
/// that `agon evaluate` adds while the trial runs: these are kept apart, and the trial is judged by those of training.
struct RuleWatch {
    private let rule: MedianRule
    private let others: [TrialFolder]
    /// Trials that were not finished when they were last checked.
    private var open: [TrialFolder]
    /// The curves of the finished trials with the identity by which the trial is judged.
    private var finished: [MedianRule.Curve] = []
    /// The trial's values by identity; nil stands for logged numbers, which have none.
    private var curves: [EvaluationIdentity?: MedianRule.Curve] = [:]
    /// The identity of the newest value that training measured.
    private var identity: EvaluationIdentity?
    /// The reason to end the trial.
    private(set) var verdict: String?

    init(_ rule: MedianRule, others: [TrialFolder]) {
        self.rule = rule
        self.others = others
        open = others
    }

    var metric: String { rule.metric }

    /// Whether the trial has no value of the metric yet.
    var isEmpty: Bool { curves.isEmpty }

    /// Adds the values that the trial logged and measured since the last call, and judges the trial if one of them is
    /// new from training.
    ///
    /// - Parameter step: the step that training has just finished.
    mutating func take(_ lines: [MetricsLine], _ values: [EvaluationValue], step: Int) {
        var isNew = false
        for line in lines {
            for (key, value) in line.values where key == rule.metric {
                curves[nil, default: []].append((line.step, value))
                isNew = true
            }
        }
        for value in values where value.key == rule.metric {
            add(value)
            // Other evaluations measure checkpoints, which are of earlier steps when their values arrive.
            guard value.step == step else { continue }
            if value.identity != identity { (identity, finished, open) = (value.identity, [], others) }
            isNew = true
        }
        // This is called after each step, and the rest reads files of all other trials.
        guard isNew, verdict == nil, step >= rule.grace, let curve = curves[identity] else { return }
        takeFinished()
        verdict = rule.verdict(on: curve, against: finished)
    }

    /// Keeps the curve in the order of its steps: an earlier checkpoint may be measured later.
    private mutating func add(_ value: EvaluationValue) {
        var curve = curves.removeValue(forKey: value.identity) ?? []
        let place = curve.lastIndex { $0.step <= value.step }.map { $0 + 1 } ?? 0
        curve.insert((value.step, value.value), at: place)
        curves[value.identity] = curve
    }

    /// Reads the curves of trials that have finished since the last call.
    private mutating func takeFinished() {
        var running: [TrialFolder] = []
        for other in open {
            guard let stamp = other.stamp else {
                running.append(other)
                continue
            }
            // Trials that were ended early do not count: their curves stop while their values are bad.
            if stamp.state == .done, let curve = curve(of: other.run) { finished.append(curve) }
        }
        open = running
    }

    /// The curve of another trial with the same identity.
    private func curve(of run: RunFolder) -> MedianRule.Curve? {
        guard let identity else { return MetricCurves(path: run.metricsPath)[rule.metric] }
        return EvaluationCurves(of: run).curve(rule.metric, identity: identity)?.points
    }
}
