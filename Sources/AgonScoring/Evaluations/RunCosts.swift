import AgonConfiguration
import AgonDatasets
import AgonDiagnostics
import AgonExperiments
import AgonRuns

/// The planned and measured costs of a run: FLOPs, memory, time.
public struct RunCosts: Sendable {
    /// The best value of a metric during a run, and when it was reached. For a metric measured in
    /// several ways, the leading curve counts.
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
    /// Throws the errors of `Inspection`.
    init(of folder: RunFolder, experiment: Experiment, searchPath: DataSearchPath, threads: Int) throws {
        let inspection = try Inspection(experiment, searchPath: searchPath, threads: threads)
        floatingPointOperationsPerStep = inspection.phases.reduce(0) { $0 + $1.floatingPointOperations }
        plannedMemoryBytes = inspection.memory.total - inspection.memory.program
        let record = folder.record
        peakMemoryBytes = record?.trainingMemoryBytes
        seconds = record?.seconds
        stepsPerSecond = record?.stepsPerSecond
        self.threads = record?.threads
        best = Self.best(among: EvaluationCurves(of: folder), log: folder.metricsPath)
    }

    /// The best value of each known metric; the first among equals.
    ///
    /// - Parameter log: the path of `metrics.jsonl`, which has the time of each step.
    static func best(among evaluations: EvaluationCurves, log path: String) -> [Best] {
        let bests = evaluations.keys.compactMap { key -> (curve: EvaluationCurve, point: EvaluationCurve.Point)? in
            guard let goal = MetricGoal.known(key), let curve = evaluations.all(key).first,
                let best = curve.best(goal)
            else { return nil }
            return (curve, best)
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
                metric: best.curve.metric, identity: best.curve.identity, value: best.point.value,
                step: best.point.step, seconds: seconds)
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
    /// The last values measured once per epoch: the log loss ratio, the steepest direction's norm.
    var epochMeasurements: [(name: String, value: Double)] {
        MetricExtremes(path: metricsPath).curves.filter {
            $0.name.hasPrefix("epoch.") || $0.name == "steepestDirection"
        }.map { ($0.name, $0.last) }
    }
}
