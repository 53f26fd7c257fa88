import Configuration
import Foundation

/// Two runs side by side: where their configs differ, and their curves at the steps that both have.
public struct RunComparison: Sendable {
    public let first: RunFolder
    public let second: RunFolder
    /// Paths of keys with both values; nil where a config has none.
    public let differences: [(key: String, first: String?, second: String?)]
    /// The keys of curves that both have.
    public let curves: [String]
    /// Metrics that were computed in different ways, and in what those differ.
    public let incomparable: [(key: String, differences: [String])]
    private let values: (first: MetricCurves, second: MetricCurves)

    /// Throws `ExperimentsError.noRun`, `ConfigError`.
    public init(_ first: RunFolder, _ second: RunFolder, curves wanted: [String]? = nil) throws {
        for folder in [first, second] where !folder.holdsRun { throw ExperimentsError.noRun(folder: folder.path) }
        self.first = first
        self.second = second
        differences = try Self.differences(
            ConfigNode.load(path: first.configPath), ConfigNode.load(path: second.configPath))
        let own = MetricCurves(path: first.metricsPath)
        let other = MetricCurves(path: second.metricsPath)
        values = (own, other)
        let shared = own.names.filter { other.curves[$0] != nil }
        if let wanted {
            curves = wanted
        } else {
            curves = shared.filter {
                ($0.hasPrefix("loss") || $0.hasPrefix("metric.")) && !TrialStatus.isOfOneDiscriminator($0)
            }
        }
        let (mine, theirs) = (Self.identities(first), Self.identities(second))
        incomparable = mine.compactMap { key, identity in
            guard let other = theirs[key], other != identity else { return nil }
            return (key, other.differences(from: identity))
        }.sorted { $0.key < $1.key }
    }

    /// The identity of each metric's newest value in a run.
    private static func identities(_ run: RunFolder) -> [String: EvaluationIdentity] {
        Dictionary(run.evaluations.map { ("metric." + $0.metric, $0.identity) }) { $1 }
    }

    /// The paths of keys at which two configs differ.
    static func differences(_ first: ConfigNode, _ second: ConfigNode)
        -> [(key: String, first: String?, second: String?)]
    {
        var found: [(key: String, first: String?, second: String?)] = []
        collect(first, second, at: .root, &found)
        return found
    }

    private static func collect(
        _ first: ConfigNode?, _ second: ConfigNode?, at path: ConfigPath,
        _ found: inout [(key: String, first: String?, second: String?)]
    ) {
        switch (first?.content, second?.content) {
        case (.object(let first), .object(let second)):
            for key in first.keys + second.keys.filter({ first[$0] == nil }) {
                collect(first[key], second[key], at: path.key(key), &found)
            }
        case (.array(let first), .array(let second)) where first.count == second.count:
            for (index, pair) in zip(first, second).enumerated() {
                collect(pair.0, pair.1, at: path.index(index), &found)
            }
        default:
            if first?.canonicalText != second?.canonicalText {
                found.append((path.description, first?.lineText, second?.lineText))
            }
        }
    }

    // MARK: Text

    /// - Parameter rows: how many steps of the curves to show at most, evenly taken, the last among them.
    public func text(rows: Int) -> String {
        var lines = ["A: \(first.path)", "B: \(second.path)", ""]
        if differences.isEmpty {
            lines.append("the configs are the same")
        } else {
            var table = TextTable(["config", "A", "B"])
            for difference in differences {
                table.add([difference.key, Self.cut(difference.first), Self.cut(difference.second)])
            }
            lines.append(table.text)
        }
        lines.append("")
        lines.append(curvesText(rows: rows))
        for (key, differences) in incomparable where curves.contains(key) {
            lines.append(
                "\(key): computed in different ways, not comparable (B has \(differences.joined(separator: ", ")))")
        }
        return lines.joined(separator: "\n")
    }

    private func curvesText(rows: Int) -> String {
        let own = curves.map { Dictionary(values.first[$0].map { ($0.step, $0.value) }) { $1 } }
        let other = curves.map { Dictionary(values.second[$0].map { ($0.step, $0.value) }) { $1 } }
        var steps: Set<Int> = []
        for (a, b) in zip(own, other) { steps.formUnion(Set(a.keys).intersection(b.keys)) }
        guard !steps.isEmpty else { return "no curve has a step in common" }
        var table = TextTable(["step"] + curves.flatMap { ["\($0) A", "B"] })
        for step in Self.thinned(steps.sorted(), to: rows) {
            let cells = curves.indices.flatMap { index in
                [own[index][step], other[index][step]].map { $0.map(DecimalNumber.shown) ?? "" }
            }
            table.add(["\(step)"] + cells)
        }
        return table.text
    }

    private static func thinned(_ steps: [Int], to count: Int) -> [Int] {
        guard steps.count > count, count > 0 else { return steps }
        guard count > 1 else { return [steps[steps.count - 1]] }
        return (0..<count).map { steps[$0 * (steps.count - 1) / (count - 1)] }
    }

    private static func cut(_ text: String?) -> String {
        guard let text else { return "(none)" }
        return text.count > 60 ? text.prefix(59) + "…" : text
    }
}
