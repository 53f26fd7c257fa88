import AgonGraph
import AgonRuns

/// Observes the steps of a run for alarms and the means of each epoch.
///
/// Its state is a variable that checkpoints store, so interruptions have no effect.
struct RunWatch {
    /// The alarms and epoch summaries of a step.
    struct News {
        var alarms: [Alarm] = []
        var epoch: EpochMeans.Summary?
        var measured: [(name: String, value: Float)] = []

        var isEmpty: Bool { alarms.isEmpty && epoch == nil && measured.isEmpty }

        /// Adds the alarms, epoch summary and measurements to a line of metrics.
        func write(to line: inout MetricsLine) {
            if let epoch {
                line.values.append((MetricsLine.epochKey, Double(epoch.epoch)))
                for (name, mean) in epoch.means { line.values.append(("epoch.\(name)", mean)) }
                if let ratio = epoch.logLossRatio { line.values.append(("epoch.logLossRatio", ratio)) }
                if let ratio = epoch.largestLossRatio { line.values.append(("epoch.largestLossRatio", Double(ratio))) }
            }
            for (name, value) in measured { line.values.append((name, Double(value))) }
            line.alarms = alarms.map(\.description)
        }
    }

    let memory: Variable
    private var alarms: AlarmMonitor
    private var means: EpochMeans?

    init(_ prepared: TrainingSetup) {
        let configuration = prepared.experiment.configuration
        alarms = AlarmMonitor(configuration.alarms, guessingLoss: configuration.training.objective.guessingLoss)
        if let batches = prepared.batchesPerEpoch, prepared.step.batches > 0 {
            means = EpochMeans(batchesPerStep: prepared.step.batches, batchesPerEpoch: batches)
        }
        let count = alarms.state.count + (means?.state.count ?? 0)
        memory = Variable(name: "watch", shape: [max(count, 1)], role: .loopState)
    }

    /// - Parameter measure: measures the values that are measured once per epoch.
    mutating func observe(
        step: Int, scalars: [(name: String, value: Float)],
        measure: (_ epoch: Int) throws -> [(name: String, value: Float)]
    ) rethrows -> News {
        var news = News()
        news.alarms = alarms.observe(step: step, scalars: scalars)
        if let summary = means?.observe(step: step, scalars: scalars) {
            news.epoch = summary
            news.measured = try measure(summary.epoch).filter(\.value.isFinite)
        }
        return news
    }

    /// Copies the state to the variable that checkpoints store.
    func remember() {
        let state = alarms.state + (means?.state ?? [])
        if !state.isEmpty { memory.values = state }
    }

    /// Restores the state from the variable after a checkpoint was loaded.
    mutating func recall() {
        let count = alarms.state.count
        let state = memory.values
        if count > 0 { alarms.state = Array(state[..<count]) }
        if let size = means?.state.count { means?.state = Array(state[count..<count + size]) }
    }
}
