import AgonRuns
import AgonText

/// Values of several runs side by side: one row per run, one column per metric. A value whose identity differs from
/// that of the first in its column is marked, and a footnote states the difference.
public struct EvaluationTable: Sendable {
    /// A row's name, and its values.
    public typealias Row = (name: String, values: [EvaluationValue])

    private let rows: [Row]

    public init(_ rows: [Row]) { self.rows = rows }

    public init(_ outcomes: [RunEvaluation.Outcome]) {
        rows = outcomes.map { ("\($0.run), step \($0.step)", $0.values) }
    }

    /// The metrics in order of first appearance.
    var metrics: [String] { rows.flatMap(\.values).map(\.metric).distinct }

    public var text: String {
        let metrics = metrics
        var notes: [String] = []
        var table = TextTable(["run"] + metrics)
        var marks: [String: [(hash: String, mark: String)]] = [:]
        var firsts: [String: EvaluationIdentity] = [:]
        for row in rows {
            var line = [row.name]
            for metric in metrics {
                guard let value = row.values.first(where: { $0.metric == metric }) else {
                    line.append("-")
                    continue
                }
                var cell = Self.number(value.value)
                let identity = value.identity
                if let first = firsts[metric] {
                    if identity != first {
                        let known = marks[metric]?.first { $0.hash == identity.hash }?.mark
                        let mark = known ?? "[\(notes.count + 1)]"
                        if known == nil {
                            marks[metric, default: []].append((identity.hash, mark))
                            notes.append(
                                "\(mark) \(metric): not comparable with the first: "
                                    + identity.differences(from: first).joined(separator: ", "))
                        }
                        cell += " " + mark
                    }
                } else {
                    firsts[metric] = identity
                }
                line.append(cell)
            }
            table.add(line)
        }
        return ([table.text] + (notes.isEmpty ? [] : [""] + notes)).joined(separator: "\n")
    }

    /// Five significant digits.
    static func number(_ value: Double) -> String { NumberText.brief(value, digits: 5) }
}
