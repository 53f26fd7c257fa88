/// The curves of a run's log: the numbers of `metrics.jsonl` by key. `EvaluationCurves` has the metrics of evaluations.
public struct MetricCurves: Sendable {
    /// Keys in order of first appearance, without `step`, times and rates.
    public private(set) var names: [String] = []
    public private(set) var curves: [String: [(step: Int, value: Double)]] = [:]

    /// Reads a file. Incomplete and invalid lines are skipped; a missing file has no curves.
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
