import Configuration
import Experiments
import Foundation

/// A run as its folder tells of it, whatever state it is in.
public struct RecordedRun: Sendable {
    public let folder: RunFolder
    /// The config in full.
    public let config: ConfigNode
    /// `run.json`, or null before the run has begun.
    public let record: ConfigNode
    public let history: RunHistory
    /// Values of evaluations.jsonl by metric, without the prefix `metric.`, in the order written.
    public let evaluations: [String: [MeasuredValue]]
    /// Metrics in the order in which they first come up.
    public let evaluatedMetrics: [String]
    /// Steps that have a grid of samples, rising.
    public let sampleSteps: [Int]

    /// Throws `ReportsError.noRun`, `ConfigError`.
    public init(_ folder: RunFolder) throws {
        guard folder.holdsRun else { throw ReportsError.noRun(path: folder.path) }
        self.folder = folder
        config = try ConfigNode.load(path: folder.configPath)
        record = (try? ConfigNode.load(path: folder.recordPath)) ?? .null
        history = RunHistory(path: folder.metricsPath)
        (evaluations, evaluatedMetrics) = Self.evaluations(path: folder.path + "/evaluations.jsonl")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.samplesFolder)) ?? []
        sampleSteps = names.compactMap { name in
            guard name.hasPrefix("step-"), name.hasSuffix(".png") else { return nil }
            return Int(name.dropFirst(5).dropLast(4))
        }.sorted()
    }

    private static func evaluations(path: String) -> ([String: [MeasuredValue]], [String]) {
        var values: [String: [MeasuredValue]] = [:]
        var names: [String] = []
        guard let data = FileManager.default.contents(atPath: path) else { return ([:], []) }
        for line in data.split(separator: UInt8(ascii: "\n")) {
            guard let node = try? ConfigNode.parse(String(decoding: line, as: UTF8.self), file: path),
                let step = node["step"]?.integer, let metric = node["metric"]?.string,
                let value = node["value"]?.number
            else { continue }
            if values[metric] == nil { names.append(metric) }
            let identity = MetricIdentity(node["identity"])
            // Measured again at the same step: the newer one counts.
            values[metric, default: []].removeAll { $0.step == step && $0.identity == identity }
            values[metric, default: []].append(MeasuredValue(step: step, value: value, identity: identity))
        }
        return (values, names)
    }

    // MARK: What the record says

    public var name: String { config["name"]?.string ?? (folder.path as NSString).lastPathComponent }
    public var state: String { record["state"]?.string ?? "waiting" }
    public var reason: String? { record["reason"]?.string }
    public var step: Int { max(record["step"]?.integer ?? 0, history.seconds.last?.step ?? 0) }
    public var steps: Int? { record["steps"]?.integer ?? config["steps"]?.integer }
    public var seed: Int? { config["seed"]?.integer }
    public var seconds: Double? { record["seconds"]?.number ?? history.seconds.last?.value }
    public var peakMemoryBytes: Int? { record["peakMemoryBytes"]?.integer }

    /// Digest of the config, by which provenance names it.
    public var digest: String { config.digest }

    // MARK: Values

    /// The values of a key of metrics.jsonl, step by step. Metrics come with the identity that evaluations.jsonl states;
    /// where a metric was measured in several ways, those of one way are given.
    ///
    /// - Parameter wanted: keys and values that the identity must have; if none, the way that has most values is taken.
    public func values(of name: String, identity wanted: ConfigNode? = nil) -> [MeasuredValue] {
        let metric = name.hasPrefix("metric.") ? String(name.dropFirst(7)) : nil
        if let metric, let all = evaluations[metric], !all.isEmpty {
            var ways: [MetricIdentity?] = []
            for value in all where !ways.contains(value.identity) && Self.fits(value.identity, wanted) {
                ways.append(value.identity)
            }
            let counts = ways.map { way in all.count { $0.identity == way } }
            guard let most = counts.max(), let index = counts.lastIndex(of: most) else { return [] }
            return all.filter { $0.identity == ways[index] }.sorted { $0.step < $1.step }
        }
        if let wanted = wanted?.object, !wanted.isEmpty { return [] }
        return history[name].map { MeasuredValue(step: $0.step, value: $0.value, identity: nil) }
    }

    private static func fits(_ identity: MetricIdentity?, _ wanted: ConfigNode?) -> Bool {
        guard let wanted = wanted?.object, !wanted.isEmpty else { return true }
        return wanted.members.allSatisfy { member in
            identity?.parts.contains {
                $0.key == member.key && $0.text == member.value.string ?? member.value.lineText
            } ?? false
        }
    }

    /// All metrics that were measured, `metric.` included.
    public var metrics: [String] {
        let logged = history.names.filter { $0.hasPrefix("metric.") }
        return logged + evaluatedMetrics.map { "metric." + $0 }.filter { !logged.contains($0) }
    }
}

/// Which of two values is better.
public enum Goal: String, CaseIterable, Sendable {
    case least, most

    func isBetter(_ first: Double, than second: Double) -> Bool { self == .least ? first < second : first > second }

    /// The best value and the first step that has it.
    func best(of values: [MeasuredValue]) -> MeasuredValue? {
        values.reduce(nil) { best, value in
            guard let best else { return value }
            return isBetter(value.value, than: best.value) ? value : best
        }
    }

    /// What is usual for a metric: distances, divergences and losses are to fall, scores and counts of modes to rise.
    public static func usual(for metric: String) -> Goal {
        let name = metric.hasPrefix("metric.") ? String(metric.dropFirst(7)) : metric
        if let isBetterSmaller = EvaluationMetric.isBetterSmaller(name) { return isBetterSmaller ? .least : .most }
        return name.hasPrefix("modes.") && name != "modes.divergence" ? .most : .least
    }
}
