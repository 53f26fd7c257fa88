import AgonConfiguration
import AgonExperiments
import AgonRuns
import AgonText

/// Runs side by side, a column each: the settings in which they differ, and the best and last values of their metrics.
///
/// The values of a metric are those measured in the way that most of the runs share (`SharedIdentities`). Where runs
/// measured it in different ways, letters mark the values, and notes state the identities.
public struct RunsSideBySide: Sendable {
    /// A setting in which at least two runs differ.
    public struct Setting: Sendable {
        public let path: ConfigPath
        /// In the order of the runs; nil where a config has no such key.
        public let values: [ConfigNode?]
    }

    public let runs: [RunFolder]
    public let settings: [Setting]
    private let evaluations: [EvaluationCurves]

    /// Throws `RunError.noRun`, `ConfigError`.
    public init(_ runs: [RunFolder]) throws {
        for run in runs where !run.holdsRun { throw RunError.noRun(folder: run.path) }
        self.runs = runs
        let configs = try runs.map { try ConfigNode.load(path: $0.configPath) }
        let paths = configs.dropFirst().flatMap { ConfigDifference.between(configs[0], $0).map(\.path) }.distinct
        // Where whole sections differ between some runs, listing their parts adds nothing.
        let outermost = paths.filter { path in
            !paths.contains { $0 != path && path.steps.starts(with: $0.steps) }
        }
        settings = outermost.map { path in Setting(path: path, values: configs.map { $0.value(at: path) }) }
        let measured = runs.map { EvaluationCurves(of: $0) }
        evaluations = measured.map(SharedIdentities(measured).leading)
    }

    /// The letter of a run by its number from 0: A to Z, then A2 and so on.
    static func letter(_ index: Int) -> String {
        String(UnicodeScalar(UInt8(ascii: "A") + UInt8(index % 26))) + (index < 26 ? "" : "\(index / 26 + 1)")
    }

    private var letters: [String] { runs.indices.map(Self.letter) }

    // MARK: Text

    /// For people: the runs' paths by letter, settings, metrics, and how these were measured.
    public var text: String {
        var parts = [zip(letters, runs).map { "\($0): \($1.path)" }.joined(separator: "\n")]
        if settings.isEmpty {
            parts.append("the configs are the same")
        } else {
            var table = TextTable(["config"] + letters)
            for setting in settings { table.add([setting.path.description] + setting.values.map(Self.cut)) }
            parts.append(table.text)
        }
        let keys = evaluations.flatMap(\.keys).distinct
        guard !keys.isEmpty else { return parts.joined(separator: "\n\n") }
        var (table, notes) = (TextTable(["metric"] + letters), [String]())
        for key in keys {
            let curves = evaluations.map { $0.all(key).first }
            let ways = curves.compactMap { $0?.identity }.distinct
            let (isMixed, goal) = (ways.count > 1, MetricGoal.usual(for: key))
            for (name, value) in [("best", { $0.best(goal) }), ("last", { $0.points.last })]
                as [(String, (EvaluationCurve) -> EvaluationCurve.Point?)]
            {
                table.add(
                    ["\(key.dropFirst(EvaluationCurve.key(of: "").count)) \(name)"]
                        + curves.map { curve in
                            guard let curve, let point = value(curve) else { return "" }
                            let mark = isMixed ? ways.firstIndex(of: curve.identity).map { " [\(Self.mark($0))]" } : nil
                            return "\(NumberText.brief(point.value)) (step \(point.step))" + (mark ?? "")
                        })
            }
            notes +=
                isMixed
                ? ["\(key): values with different letters were measured in different ways and are not comparable"]
                    + ways.enumerated().map { "[\(Self.mark($0))] \($1.text)" }
                : ways.map { "\(key): \($0.text)" }
        }
        return (parts + [table.text, notes.joined(separator: "\n")]).joined(separator: "\n\n")
    }

    /// The letter of an identity: a to z, then a2 and so on.
    private static func mark(_ index: Int) -> String { letter(index).lowercased() }

    private static func cut(_ value: ConfigNode?) -> String {
        guard let text = value?.lineText else { return "(none)" }
        return text.count > 60 ? text.prefix(59) + "…" : text
    }
}
