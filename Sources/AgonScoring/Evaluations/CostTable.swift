import AgonText

/// The costs of runs, one row per run, and when they reached their best values.
public struct CostTable: Sendable {
    private let outcomes: [RunEvaluation.Outcome]

    public init(_ outcomes: [RunEvaluation.Outcome]) { self.outcomes = outcomes }

    public var text: String {
        var table = TextTable(["run", "GFLOP/step", "planned memory", "peak memory", "training", "steps/s"])
        // The identity separates values that are not comparable.
        var bests = TextTable(["run", "metric", "best", "step", "training until then", "identity"])
        var hasBests = false
        for outcome in outcomes {
            let costs = outcome.costs
            table.add([
                outcome.run, NumberText.brief(Double(costs.floatingPointOperationsPerStep) * 1e-9),
                SizeText.short(costs.plannedMemoryBytes), costs.peakMemoryBytes.map(SizeText.short) ?? "",
                costs.seconds.map(DurationText.short) ?? "", costs.stepsPerSecond.map { NumberText.brief($0) } ?? "",
            ])
            for best in costs.best {
                hasBests = true
                bests.add([
                    outcome.run, best.metric, EvaluationTable.number(best.value), "\(best.step)",
                    best.seconds.map(DurationText.short) ?? "", best.identity.hash,
                ])
            }
        }
        return hasBests ? table.text + "\n\n" + bests.text : table.text
    }
}
