import AgonExperiments
import AgonText

/// The charts of a run: its logged numbers, grouped by meaning.
struct RunCharts {
    private let run: RecordedRun

    init(_ run: RecordedRun) { self.run = run }

    /// The losses of generator and discriminator, the first thing to look at.
    var losses: Chart? {
        let names = run.history.names.filter { ($0 == "loss" || $0.hasPrefix("loss.")) && Self.member($0) == nil }
        guard !names.isEmpty else { return nil }
        var chart = Chart(
            title: "Losses", series: names.map { series($0, dropping: "loss.") })
        chart.marks = Array(Set(run.history.alarms.map { Double($0.step) })).sorted()
        var notes: [String] = []
        if chart.series.count <= 4, chart.series.contains(where: { Chart.isSmoothed($0.points.count) }) {
            notes.append("bold: moving average")
        }
        if !chart.marks.isEmpty { notes.append("dashed: alarms") }
        chart.note = notes.isEmpty ? nil : notes.joined(separator: " · ")
        return chart
    }

    /// Each metric with its best value.
    var metrics: [Chart] {
        run.metrics.map { name in
            let values = run.values(of: name)
            let goal = MetricGoal.usual(for: name)
            var chart = Chart(
                title: String(name.dropFirst(7)),
                series: [
                    Chart.Series(name: String(name.dropFirst(7)), points: values.map { (Double($0.step), $0.value) })
                ])
            if let best = goal.best(of: values) {
                chart.spot = (Double(best.step), best.value)
                chart.note = "best \(NumberText.brief(best.value)) at step \(NumberText.grouped(best.step))"
            }
            return chart
        }
    }

    /// Everything else.
    var others: [Chart] {
        var charts: [Chart] = []
        let names = run.history.names
        let scores = names.filter { $0.hasPrefix("score.") && Self.member($0) == nil }
        if !scores.isEmpty {
            charts.append(Chart(title: "Scores", series: scores.map { series($0, dropping: "score.") }))
        }
        charts += ensembles(names)
        if !run.history["epoch.logLossRatio"].isEmpty {
            var chart = Chart(
                title: "Log of the loss ratio G:D", series: [series("epoch.logLossRatio", dropping: "epoch.")])
            chart.level = 0
            chart.note = "one value per epoch; dashed: balance"
            charts.append(chart)
        }
        charts += rest(names)
        return charts.filter { !$0.series.allSatisfy(\.points.isEmpty) }
    }

    /// Values of each of several discriminators: `weight.3`, `loss.generator.3`.
    private func ensembles(_ names: [String]) -> [Chart] {
        let groups = names.grouped { Self.member($0)?.group }
        return groups.sorted { $0.key == "weight" && $1.key != "weight" }.compactMap { group, members in
            guard let group else { return nil }
            let series = members.map { self.series($0, dropping: group + ".", isStacked: group == "weight") }
            guard group == "weight" else { return Chart(title: Self.groupTitle(group), series: series) }
            let isShare = series.allSatisfy { $0.points.allSatisfy { $0.y >= 0 } }
            var chart = Chart(title: "Weights of the discriminators", kind: isShare ? .stack : .lines, series: series)
            chart.note = "each discriminator's share of the generator's loss"
            return chart
        }
    }

    /// Names by their first part, without epoch means and the epoch number, which repeat others.
    private func rest(_ names: [String]) -> [Chart] {
        let shown = ["loss.", "score.", "metric."]
        let groups = names.grouped { name -> String? in
            if Self.member(name) != nil || shown.contains(where: name.hasPrefix) { return nil }
            if name == "epoch" || name == "epoch.logLossRatio" || name == "loss" { return nil }
            if name.hasPrefix("epoch."), names.contains(String(name.dropFirst(6))) { return nil }
            let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
            return parts.count == 1 || parts[0] == "epoch" ? name : parts[0]
        }
        return groups.compactMap { group, members in
            guard let group else { return nil }
            return Chart(
                title: Self.title(group),
                series: members.map { series($0, dropping: members.count > 1 ? group + "." : "") })
        }
    }

    private func series(_ name: String, dropping prefix: String, isStacked: Bool = false) -> Chart.Series {
        Chart.Series(
            name: name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name,
            curve: run.history[name].lazy.map { (x: Double($0.step), y: $0.value) }, isStacked: isStacked)
    }

    /// `loss.generator.3` as the third of `loss.generator`; nil for names without a number.
    static func member(_ name: String) -> (group: String, number: Int)? {
        guard let dot = name.lastIndex(of: "."), let number = Int(name[name.index(after: dot)...]) else { return nil }
        return (String(name[..<dot]), number)
    }

    private static func groupTitle(_ name: String) -> String {
        switch name {
        case "loss.generator": "Generator's loss by each discriminator"
        case "loss.discriminator": "Losses of the discriminators"
        default: title(name)
        }
    }

    static func title(_ name: String) -> String {
        switch name {
        case "gradientNorm": "Norms of the gradients"
        case "weight": "Weights of the loss's terms"
        case "epoch.largestLossRatio": "Largest loss ratio G:D of a step"
        case "epoch.logLossRatio": "Log of the loss ratio G:D"
        default: name
        }
    }
}
