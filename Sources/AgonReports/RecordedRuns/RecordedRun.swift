import AgonConfiguration
import AgonExperiments
import AgonRuns
import Foundation

/// A run as recorded in its folder, in any state.
public struct RecordedRun: Sendable {
    public let folder: RunFolder
    /// The resolved config.
    public let config: ConfigNode
    /// `run.json`; nil before the run has started.
    public let record: RunRecord?
    public let history: RunHistory
    /// Evaluation results, one series per metric and identity.
    public internal(set) var evaluations: EvaluationCurves
    /// Steps that have a sample grid, ascending.
    public let sampleSteps: [Int]

    /// Throws `ReportsError.noRun`, `ConfigError`.
    public init(_ folder: RunFolder) throws {
        guard folder.holdsRun else { throw ReportsError.noRun(path: folder.path) }
        self.folder = folder
        config = try ConfigNode.load(path: folder.configPath)
        record = folder.record
        history = RunHistory(path: folder.metricsPath)
        evaluations = EvaluationCurves(of: folder)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.samplesFolder)) ?? []
        sampleSteps = names.compactMap { name in
            guard name.hasPrefix("step-"), name.hasSuffix(".png") else { return nil }
            return Int(name.dropFirst(5).dropLast(4))
        }.sorted()
    }

    // MARK: The record

    public var name: String { config["name"]?.string ?? (folder.path as NSString).lastPathComponent }
    public var state: String { folder.state(recorded: record?.state.rawValue) }
    public var reason: String? { record?.reason }
    public var step: Int { max(record?.step ?? 0, history.seconds.last?.step ?? 0) }
    public var steps: Int? { record?.steps ?? config["steps"]?.integer }
    public var seed: Int? { config["seed"]?.integer }
    /// Training time, without evaluations.
    public var seconds: Double? { record?.seconds ?? history.seconds.last?.value }
    public var peakMemoryBytes: Int? { record?.trainingMemoryBytes }

    /// Digest of the config, which identifies it in the provenance.
    public var digest: String { config.digest }

    // MARK: Values

    /// The values of a key of metrics.jsonl, step by step. For a metric that was measured in several ways, those of the
    /// leading identity, with it.
    ///
    /// - Parameter wanted: keys and values that the identity must have.
    public func values(of name: String, identity wanted: ConfigNode? = nil) -> [MeasuredValue] {
        let wanted = wanted?.object ?? ConfigObject()
        guard EvaluationCurve.isKey(name) else {
            return wanted.isEmpty
                ? history[name].map { MeasuredValue(step: $0.step, value: $0.value, identity: nil) } : []
        }
        let curve = evaluations.all(name).first { wanted.isEmpty || $0.identity.holds(wanted) }
        return (curve?.points ?? []).map {
            MeasuredValue(step: $0.step, value: $0.value, identity: curve?.identity)
        }
    }

    /// The curves of a metric that were measured in other ways than the one shown.
    func otherCurves(of name: String) -> [EvaluationCurve] { Array(evaluations.all(name).dropFirst()) }

    /// All metrics that were measured, `metric.` included.
    public var metrics: [String] { evaluations.keys }
}

/// A value of a metric at a step of a run.
public struct MeasuredValue: Equatable, Sendable {
    public let step: Int
    public let value: Double
    /// Nil for logged values.
    public let identity: EvaluationIdentity?
}

extension MetricGoal {
    /// The best value; the first of several.
    func best(of values: [MeasuredValue]) -> MeasuredValue? { best(of: values) { $0.value } }
}
