import AgonConfiguration
import AgonSweeps
import AgonText

extension SweepPlan {
    /// The table of trials and the totals.
    public var text: String {
        let axes = shownAxes
        let tail = ["state", "steps", "GFLOP/step", "steps/s", "left", "disk"]
        var table = TextTable(["trial"] + axes.map(\.name) + tail)
        for item in trials {
            let values = axes.map { SweepTrial.text(of: item.trial.settings[$0.index].value) }
            table.add([item.trial.id] + values + cells(of: item))
        }
        var lines = [table.text, ""]
        let open = trials.filter { !$0.status.state.isFinal }.count
        lines.append(
            "\(name): \(CountText.short(trials.count, "trial")), \(open) to run; "
                + "\(NumberText.brief(operationsLeft * 1e-12, digits: 3)) TFLOP, \(SizeText.short(diskNeeded)) of disk"
                + (diskFree.map { " (\(SizeText.short($0)) free)" } ?? ""))
        let way = "\(CountText.short(jobs, "job")) of \(CountText.short(threads, "thread"))"
        if trials.contains(where: \.isEstimated) {
            lines.append("~ estimated from the operations of a step and the rate of a cheaper config")
        }
        lines.append(
            secondsLeft.map { "\(way): about \(DurationText.short($0))" } ?? "\(way): the time is unknown")
        return lines.joined(separator: "\n")
    }

    private func cells(of item: Trial) -> [String] {
        var left = "?"
        if let seconds = item.secondsLeft { left = seconds == 0 ? "" : DurationText.short(seconds) }
        return [
            item.status.state.rawValue, String(item.trial.experiment.configuration.steps),
            item.floatingPointOperations.map { NumberText.brief(Double($0) * 1e-9, digits: 3) } ?? "?",
            item.stepsPerSecond.map { (item.isEstimated ? "~" : "") + NumberText.brief($0, digits: 3) }
                ?? (item.stepsLeft == 0 ? "" : "?"), left, SizeText.short(item.disk),
        ]
    }

    private var shownAxes: [(index: Int, name: String)] {
        guard let first = trials.first else { return [] }
        let all = first.trial.settings.map(\.axis)
        return all.enumerated().filter { differing.contains($0.element) }.map { index, axis in
            let short = SweepTrial.shortName(axis)
            return (index, all.filter { SweepTrial.shortName($0) == short }.count == 1 ? short : axis)
        }
    }

    public var node: ConfigNode {
        [
            "sweep": ConfigNode(name), "folder": ConfigNode(folder), "jobs": ConfigNode(jobs),
            "threads": ConfigNode(threads), "secondsLeft": secondsLeft.map { .number($0, decimals: 1) } ?? .null,
            "operationsLeft": ConfigNode(operationsLeft), "diskNeeded": ConfigNode(diskNeeded),
            "trials": ConfigNode(
                trials.map { item in
                    var settings = ConfigObject()
                    for setting in item.trial.settings { settings[setting.axis] = setting.value }
                    return [
                        "id": ConfigNode(item.trial.id), "settings": ConfigNode(settings),
                        "state": ConfigNode(item.status.state.rawValue),
                        "steps": ConfigNode(item.trial.experiment.configuration.steps),
                        "stepsLeft": ConfigNode(item.stepsLeft),
                        "floatingPointOperations": item.floatingPointOperations.map { ConfigNode($0) } ?? .null,
                        "stepsPerSecond": item.stepsPerSecond.map { .number($0, decimals: 4) } ?? .null,
                        "estimated": ConfigNode(item.isEstimated),
                        "secondsLeft": item.secondsLeft.map { .number($0, decimals: 1) } ?? .null,
                        "disk": ConfigNode(item.disk), "memory": ConfigNode(item.memory),
                    ]
                }),
        ]
    }
}
