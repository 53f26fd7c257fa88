import Configuration
import Datasets
import Foundation

/// What a run takes and took: work, memory, time.
public struct RunCosts: Sendable {
    /// The best value of a metric in the course of a run, and when it was reached.
    public struct Best: Equatable, Sendable {
        /// `fcd-lenet`
        public let metric: String
        public let value: Double
        public let step: Int
        /// Seconds of training, evaluations included.
        public let seconds: Double
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
        let record = try? ConfigNode.load(path: folder.recordPath)
        peakMemoryBytes =
            record?["peakMemoryBytesBeforeEvaluation"]?.integer ?? record?["peakMemoryBytes"]?.integer
        seconds = record?["seconds"]?.number
        stepsPerSecond = record?["stepsPerSecond"]?.number
        self.threads = record?["threads"]?.integer
        best = Self.best(in: folder.metricLines)
    }

    /// The best values among lines of metrics: the first of equal ones.
    static func best(in lines: [ConfigNode]) -> [Best] {
        var names: [String] = []
        var best: [String: Best] = [:]
        for line in lines {
            guard let step = line["step"]?.integer, let object = line.object else { continue }
            for member in object.members where member.key.hasPrefix("metric.") {
                let name = String(member.key.dropFirst("metric.".count))
                guard let isSmaller = EvaluationMetric.isBetterSmaller(name), let value = member.value.number
                else { continue }
                if let known = best[name], isSmaller ? known.value <= value : known.value >= value { continue }
                if best[name] == nil { names.append(name) }
                best[name] = Best(metric: name, value: value, step: step, seconds: line["seconds"]?.number ?? 0)
            }
        }
        return names.compactMap { best[$0] }
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
                        "seconds": .number($0.seconds, decimals: 3),
                    ] as ConfigNode
                }),
        ]
    }
}

extension RunFolder {
    /// The whole lines of `metrics.jsonl`.
    var metricLines: [ConfigNode] {
        guard let contents = FileManager.default.contents(atPath: metricsPath) else { return [] }
        return contents.split(separator: UInt8(ascii: "\n")).compactMap {
            try? ConfigNode.parse(String(decoding: $0, as: UTF8.self), file: metricsPath)
        }
    }

    /// The last values of what is measured once an epoch: the log loss ratio, the steepest direction's norm.
    var epochMeasurements: [(name: String, value: Double)] {
        var names: [String] = []
        var values: [String: Double] = [:]
        for line in metricLines {
            for member in line.object?.members ?? []
            where member.key.hasPrefix("epoch.") || member.key == "steepestDirection" {
                guard let value = member.value.number else { continue }
                if values.updateValue(value, forKey: member.key) == nil { names.append(member.key) }
            }
        }
        return names.map { ($0, values[$0] ?? 0) }
    }
}
