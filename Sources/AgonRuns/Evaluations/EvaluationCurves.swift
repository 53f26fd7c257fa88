import AgonExperiments

/// The values of one metric of a run with one identity, by step.
public struct EvaluationCurve: Sendable {
    public typealias Point = (step: Int, value: Double)

    /// The metric's name, such as `fid-lenet`.
    public let metric: String
    public let identity: EvaluationIdentity
    /// In ascending order of steps.
    public let points: [Point]

    /// The best point; the first of several equal ones.
    public func best(_ goal: MetricGoal) -> Point? { goal.best(of: points) { $0.value } }

    static let prefix = "metric."

    /// The key of a metric: `metric.fid-lenet`.
    package static func key(of metric: String) -> String { prefix + metric }

    /// Whether a key belongs to a metric, not to a logged number.
    package static func isKey(_ key: String) -> Bool { key.hasPrefix(prefix) }

    /// `metric.NAME@IDENTITY`
    package var fullKey: String { "\(Self.key(of: metric))@\(identity.hash)" }
}

/// All metrics of a run, measured during training and after it. The index, comparisons, reports, tables, costs and the
/// rules of sweeps all read metrics through this type.
///
/// Values of a metric with different identities form separate curves. The leading curve has the most values; among
/// equals, it is the one that was measured last. Only the leading curve is shown where there is room for one.
public struct EvaluationCurves: Sendable {
    /// In the order in which the metrics first appear in `evaluations.jsonl`, a metric's leading curve first.
    public let curves: [EvaluationCurve]

    public init(of run: RunFolder) {
        var metrics: [String] = []
        var groups: [String: [EvaluationIdentity: [EvaluationCurve.Point]]] = [:]
        // The position of the newest value in the file.
        var newest: [String: [EvaluationIdentity: Int]] = [:]
        for (place, value) in run.evaluations.enumerated() {
            if groups[value.metric] == nil { metrics.append(value.metric) }
            groups[value.metric, default: [:]][value.identity, default: []].append((value.step, value.value))
            newest[value.metric, default: [:]][value.identity] = place
        }
        curves = metrics.flatMap { metric in
            let ranked = (groups[metric] ?? [:]).sorted { first, second in
                let places = newest[metric] ?? [:]
                return (first.value.count, places[first.key] ?? 0) > (second.value.count, places[second.key] ?? 0)
            }
            return ranked.map { identity, points in
                EvaluationCurve(metric: metric, identity: identity, points: points.sorted { $0.step < $1.step })
            }
        }
    }

    /// Keys of the metrics, with the prefix `metric.`.
    public var keys: [String] {
        var keys: [String] = []
        for curve in curves where keys.last != EvaluationCurve.key(of: curve.metric) {
            keys.append(EvaluationCurve.key(of: curve.metric))
        }
        return keys
    }

    /// All curves of the metric with a key such as `metric.fid-lenet`, the leading one first.
    public func all(_ key: String) -> [EvaluationCurve] {
        curves.filter { EvaluationCurve.key(of: $0.metric) == key }
    }

    /// The curve of a metric with the given key and identity.
    package func curve(_ key: String, identity: EvaluationIdentity) -> EvaluationCurve? {
        all(key).first { $0.identity == identity }
    }

    /// The curves with their keys: the metric's key for a leading curve, `metric.NAME@IDENTITY` for the others.
    package var named: [(key: String, curve: EvaluationCurve)] {
        var metrics: Set<String> = []
        return curves.map { curve in
            let isLeading = metrics.insert(curve.metric).inserted
            return (isLeading ? EvaluationCurve.key(of: curve.metric) : curve.fullKey, curve)
        }
    }

    /// The curve with a key of `named`.
    package subscript(key: String) -> EvaluationCurve? { named.first { $0.key == key }?.curve }
}
