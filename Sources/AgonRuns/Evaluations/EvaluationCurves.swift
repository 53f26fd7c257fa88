import AgonConfiguration
import AgonExperiments

/// The values of one metric of a run with one identity, by step.
public struct EvaluationCurve: Sendable {
    public typealias Point = (step: Int, value: Double)

    /// The metric's name, such as `fid-lenet`.
    public let metric: String
    public let identity: EvaluationIdentity
    /// In ascending order of steps.
    public let points: [Point]
    /// Whether training itself measured it.
    package fileprivate(set) var isOfTraining = false
    /// Whether it leads in its run.
    package fileprivate(set) var isLeading = false

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
/// Values of a metric with different identities form separate curves. The leading curve has the most values; on a tie,
/// it is the one that was measured last. Only the leading curve is shown where there is room for one. Where several
/// runs are shown together, `SharedIdentities` decides instead.
public struct EvaluationCurves: Sendable {
    /// In the order in which the metrics first appear in `evaluations.jsonl`, a metric's leading curve first.
    public let curves: [EvaluationCurve]

    fileprivate init(_ curves: [EvaluationCurve]) { self.curves = curves }

    public init(of run: RunFolder) {
        var metrics: [String] = []
        var groups: [String: [EvaluationIdentity: [EvaluationCurve.Point]]] = [:]
        // The position of the newest value in the file.
        var newest: [String: [EvaluationIdentity: Int]] = [:]
        var first: [String: EvaluationIdentity] = [:]
        for (place, value) in run.evaluations.enumerated() {
            if groups[value.metric] == nil { metrics.append(value.metric) }
            groups[value.metric, default: [:]][value.identity, default: []].append((value.step, value.value))
            newest[value.metric, default: [:]][value.identity] = place
            if first[value.metric] == nil { first[value.metric] = value.identity }
        }
        // With one identity each, nothing has to be chosen.
        let training = groups.values.contains { $0.count > 1 } ? Self.trainingSettings(of: run) : nil
        curves = metrics.flatMap { metric in
            let ranked = (groups[metric] ?? [:]).sorted { first, second in
                let places = newest[metric] ?? [:]
                return (first.value.count, places[first.key] ?? 0) > (second.value.count, places[second.key] ?? 0)
            }
            return ranked.map { identity, points in
                // Training measures its checkpoints before anyone else can.
                EvaluationCurve(
                    metric: metric, identity: identity, points: points.sorted { $0.step < $1.step },
                    isOfTraining: identity == first[metric] && training?.mayMeasure(metric) == true,
                    isLeading: identity == ranked.first?.key)
            }
        }
    }

    /// What training measured, by the run's config; nil if it measured nothing.
    private static func trainingSettings(of run: RunFolder) -> EvaluationSettings? {
        guard let section = (try? ConfigNode.load(path: run.configPath))?["evaluate"], !section.isNull else {
            return nil
        }
        return try? ConfigReader.decode(EvaluationSettings.self, from: section).value
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

/// Which curve of each metric leads where several runs are shown together, as in the rows of a table: the one whose
/// identity most of the runs share, so that a single run evaluated in another way stays in the mean. On a tie, the
/// identity that training measured in most runs leads, then the one that leads by itself in most: with the most values,
/// or the newest.
public struct SharedIdentities: Sendable {
    private struct Count {
        var runs = 0
        /// The runs in which training measured it.
        var trained = 0
        /// The runs in which it leads by itself.
        var leading = 0
    }

    private typealias Counts = [String: [EvaluationIdentity: Count]]

    private var counts: Counts = [:]
    private let wider: Counts

    /// - Parameter wider: those of more runs, whose number decides before training does, such as those of the table for
    ///   the runs of a row.
    public init(_ runs: [EvaluationCurves], within wider: SharedIdentities? = nil) {
        self.wider = wider?.counts ?? [:]
        for curve in runs.lazy.flatMap(\.curves) {
            var count = counts[curve.metric]?[curve.identity] ?? Count()
            count.runs += 1
            if curve.isOfTraining { count.trained += 1 }
            if curve.isLeading { count.leading += 1 }
            counts[curve.metric, default: [:]][curve.identity] = count
        }
    }

    /// The curves of a run in another order, so that of each metric the curve with the most shared identity leads.
    public func leading(in evaluations: EvaluationCurves) -> EvaluationCurves {
        EvaluationCurves(
            evaluations.keys.flatMap { key in
                let curves = evaluations.all(key)
                // On a tie the first, which leads within the run.
                let leader = curves.indices.dropFirst().reduce(0) { best, index in
                    rank(curves[best]).lexicographicallyPrecedes(rank(curves[index])) ? index : best
                }
                return curves.isEmpty
                    ? [] : [curves[leader]] + curves.indices.filter { $0 != leader }.map { curves[$0] }
            })
    }

    /// The larger leads.
    private func rank(_ curve: EvaluationCurve) -> [Int] {
        let count = counts[curve.metric]?[curve.identity] ?? Count()
        return [count.runs, wider[curve.metric]?[curve.identity]?.runs ?? 0, count.trained, count.leading]
    }
}
