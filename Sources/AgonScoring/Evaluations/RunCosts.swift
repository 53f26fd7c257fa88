import AgonConfiguration
import AgonDatasets
import AgonDiagnostics
import AgonExperiments
import AgonRuns

/// What a run takes and took: work, memory, time.
public struct RunCosts: Sendable {
    /// The best value of a metric in the course of a run, and when it was reached. Of a metric that was measured in
    /// several ways, those of the leading curve count.
    public struct Best: Equatable, Sendable {
        /// `fid-lenet`
        public let metric: String
        public let identity: EvaluationIdentity
        public let value: Double
        public let step: Int
        /// Seconds of training, evaluations included; nil where no line was logged by then.
        public let seconds: Double?
    }

    /// Multiplications and additions of an iteration, from its graphs.
    public let floatingPointOperationsPerStep: Int
    /// Of parameters, optimizer state, activations, workspace and the copy for checkpoints, without program and data.
    public let plannedMemoryBytes: Int
    /// The most that the training process had resident, before its first evaluation if it made any; nil if not known.
    public let peakMemoryBytes: Int?
    /// Seconds of training so far, and iterations in a second.
    public let seconds: Double?
    public let stepsPerSecond: Double?
    public let threads: Int?
    public let best: [Best]

    /// Compiles the run's graphs to count, and reads its record and metrics.
    ///
    /// Throws what `Inspection` throws.
    init(of folder: RunFolder, experiment: Experiment, searchPath: DataSearchPath, threads: Int) throws {
        let inspection = try Inspection(experiment, searchPath: searchPath, threads: threads)
        floatingPointOperationsPerStep = inspection.phases.reduce(0) { $0 + $1.floatingPointOperations }
        plannedMemoryBytes = inspection.memory.total - inspection.memory.program
        let record = folder.record
        peakMemoryBytes = record?.trainingMemoryBytes
        seconds = record?.seconds
        stepsPerSecond = record?.stepsPerSecond
        self.threads = record?.threads
        best = Self.best(among: EvaluationCurves(of: folder), lines: LineReader.all(path: folder.metricsPath))
    }

    /// The best value of each metric that is known, the first of equal ones.
    ///
    /// - Parameter lines: of `metrics.jsonl`, which say when a step was done.
    static func best(among evaluations: EvaluationCurves, lines: [MetricsLine]) -> [Best] {
        let times = lines.compactMap { line in line.seconds.map { (step: line.step, seconds: $0) } }
        return evaluations.keys.compactMap { key in
            guard let goal = MetricGoal.known(key), let curve = evaluations.all(key).first,
                let best = curve.best(goal)
            else { return nil }
            return Best(
                metric: curve.metric, identity: curve.identity, value: best.value, step: best.step,
                seconds: times.last { $0.step <= best.step }?.seconds)
        }
    }

    var node: ConfigNode {
        func number(_ value: Double?, _ decimals: Int) -> ConfigNode {
            value.map { .number($0, decimals: decimals) } ?? .null
        }
        return [
            "floatingPointOperationsPerStep": ConfigNode(floatingPointOperationsPerStep),
            "plannedMemoryBytes": ConfigNode(plannedMemoryBytes),
            "peakMemoryBytes": peakMemoryBytes.map { ConfigNode($0) } ?? .null,
            "seconds": number(seconds, 3), "stepsPerSecond": number(stepsPerSecond, 4),
            "threads": threads.map { ConfigNode($0) } ?? .null,
            "best": ConfigNode(
                best.map {
                    [
                        "metric": ConfigNode($0.metric), "value": ConfigNode($0.value), "step": ConfigNode($0.step),
                        "seconds": number($0.seconds, 3), "identity": $0.identity.node,
                    ] as ConfigNode
                }),
        ]
    }
}

extension RunFolder {
    /// The last values of what is measured once an epoch: the log loss ratio, the steepest direction's norm.
    var epochMeasurements: [(name: String, value: Double)] {
        MetricCurves(path: metricsPath).newest.filter {
            $0.name.hasPrefix("epoch.") || $0.name == "steepestDirection"
        }
    }
}
