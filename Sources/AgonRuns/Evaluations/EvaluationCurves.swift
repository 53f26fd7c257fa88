import AgonExperiments

/// The values of one metric of a run that were measured in one way, step by step.
public struct EvaluationCurve: Sendable {
    public typealias Point = (step: Int, value: Double)

    /// Such as `fid-lenet`.
    public let metric: String
    /// Nil where it was not recorded.
    public let identity: EvaluationIdentity?
    /// Rising in their steps.
    public let points: [Point]

    /// The best point, the first of equal ones.
    public func best(_ goal: MetricGoal) -> Point? { goal.best(of: points) { $0.value } }
}

/// What was measured of a run, in training and after: the one reader of metrics for the index, comparisons, reports,
/// tables and costs.
///
/// Values of a metric that were measured in different ways are curves of their own. The one with the most values leads,
/// of equals the one that was measured last: it is what is shown where there is room for one.
public struct EvaluationCurves: Sendable {
    /// Metrics that are only logged first, then those of `evaluations.jsonl`, each in the order in which they first come
    /// up; of a metric the leading curve first.
    public let curves: [EvaluationCurve]

    /// - Parameter logged: the keys of `metrics.jsonl` with their values. Those of metrics that `evaluations.jsonl`
    ///   does not know are curves without identity.
    public init(of run: RunFolder, logged: [(key: String, points: [EvaluationCurve.Point])]) {
        let values = run.evaluations
        var metrics: [String] = []
        var groups: [String: [EvaluationIdentity: [EvaluationCurve.Point]]] = [:]
        // The place in the file of the newest value.
        var newest: [String: [EvaluationIdentity: Int]] = [:]
        for (place, value) in values.enumerated() {
            if groups[value.metric] == nil { metrics.append(value.metric) }
            groups[value.metric, default: [:]][value.identity, default: []].append((value.step, value.value))
            newest[value.metric, default: [:]][value.identity] = place
        }
        var curves: [EvaluationCurve] = []
        for (key, points) in logged where key.hasPrefix(Self.prefix) {
            let metric = String(key.dropFirst(Self.prefix.count))
            if groups[metric] == nil { curves.append(EvaluationCurve(metric: metric, identity: nil, points: points)) }
        }
        for metric in metrics {
            let ranked = (groups[metric] ?? [:]).sorted { first, second in
                let places = newest[metric] ?? [:]
                return (first.value.count, places[first.key] ?? 0) > (second.value.count, places[second.key] ?? 0)
            }
            for (identity, points) in ranked {
                curves.append(
                    EvaluationCurve(metric: metric, identity: identity, points: points.sorted { $0.step < $1.step }))
            }
        }
        self.curves = curves
    }

    package init(of run: RunFolder, logged: MetricCurves) {
        self.init(of: run, logged: logged.names.map { ($0, logged[$0]) })
    }

    private static let prefix = "metric."

    /// Keys of the metrics, `metric.` included.
    public var keys: [String] {
        var keys: [String] = []
        for curve in curves where keys.last != Self.prefix + curve.metric { keys.append(Self.prefix + curve.metric) }
        return keys
    }

    /// All curves of a metric by its key, such as `metric.fid-lenet`, the leading one first.
    public func all(_ key: String) -> [EvaluationCurve] { curves.filter { Self.prefix + $0.metric == key } }

    /// The keys of the curves: the metric's of a leading one, `metric.NAME@IDENTITY` of others.
    package var named: [(key: String, curve: EvaluationCurve)] {
        var metrics: Set<String> = []
        return curves.map { curve in
            let isLeading = metrics.insert(curve.metric).inserted
            return (Self.key(of: curve, isLeading: isLeading), curve)
        }
    }

    /// The curve of a key in `named`.
    package subscript(key: String) -> EvaluationCurve? { named.first { $0.key == key }?.curve }

    package static func key(of curve: EvaluationCurve, isLeading: Bool) -> String {
        prefix + curve.metric + (isLeading ? "" : curve.identity.map { "@" + $0.hash } ?? "")
    }
}
