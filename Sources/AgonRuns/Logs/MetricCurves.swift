/// The curves of a run's own log: the numbers of metrics.jsonl by key. Metrics of evaluations are not among them:
/// `EvaluationCurves` has them.
public struct MetricCurves: Sendable {
    /// Keys in the order in which they first come up; `step`, times and rates are not among them.
    public private(set) var names: [String] = []
    public private(set) var curves: [String: [(step: Int, value: Double)]] = [:]

    /// Reads a file; torn or foreign lines are passed over, and a missing file has no curves.
    public init(path: String) { self.init(LineReader.all(path: path)) }

    package init(_ lines: [MetricsLine]) { for line in lines { add(line) } }

    public subscript(name: String) -> [(step: Int, value: Double)] { curves[name] ?? [] }

    public var lastStep: Int? { curves.values.compactMap { $0.last?.step }.max() }

    /// The last value of each curve.
    public var newest: [(name: String, value: Double)] {
        names.compactMap { name in curves[name]?.last.map { (name, $0.value) } }
    }

    private mutating func add(_ line: MetricsLine) {
        for (key, value) in line.values {
            if curves[key] == nil { names.append(key) }
            curves[key, default: []].append((line.step, value))
        }
    }
}
