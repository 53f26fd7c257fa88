import AgonConfiguration
import AgonExperiments

/// The table of a sweep that no file describes: a row for each point of its axes, a column for each thing measured.
extension TableMaking {
    /// A row for each combination of the values of the axes along which the trials differ, seeds apart.
    static func usualRows(of sweep: RecordedSweep) -> [TableRow] {
        let axes = sweep.list.axes.filter { $0 != "seed" }
        let differing = axes.filter { axis in
            Set(sweep.trials.map { $0.value(of: axis)?.canonicalText ?? "" }).count > 1
        }
        return rows(by: differing.isEmpty ? ["base"] : differing, of: sweep.trials.map(\.definition))
    }

    /// Best and last value of each metric, or the last losses if nothing was measured; time and memory.
    static func usualColumns(of trials: [RecordedTrial]) -> [TableColumn] {
        let names = trials.flatMap(\.run.metrics).distinct
        var columns: [TableColumn] = []
        for name in names {
            let goal = MetricGoal.usual(for: name)
            let title = String(name.dropFirst(7))
            columns.append(
                TableColumn(
                    key: "best \(name)", title: "best \(title)", best: goal,
                    quantity: .metric(name, .best, goal, isAbsolute: false, identity: nil)))
            columns.append(
                TableColumn(
                    key: "last \(name)", title: "last \(title)", best: goal,
                    quantity: .metric(name, .last, goal, isAbsolute: false, identity: nil)))
        }
        let plain =
            ["epoch.logLossRatio"] + (names.isEmpty ? ["loss.generator", "loss.discriminator"] : [])
        for name in plain where trials.contains(where: { !$0.run.history[name].isEmpty }) {
            columns.append(
                TableColumn(
                    key: name, title: "last \(name)", best: nil,
                    quantity: .metric(name, .last, .minimize, isAbsolute: false, identity: nil)))
        }
        let isShort = trials.allSatisfy { ($0.run.seconds ?? 0) < 120 }
        columns.append(
            TableColumn(key: "time", title: "training", best: nil, quantity: .record(isShort ? .seconds : .minutes)))
        columns.append(
            TableColumn(key: "memory", title: "peak memory", best: nil, quantity: .record(.peakMemory)))
        if trials.contains(where: { !$0.run.history.alarms.isEmpty }) {
            columns.append(TableColumn(key: "alarms", title: "alarms", best: nil, quantity: .record(.alarms)))
        }
        return columns
    }
}
