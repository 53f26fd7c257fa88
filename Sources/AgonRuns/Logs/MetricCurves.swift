/// The curves of a run's own log: the numbers of metrics.jsonl by key. Metrics of evaluations are not among them:
/// `EvaluationCurves` has them.
public struct MetricCurves: Sendable {
    /// Keys in the order in which they first come up; `step`, times and rates are not among them.
    public private(set) var names: [String] = []
    public private(set) var curves: [String: [(step: Int, value: Double)]] = [:]

    /// Reads a file; torn or foreign lines are passed over, and a missing file has no curves.
    public init(path: String) {
        var curves: [[(step: Int, value: Double)]] = []
        names = MetricsScan.read(path) { line in
            for (name, value) in line.values {
                if name == curves.count { curves.append([]) }
                curves[name].append((line.step, value))
            }
        }
        self.curves = Dictionary(zip(names, curves)) { first, _ in first }
    }

    public subscript(name: String) -> [(step: Int, value: Double)] { curves[name] ?? [] }
}
