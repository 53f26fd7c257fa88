import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonRuns
import AgonSampling
import AgonTensors
import AgonText
import Foundation

/// The iterations of a run, and what they leave in its folder.
final class TrainingLoop {
    /// The whole run's, and the stretch of it that is trained here.
    private let experiment: Experiment
    private let stage: Stage
    /// Everything that a checkpoint holds.
    private let variables: [Variable]
    private let step: CompiledIteration
    private let sheets: SampleSeries
    private let inputs: any PhaseInputs
    private let folder: RunFolder
    private let lock: RunFolder.Lock
    private let metrics: MetricsLog
    private let evaluations: (any TrainingEvaluation)?
    /// The file of evaluations; nil while there is none and none is to be.
    private let evaluationLog: MetricsLog?
    /// The same numbers and sample grids for TensorBoard, if the config wants them.
    private let events: EventLog?
    private let report: (TrainingEvent) -> Void
    private let stop: StopRequest
    private let git: Background<GitRevision?>

    private let past: PastWeights?
    private var watch: RunWatch
    private var record: RunRecord
    /// Steps that are finished.
    private var finished: Int
    /// The last step that has a checkpoint.
    private var saved: Int?
    private let clock = ContinuousClock()

    private var settings: ExperimentConfiguration { stage.experiment.configuration }

    /// Takes the folder; restores the newest checkpoint if there is one.
    ///
    /// - Parameters:
    ///   - saved: the step of that checkpoint, for which the networks were made.
    ///   - continues: whether this process trained the stage before.
    init(
        _ prepared: TrainingSetup, evaluations: (any TrainingEvaluation)?, stage: Stage, of experiment: Experiment,
        after saved: Int, folder: RunFolder, continues: Bool, options: TrainingOptions,
        report: @escaping (TrainingEvent) -> Void
    ) throws {
        self.evaluations = evaluations
        self.experiment = experiment
        self.stage = stage
        step = prepared.step
        watch = RunWatch(prepared)
        past = prepared.networks.past
        variables = prepared.networks.variables + prepared.step.variables + [watch.memory]
        sheets = prepared.sheets
        inputs = prepared.inputs
        self.folder = folder
        self.report = report
        stop = options.stop
        let configPath = options.configPath ?? "."
        git = Background("agon git") { GitRevision(near: configPath) }
        let configuration = experiment.configuration
        lock = try folder.lock()
        let holdsRun = folder.holdsRun
        // Two runs may have been started in the folder at once.
        if holdsRun, !options.resumes, !continues { throw RunError.runExists(folder: folder.path, state: nil) }
        folder.removeLeftovers()
        var record = RunRecord(
            steps: configuration.steps, commandLine: options.commandLine, seed: configuration.seed,
            threads: options.threads, started: RunRecord.now)
        finished = 0
        if holdsRun {
            if let former = try? ConfigNode.load(path: folder.recordPath) {
                record.started = former["started"]?.string ?? record.started
                record.resumes = (former["resumes"]?.integer ?? 0) + (continues ? 0 : 1)
            }
            let begins = stage.start > 0 && saved == stage.start
            let checkpoint = folder.newestCheckpoint(
                config: experiment.digest,
                accepting: { [variables] in if !begins { try $0.check(variables) } },
                note: { report(.note($0)) })
            guard checkpoint?.step ?? 0 == saved else { throw RunError.runBusy(folder: folder.path) }
            if let checkpoint {
                if begins {
                    let anew = try checkpoint.carryOver(to: variables)
                    report(.note("step \(saved): a new stage begins; \(Self.described(anew)) begin anew"))
                    prepared.networks.gan.startAverages()
                } else {
                    try checkpoint.restore(variables)
                    watch.recall()
                }
                finished = checkpoint.step
                self.saved = checkpoint.step
            }
        }
        metrics = try MetricsLog(path: folder.metricsPath, keepingThrough: finished)
        let evaluationsPath = folder.evaluationsPath
        evaluationLog =
            evaluations != nil || FileManager.default.fileExists(atPath: evaluationsPath)
            ? try MetricsLog(path: evaluationsPath, keepingThrough: finished) : nil
        events =
            configuration.log.tensorboard
            ? try EventLog(folder: folder, keepingThrough: finished, config: experiment.resolved) : nil
        if let line = metrics.lastLine, let node = try? ConfigNode.parse(line, file: folder.metricsPath) {
            record.seconds = node["seconds"]?.number ?? 0
        }
        record.step = finished
        self.record = record
        try AtomicFile.write(path: folder.configPath, text: experiment.resolved.prettyText)
        try record.write(to: folder.recordPath)
        if !continues { report(.started(folder: folder.path, step: finished, steps: configuration.steps)) }
    }

    private static func described(_ names: [String]) -> String {
        names.isEmpty ? "no weights" : names.count <= 4 ? names.joined(separator: ", ") : "\(names.count) weights"
    }

    /// Runs to the last step, to the end of the stage (then there is no outcome yet), or to a signal. Whatever happens,
    /// `run.json` says so.
    func run() throws -> TrainingOutcome? {
        let start = clock.now
        let first = finished
        let secondsBefore = record.seconds
        defer { inputs.stop() }

        func settle(_ state: RunRecord.State, _ reason: String?) throws -> TrainingOutcome {
            let seconds = Double(start.duration(to: clock.now))
            let rate = finished > first && seconds > 0 ? Double(finished - first) / seconds : nil
            record.state = state
            record.reason = reason
            record.step = finished
            record.ended = RunRecord.now
            record.seconds = secondsBefore + seconds
            record.stepsPerSecond = rate
            record.git = (try? git.value()) ?? nil
            try record.write(to: folder.recordPath)
            if state != .stopped { try events?.end(step: finished, succeeded: state == .done) }
            return TrainingOutcome(
                state: state == .done ? .done : .stopped(reason ?? "stopped"), folder: folder.path, step: finished,
                sampleGrid: folder.newestSample, checkpoint: saved.map { folder.checkpointPath(step: $0) },
                seconds: seconds, stepsPerSecond: rate)
        }

        do {
            try iterate(from: start, secondsBefore: secondsBefore)
            if finished < stage.end {
                try save()
                return try settle(.stopped, stop.reason)
            }
            if finished < settings.steps {
                try save()
                return nil
            }
            // A run that was resumed at its end may lack its last files.
            if saved != finished {
                try drawSamples()
                try save()
            }
            return try settle(.done, nil)
        } catch {
            // A full disk may keep even this from being written; the first error is the one to tell.
            _ = try? settle(error.isPassing ? .stopped : .failed, "\(error)")
            throw error.isPassing ? TrainingError.stoppedByFault(folder: folder.path, reason: "\(error)") : error
        }
    }

    private func iterate(from start: ContinuousClock.Instant, secondsBefore: Double) throws {
        let first = finished
        var logged = (step: finished, time: start)
        var wroteGit = false
        while finished < stage.end, !stop.isMade {
            past?.prepare(iteration: finished)
            try step.run(finished, inputs: inputs)
            finished += 1
            let scalars = step.scalars
            try checkFinite(scalars)

            if finished == first + 1 { warnOfBlindAlarms(scalars) }
            var news = try watch.observe(step: finished, scalars: scalars) { epoch in
                try step.measure(epoch: epoch, iteration: finished, inputs: inputs)
            }
            if isDue(settings.samples.every) { news.measured += sheets.coverage(step: finished) }
            news.measured += try evaluate()
            let isLogged = isDue(settings.log.every) || !news.isEmpty
            let now = clock.now
            let seconds = Double(start.duration(to: now))
            let images = (finished - logged.step) * step.batches * settings.training.batchSize
            let progress = TrainingProgress(
                step: finished, steps: settings.steps, scalars: scalars,
                imagesPerSecond: Double(images) / max(Double(logged.time.duration(to: now)), 1e-9),
                secondsLeft: seconds / Double(finished - first) * Double(settings.steps - finished), isLogged: isLogged)
            if isLogged {
                let line = line(progress, news, seconds: secondsBefore + seconds)
                try metrics.append(line)
                try events?.append(line: line)
                logged = (finished, now)
            }
            report(.progress(progress))
            for alarm in news.alarms {
                if alarm.action == .stop {
                    try save()
                    throw TrainingError.alarm(alarm.description, checkpoint: lastGood)
                }
                report(.note(alarm.description))
            }
            if isDue(settings.samples.every) { try drawSamples() }
            if isDue(settings.checkpoints.every) {
                try save()
                record.step = finished
                record.seconds = secondsBefore + seconds
                try record.write(to: folder.recordPath)
            }
            if !wroteGit, let revision = git.valueIfReady {
                wroteGit = true
                record.git = revision
                try record.write(to: folder.recordPath)
            }
        }
    }

    private func warnOfBlindAlarms(_ scalars: [(name: String, value: Float)]) {
        for (alarm, scalar) in settings.alarms.blindAlarms(among: scalars.map(\.name)) {
            report(.note("alarm \(alarm) sees nothing: this objective reports no '\(scalar)'"))
        }
    }

    /// What evaluations are due after this step, written down, and as keys of a line of metrics.
    private func evaluate() throws -> [(name: String, value: Float)] {
        guard let evaluations, isDue(evaluations.every) else { return [] }
        let values = try evaluations.measure(step: finished)
        record.peakMemoryBeforeEvaluation = record.peakMemoryBeforeEvaluation ?? evaluations.memoryBefore
        for value in values { try evaluationLog?.append(value.node) }
        growSlack(values)
        return values.map { ("metric.\($0.metric)", Float($0.value)) }
    }

    /// Lets the hypervolume's slack follow the distance just measured, where it is to grow.
    private func growSlack(_ values: [EvaluationValue]) {
        let combination = settings.training.ensemble.combination as? HypervolumeCombination
        guard let growth = combination?.growth,
            let state = variables.first(where: { $0.name == SlackGrowth.variable }),
            let distance = values.first(where: { EvaluationMetric.giving($0.metric) == .frechet })
        else { return }
        state.values = growth.state(state.values, afterDistance: Float(distance.value))
    }

    private func isDue(_ every: Int) -> Bool { finished % every == 0 || finished == settings.steps }

    private func line(_ progress: TrainingProgress, _ news: RunWatch.News, seconds: Double) -> ConfigNode {
        var object = ConfigObject()
        object["step"] = ConfigNode(progress.step)
        for (name, value) in progress.scalars { object[name] = ConfigNode(.number("\(value)")) }
        news.write(to: &object)
        object["imagesPerSecond"] = .number(progress.imagesPerSecond, decimals: 1)
        object["seconds"] = .number(seconds, decimals: 3)
        return ConfigNode(object)
    }

    private func checkFinite(_ scalars: [(name: String, value: Float)]) throws {
        guard let bad = scalars.first(where: { !$0.value.isFinite }) else { return }
        throw RunError.notFinite(
            step: finished, quantity: bad.name, value: "\(bad.value)",
            tensor: Checkpoint.firstNotFinite(variables)?.name, checkpoint: lastGood)
    }

    private var lastGood: String? { saved.map { folder.checkpointPath(step: $0) } }

    private func drawSamples() throws {
        let path = folder.samplePath(step: finished)
        try sheets.write(path: path, step: finished)
        try events?.append(step: finished, image: path)
    }

    private func save() throws {
        guard saved != finished else { return }
        watch.remember()
        try metrics.synchronise()
        try evaluationLog?.synchronise()
        try Checkpoint.write(
            variables, step: finished, batches: finished * step.batches, experiment: experiment,
            path: folder.checkpointPath(step: finished), lastGood: lastGood)
        saved = finished
        folder.removeOldCheckpoints(keeping: settings.checkpoints.keep, newest: finished)
    }
}

extension Error {
    /// Whether the cause may pass, such as a full disk, so that a run that it stopped can go on from its checkpoint.
    fileprivate var isPassing: Bool {
        switch self as any Error {
        case TensorsError.cannotWrite, DatasetError.cannotWrite, DatasetError.unreadable, RunError.cannotWrite:
            true
        default: false
        }
    }
}
