import AgonExperiments
import AgonRuns
import AgonTensors
import AgonText
import Foundation

/// Selects what to delete: checkpoints, or runs that are not among the best.
public struct RunPruning: Sendable {
    /// A file or folder to delete.
    public struct Item: Sendable {
        public let run: RunFolder
        /// The path of a checkpoint; nil for the whole run.
        public let checkpoint: String?
        public let bytes: Int

        public var path: String { checkpoint ?? run.path }
    }

    public private(set) var items: [Item] = []
    /// Skipped runs, with reasons.
    public private(set) var notes: [String] = []

    public var bytes: Int { items.reduce(0) { $0 + $1.bytes } }

    /// Selects all but the newest checkpoints of each run, the one that its training keeps as the best, and the one
    /// nearest to its best value of a metric. The newest one is always kept, so that a run can be resumed; a run
    /// without the metric keeps all.
    public init(
        checkpointsOf runs: [RunFolder], keepLast count: Int, best metric: String?, goal: MetricGoal? = nil
    ) {
        var lacking = 0
        let measured = metric.map { _ in runs.map { EvaluationCurves(of: $0) } } ?? []
        let shared = SharedIdentities(measured)
        for (place, run) in runs.enumerated() {
            guard !run.isBusy else {
                notes.append("\(run.path): running, skipped")
                continue
            }
            let steps: [Int]
            do {
                steps = try run.checkpointSteps
            } catch {
                notes.append("\(error)")
                continue
            }
            var kept = Set(steps.suffix(max(1, count)))
            if let metric {
                let best = Self.bestStep(
                    of: metric, goal: goal ?? MetricGoal.usual(for: metric), in: run,
                    shared.leading(in: measured[place]))
                guard let best else {
                    lacking += 1
                    continue
                }
                // The checkpoint whose weights gave the value, or the nearest one.
                steps.min { abs($0 - best) < abs($1 - best) }.map { _ = kept.insert($0) }
            }
            run.keptBestStep.map { _ = kept.insert($0) }
            for step in steps where !kept.contains(step) {
                let path = run.checkpointPath(step: step)
                var status = stat()
                guard lstat(path, &status) == 0 else { continue }
                items.append(Item(run: run, checkpoint: path, bytes: Int(status.st_blocks) * 512))
            }
        }
        note(lacking, "without '\(metric ?? "")'")
    }

    /// Selects all runs but the best `count` by a metric. Runs not done or without a value are kept, as are those
    /// whose value was computed in another way than most.
    ///
    /// - Parameter rows: with the facts `state`, the metric, and the metric's `identity`.
    public init(_ rows: [RunIndex.Row], keepBest count: Int, by metric: String, goal: MetricGoal?) {
        let goal = goal ?? MetricGoal.usual(for: metric)
        var judged = rows.filter { ["done", "pruned"].contains($0["state"]) && $0.numbers[metric] != nil }
        note(rows.count - judged.count, "not done or without '\(metric)'")
        let key = Self.identityKey(of: metric)
        let kinds = Dictionary(grouping: judged) { $0[key] ?? "" }
        if kinds.count > 1, let most = kinds.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) }) {
            note(judged.count - most.value.count, "with a '\(metric)' that was computed in another way")
            judged = most.value
        }
        let sorted = judged.sorted { first, second in
            let (a, b) = (first.numbers[metric] ?? 0, second.numbers[metric] ?? 0)
            return a == b ? first.run.path < second.run.path : goal.isBetter(a, than: b)
        }
        addRuns(sorted.dropFirst(count))
    }

    /// Selects all runs but the `count` started last, in any state.
    ///
    /// - Parameter rows: with the fact `started`.
    public init(_ rows: [RunIndex.Row], keepLast count: Int) {
        let sorted = rows.sorted {
            ($0["started"] ?? "", $0.run.path) > ($1["started"] ?? "", $1.run.path)
        }
        addRuns(sorted.dropFirst(count))
    }

    /// The key of a metric's identity.
    public static func identityKey(of metric: String) -> String {
        (metric.hasSuffix(".last") ? String(metric.dropLast(5)) : metric) + ".identity"
    }

    private mutating func note(_ count: Int, _ words: String) {
        if count > 0 { notes.append("\(CountText.short(count, "run")) \(words), left alone") }
    }

    private mutating func addRuns(_ rows: some Sequence<RunIndex.Row>) {
        for row in rows {
            guard !row.run.isBusy else {
                notes.append("\(row.run.path): running, skipped")
                continue
            }
            items.append(Item(run: row.run, checkpoint: nil, bytes: DiskUse.bytes(below: row.run.path)))
        }
    }

    /// Nil for a run without the metric.
    private static func bestStep(
        of metric: String, goal: MetricGoal, in run: RunFolder, _ curves: EvaluationCurves
    ) -> Int? {
        if metric.hasSuffix(".last"), let curve = curves[String(metric.dropLast(".last".count))] {
            return curve.points.last?.step
        }
        let points = curves[metric]?.points ?? MetricCurves(path: run.metricsPath)[metric]
        return goal.best(of: points) { $0.value }?.step
    }

    /// The result of `apply`.
    public struct Applied: Sendable {
        public fileprivate(set) var deleted = 0
        /// Freed bytes.
        public fileprivate(set) var bytes = 0
        /// Skipped runs, with reasons.
        public fileprivate(set) var notes: [String] = []
    }

    /// Deletes the items. Each run is locked meanwhile; one that has just started is kept.
    ///
    /// Throws `RunError.cannotDelete` for what cannot be deleted.
    public func apply() throws -> Applied {
        var applied = Applied()
        for item in items {
            let lock: RunFolder.Lock
            do {
                lock = try item.run.lock()
            } catch {
                if !applied.notes.contains("\(error)") { applied.notes.append("\(error)") }
                continue
            }
            try withExtendedLifetime(lock) {
                do {
                    try FileManager.default.removeItem(atPath: item.path)
                } catch {
                    throw RunError.cannotDelete(path: item.path, reason: SystemFault.text(of: error))
                }
            }
            applied.deleted += 1
            applied.bytes += item.bytes
        }
        return applied
    }
}
