import AgonRuns
import AgonSweeps
import AgonText

/// Two runs side by side: what differs, their metrics, and their curves at common steps.
///
/// Metrics measured in the same way are compared, each way by itself, the leading one of `SharedIdentities` first. If
/// the runs share no way, their leading curves are shown and marked.
public struct RunComparison: Sendable {
    /// A curve that both runs have.
    public struct Curve: Sendable {
        /// A key of `metrics.jsonl` or of a metric; with `@IDENTITY` if a metric has several.
        public let key: String
        /// The key including the identity, as `agon runs` may list it; nil unless the curve is a metric's.
        let fullKey: String?
        let first: [EvaluationCurve.Point]
        let second: [EvaluationCurve.Point]
        /// Why the values are not comparable; nil if they are.
        public let fault: String?
    }

    public let first: RunFolder
    public let second: RunFolder
    private let sideBySide: RunsSideBySide
    public let curves: [Curve]
    /// Notes on requested curves that only one run has.
    public let notes: [String]

    /// - Parameter wanted: the keys of curves; nil for losses and metrics.
    ///
    /// Throws `RunError.noRun`, `RunIndexError.unknownCurve`, `ConfigError`.
    public init(_ first: RunFolder, _ second: RunFolder, curves wanted: [String]? = nil) throws {
        sideBySide = try RunsSideBySide([first, second])
        self.first = first
        self.second = second
        let measured = [first, second].map { EvaluationCurves(of: $0) }
        let common = SharedIdentities(measured)
        let own = MeasuredRun(first, common.leading(in: measured[0]))
        let other = MeasuredRun(second, common.leading(in: measured[1]))
        let shared = Self.shared(own, other)
        if let wanted {
            let existing = own.keys + other.keys.filter { !own.keys.contains($0) }
            var curves: [Curve] = []
            var notes: [String] = []
            for key in wanted {
                // A metric's key may name several curves.
                let found = shared.filter { $0.key == key || $0.fullKey == key || $0.key.hasPrefix(key + "@") }
                curves += found
                guard found.isEmpty else { continue }
                guard existing.contains(key) || own.fullKeys.contains(key) || other.fullKeys.contains(key) else {
                    throw RunIndexError.unknownCurve(key, runs: [first.path, second.path], existing: existing)
                }
                notes.append("\(key): only \(own.keys.contains(key) || own.fullKeys.contains(key) ? "A" : "B") has it")
            }
            self.curves = curves
            self.notes = notes
        } else {
            curves = shared.filter {
                ($0.key.hasPrefix("loss") || $0.key.hasPrefix("metric.")) && !TrialStatus.isOfOneDiscriminator($0.key)
            }
            notes = []
        }
    }

    /// The logged and measured values of a run.
    private struct MeasuredRun {
        let logged: MetricCurves
        let evaluations: EvaluationCurves
        let keys: [String]
        /// Curves of metrics, with their identities.
        let fullKeys: [String]

        init(_ run: RunFolder, _ evaluations: EvaluationCurves) {
            logged = MetricCurves(path: run.metricsPath)
            self.evaluations = evaluations
            keys = logged.names + evaluations.named.map(\.key)
            fullKeys = evaluations.curves.map(\.fullKey)
        }
    }

    private static func shared(_ own: MeasuredRun, _ other: MeasuredRun) -> [Curve] {
        let logged = own.logged.names.filter { other.logged.curves[$0] != nil }
        return logged.map { Curve(key: $0, fullKey: nil, first: own.logged[$0], second: other.logged[$0], fault: nil) }
            + own.evaluations.keys.flatMap { metricCurves($0, own.evaluations.all($0), other.evaluations.all($0)) }
    }

    /// A metric's curves in both runs: those of equal identity, and the leading ones if their identities differ.
    private static func metricCurves(_ key: String, _ own: [EvaluationCurve], _ other: [EvaluationCurve]) -> [Curve] {
        guard let leading = own.first, let rival = other.first else { return [] }
        let alike = own.compactMap { curve in
            other.first { $0.identity == curve.identity }.map { (curve, $0) }
        }
        var curves: [Curve] = []
        if leading.identity != rival.identity {
            curves.append(
                Curve(
                    key: key, fullKey: nil, first: leading.points, second: rival.points,
                    fault: "B has \(rival.identity.differences(from: leading.identity).joined(separator: ", "))"))
        }
        for (curve, twin) in alike {
            let leads = curve.identity == leading.identity && curve.identity == rival.identity
            curves.append(
                Curve(
                    key: leads ? key : curve.fullKey, fullKey: curve.fullKey, first: curve.points,
                    second: twin.points, fault: nil))
        }
        return curves
    }

    // MARK: Text

    /// - Parameter rows: the maximum number of steps to show, evenly spaced and including the last.
    public func text(rows: Int) -> String {
        var lines = [sideBySide.text]
        lines += ["", curvesText(rows: rows)]
        for (mark, curve) in marked {
            if let mark, let fault = curve.fault {
                lines.append("\(mark) \(curve.key): measured in different ways, not comparable: \(fault)")
            }
        }
        return (lines + notes).joined(separator: "\n")
    }

    /// The curves; those that are not comparable carry the mark of their note.
    private var marked: [(mark: String?, curve: Curve)] {
        var count = 0
        return curves.map { curve in
            guard curve.fault != nil else { return (nil, curve) }
            count += 1
            return ("[\(count)]", curve)
        }
    }

    private func curvesText(rows: Int) -> String {
        let own = curves.map { Dictionary($0.first.map { ($0.step, $0.value) }) { $1 } }
        let other = curves.map { Dictionary($0.second.map { ($0.step, $0.value) }) { $1 } }
        var steps: Set<Int> = []
        for (a, b) in zip(own, other) { steps.formUnion(Set(a.keys).intersection(b.keys)) }
        guard !steps.isEmpty else { return "the curves have no step in common" }
        let heading = marked.flatMap { mark, curve in ["\(curve.key) A", "B" + (mark.map { " " + $0 } ?? "")] }
        var table = TextTable(["step"] + heading)
        for step in Self.thinned(steps.sorted(), to: rows) {
            let cells = curves.indices.flatMap { index in
                [own[index][step], other[index][step]].map { $0.map { NumberText.brief($0) } ?? "" }
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
}
