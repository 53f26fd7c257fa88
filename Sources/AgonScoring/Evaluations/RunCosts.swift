import AgonConfiguration
import AgonDatasets
import AgonDiagnostics
import AgonExperiments
import AgonRuns

/// The planned and measured costs of a run: FLOPs, memory, time.
public struct RunCosts: Sendable {
    /// The best value of a metric during a run, and when it was reached. For a metric measured in several ways, the way
    /// of this evaluation counts, or the leading curve if this evaluation did not measure the metric.
    public struct Best: Equatable, Sendable {
        /// `fid-lenet`
        public let metric: String
        public let identity: EvaluationIdentity
        public let value: Double
        public let step: Int
        /// Seconds of training, including evaluations; nil if no line was logged by then.
        public let seconds: Double?
    }

    /// FLOPs per iteration, from its graphs.
    public let floatingPointOperationsPerStep: Int
    /// Bytes of parameters, optimizer state, activations, workspace and the checkpoint copy, without program and data.
    public let plannedMemoryBytes: Int
    /// Peak resident memory of the training process, before its first evaluation if any; nil if unknown.
    public let peakMemoryBytes: Int?
    /// Seconds of training so far, and iterations per second.
    public let seconds: Double?
    public let stepsPerSecond: Double?
    public let threads: Int?
    public let best: [Best]

    /// Compiles the run's graphs to count FLOPs, and reads its record and metrics.
    ///
    /// - Parameter measured: the values of this evaluation, saved or not.
    ///
    /// Throws the errors of `Inspection`.
    init(
        of folder: RunFolder, experiment: Experiment, measured: [EvaluationValue], searchPath: DataSearchPath,
        threads: Int
    ) throws {
        let inspection = try Inspection(experiment, searchPath: searchPath, threads: threads)
        floatingPointOperationsPerStep = inspection.phases.reduce(0) { $0 + $1.floatingPointOperations }
        plannedMemoryBytes = inspection.memory.total - inspection.memory.program
        let record = folder.record
        peakMemoryBytes = record?.trainingMemoryBytes
        seconds = record?.seconds
        stepsPerSecond = record?.stepsPerSecond
        self.threads = record?.threads
        best = Self.best(among: EvaluationCurves(of: folder), measured: measured, log: folder.metricsPath)
    }

    /// The best value of each known metric; the first of several.
    ///
    /// - Parameters:
    ///   - measured: the values of this evaluation, whose identities are preferred. They may be missing among the
    ///     recorded curves, if the run cannot be written.
    ///   - log: the path of `metrics.jsonl`, which has the time of each step.
    static func best(
        among evaluations: EvaluationCurves, measured: [EvaluationValue] = [], log path: String
    ) -> [Best] {
        let values = Dictionary(measured.map { (EvaluationCurve.key(of: $0.metric), $0) }) { first, _ in first }
        let unrecorded = measured.map { EvaluationCurve.key(of: $0.metric) }.filter { !evaluations.keys.contains($0) }
        let bests = (evaluations.keys + unrecorded).compactMap {
            key -> (metric: String, identity: EvaluationIdentity, point: EvaluationCurve.Point)? in
            guard let goal = MetricGoal.known(key) else { return nil }
            guard let value = values[key] else {
                guard let curve = evaluations.all(key).first, let best = curve.best(goal) else { return nil }
                return (curve.metric, curve.identity, best)
            }
            let recorded = evaluations.curve(key, identity: value.identity)?.points ?? []
            let points =
                recorded.filter { $0.step < value.step } + [(value.step, value.value)]
                + recorded.filter { $0.step > value.step }
            return goal.best(of: points) { $0.value }.map { (value.metric, value.identity, $0) }
        }
        var times = [Double?](repeating: nil, count: bests.count)
        if !bests.isEmpty {
            _ = MetricsScan.read(path) { line in
                guard let seconds = line.seconds else { return }
                for (index, best) in bests.enumerated() where line.step <= best.point.step { times[index] = seconds }
            }
        }
        return zip(bests, times).map { best, seconds in
            Best(
                metric: best.metric, identity: best.identity, value: best.point.value, step: best.point.step,
                seconds: seconds)
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
