import AgonExperiments

/// The values of one metric of a run that were measured in one way, step by step.
public struct EvaluationCurve: Sendable {
    public typealias Point = (step: Int, value: Double)

    /// Such as `fid-lenet`.
    public let metric: String
    public let identity: EvaluationIdentity
    /// Rising in their steps.
    public let points: [Point]

    /// The best point, the first of equal ones.
    public func best(_ goal: MetricGoal) -> Point? { goal.best(of: points) { $0.value } }

    static let prefix = "metric."

    /// The key of a metric: `metric.fid-lenet`.
    package static func key(of metric: String) -> String { prefix + metric }

    /// Whether a key is that of a metric, not of a number of the log.
    package static func isKey(_ key: String) -> Bool { key.hasPrefix(prefix) }

    /// `metric.NAME@IDENTITY`
    package var fullKey: String { "\(Self.key(of: metric))@\(identity.hash)" }
}

/// What was measured of a run, in training and after: the one reader of metrics for the index, comparisons, reports,
/// tables, costs and rules of sweeps.
///
/// Values of a metric that were measured in different ways are curves of their own. The one with the most values leads,
/// of equals the one that was measured last: it is what is shown where there is room for one.
public struct EvaluationCurves: Sendable {
    /// In the order in which the metrics first come up in `evaluations.jsonl`; of a metric the leading curve first.
    public let curves: [EvaluationCurve]

    public init(of run: RunFolder) {
        var metrics: [String] = []
        var groups: [String: [EvaluationIdentity: [EvaluationCurve.Point]]] = [:]
        // The place in the file of the newest value.
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

    /// Keys of the metrics, `metric.` included.
    public var keys: [String] {
        var keys: [String] = []
        for curve in curves where keys.last != EvaluationCurve.key(of: curve.metric) {
            keys.append(EvaluationCurve.key(of: curve.metric))
        }
        return keys
    }

    /// All curves of a metric by its key, such as `metric.fid-lenet`, the leading one first.
    public func all(_ key: String) -> [EvaluationCurve] {
        curves.filter { EvaluationCurve.key(of: $0.metric) == key }
    }

    /// The curve of a metric by its key that was measured in one way.
    package func curve(_ key: String, identity: EvaluationIdentity) -> EvaluationCurve? {
        all(key).first { $0.identity == identity }
    }

    /// The keys of the curves: the metric's of a leading one, `metric.NAME@IDENTITY` of others.
    package var named: [(key: String, curve: EvaluationCurve)] {
        var metrics: Set<String> = []
        return curves.map { curve in
            let isLeading = metrics.insert(curve.metric).inserted
            return (isLeading ? EvaluationCurve.key(of: curve.metric) : curve.fullKey, curve)
        }
    }

    /// The curve of a key in `named`.
    package subscript(key: String) -> EvaluationCurve? { named.first { $0.key == key }?.curve }
}
