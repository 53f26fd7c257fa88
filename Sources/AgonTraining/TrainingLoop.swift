import AgonAdversarial
import AgonConfiguration
import AgonExperiments
import AgonGraph
import AgonRuns
import AgonSampling
import AgonTensors
import Foundation

/// Runs the iterations of one stage of a run, and writes the files in its folder.
final class TrainingLoop {
    /// The experiment of the whole run.
    private let experiment: Experiment
    private let identity: RunIdentity
    /// The stage of the run that is trained here.
    private let stage: Stage
    /// The variables that checkpoints store.
    private let variables: [Variable]
    private let step: CompiledIteration
    private let grids: GridWriter
    private let inputs: any PhaseInputs
    private let folder: RunFolder
    private let metrics: LineLog<MetricsLine>
    private let evaluations: (any TrainingEvaluation)?
    /// The file of evaluations; nil if there are neither earlier nor future evaluations.
    private let evaluationLog: EvaluationLog?
    /// The numbers and sample grids for TensorBoard, if the config enables them.
    private let events: EventLog?
    private let report: (TrainingEvent) -> Void
    private let stop: StopRequest
    private let dataFolder: String?
    private let git: Background<GitRevision?>

    private let past: PastWeights?
    private var watch: RunWatch
    private var record: RunRecord
    /// The values of the last evaluation.
    private var evaluated: [EvaluationValue] = []
    /// The best of the values by which the best checkpoint is kept; nil if the config keeps none.
    private var best: BestEvaluation?
    /// The number of finished steps.
    private var finished: Int
    /// The step of the last line of metrics.
    private var logged: Int
    /// The last step that has a checkpoint.
    private var saved: Int?
    /// Seconds of training in earlier sessions and stages.
    private let secondsBefore: Double

    /// Whether this process continues what another has trained.
    private let isResumed: Bool

    private var settings: ExperimentConfiguration { stage.experiment.configuration }

    /// Restores the newest checkpoint if there is one.
    ///
    /// - Parameters:
    ///   - identity: that of the run, which its checkpoints state.
    ///   - saved: the step of that checkpoint, for which the networks were built.
    ///   - data: the present data of the stage.
    ///   - folder: the run's folder, locked by this process.
    ///   - continues: whether this process trained the previous stage.
    init(
        _ prepared: TrainingSetup, evaluations: (any TrainingEvaluation)?, data: [RecordedData], stage: Stage,
        of experiment: Experiment, as identity: RunIdentity, after saved: Int, folder: RunFolder, continues: Bool,
        options: TrainingOptions,
        report: @escaping (TrainingEvent) -> Void
    ) throws {
        self.evaluations = evaluations
        self.experiment = experiment
        self.identity = identity
        self.stage = stage
        step = prepared.step
        watch = RunWatch(prepared)
        past = prepared.networks.past
        variables = prepared.networks.variables + prepared.step.variables + [watch.memory]
        grids = prepared.grids
        inputs = prepared.inputs
        self.folder = folder
        self.report = report
        stop = options.stop
        dataFolder = options.searchPath.givenFolder
        let configPath = options.configPath ?? "."
        git = Background("agon git") { GitRevision(near: configPath) }
        let configuration = experiment.configuration
        let holdsRun = folder.holdsRun
        // Another process may have started a run in the folder in the meantime.
        isResumed = holdsRun && !continues
        if holdsRun, !options.resumes, !continues { throw RunError.runExists(folder: folder.path, state: nil) }
        folder.removeLeftovers()
        var record = RunRecord(
            steps: configuration.steps, commandLine: options.commandLine, seed: configuration.seed,
            threads: options.threads)
        let sample = prepared.networks.data.sample
        record.dataChannels = sample.rank == 3 ? sample[2] : nil
        if case .labels = (stage.experiment.configuration.training.task as? GenerationTask)?.condition {
            record.classes = prepared.dataset?.classNames
        }
        finished = 0
        let former = holdsRun ? try folder.readRecord() : nil
        if holdsRun {
            if let former {
                record.started = former.started ?? record.started
                record.resumes = former.resumes + (continues ? 0 : 1)
                record.data = identity.located(former.data)
            }
            let begins = stage.start > 0 && saved == stage.start
            let checkpoint = try folder.newestCheckpoint(config: identity.config, note: { report(.note($0)) })
            // Another process may have written a checkpoint on a file system without locks.
            guard checkpoint?.step ?? 0 == saved else { throw RunError.runBusy(folder: folder.path) }
            if let checkpoint {
                if !begins { try checkpoint.check(variables) }
                if begins {
                    let reinitialised = try checkpoint.carryOver(to: variables)
                    report(.note("step \(saved): a new stage begins; reinitialised: \(Self.described(reinitialised))"))
                    prepared.networks.gan.startAverages(of: Set(reinitialised))
                } else {
                    try checkpoint.restore(variables)
                    past?.recall(after: checkpoint.step)
                    watch.recall()
                }
                finished = checkpoint.step
                self.saved = checkpoint.step
            }
        }
        metrics = try LineLog(path: folder.metricsPath, keepingThrough: finished)
        evaluationLog =
            evaluations != nil || FileSystem.exists(folder.evaluationsPath)
            ? EvaluationLog(path: folder.evaluationsPath) : nil
        logged = metrics.lastLine?.step ?? 0
        try evaluationLog?.keep(through: finished)
        if let metric = configuration.checkpoints.best {
            let values = try evaluationLog?.read().values ?? []
            // Without its record, a run still has its distances.
            let kept = former == nil ? try? folder.bestCheckpointStep() : folder.keptBestStep
            var best = BestEvaluation(of: metric, kept: kept, in: values)
            // A process may have been killed between a checkpoint and the record that calls it the best.
            let step = finished
            if let every = evaluations?.every, step % every == 0 { best.take(values.filter { $0.step == step }) }
            self.best = best
        }
        events =
            configuration.log.tensorboard
            ? try EventLog(folder: folder, after: finished, config: experiment.resolved) : nil
        secondsBefore = Self.seconds(after: finished, record: former, lastLine: metrics.lastLine)
        record.seconds = secondsBefore
        record.step = finished
        record.checkpoint = self.saved
        record.checkpointSeconds = self.saved == nil ? nil : secondsBefore
        record.bestCheckpoint = best?.step
        record.data.take(data)
        record.moved = identity.move(of: experiment)
        record.peakMemoryBytes = RunRecord.peakMemory
        self.record = record
        try folder.write(record, config: experiment, identity: identity, formerData: former?.data ?? [])
        if !continues { report(.started(folder: folder.path, step: finished, steps: configuration.steps)) }
    }

    /// Seconds of training until a step. The log states them only for logged steps. `run.json` states them for the last
    /// checkpoint, which may differ from the restored one: it is earlier if the process was killed before it wrote
    /// `run.json`, and later if the newest checkpoint is damaged.
    private static func seconds(after step: Int, record: RunRecord?, lastLine: MetricsLine?) -> Double {
        let logged = lastLine?.seconds ?? 0
        guard let record else { return logged }
        let (last, seconds) =
            record.checkpoint.map { ($0, record.checkpointSeconds) } ?? (record.step, record.seconds)
        return last <= step ? max(logged, seconds ?? 0) : logged
    }

    private static func described(_ names: [String]) -> String {
        names.isEmpty ? "no weights" : names.count <= 4 ? names.joined(separator: ", ") : "\(names.count) weights"
    }

    /// Runs to the last step, to the end of the stage, or until a signal arrives. `run.json` records the outcome in all
    /// cases. Returns nil at the end of a stage that is not the last.
    func run() throws -> TrainingOutcome? {
        let first = finished
        var clock = ProgressClock(
            after: first, of: settings.steps, imagesPerStep: step.batches * settings.training.batchSize)
        defer { inputs.stop() }

        func settle(_ state: RunRecord.State, _ reason: String?) throws -> TrainingOutcome {
            record.state = state
            record.reason = reason
            record.step = finished
            record.ended = RunRecord.now
            record.seconds = secondsBefore + clock.seconds
            record.stepsPerSecond = clock.stepsPerSecond(at: finished)
            record.git = (try? git.value()) ?? nil
            // This precedes the record, because a run that is recorded as done is not opened again.
            if state != .stopped { try events?.end(step: finished, succeeded: state == .done) }
            try writeRecord()
            return TrainingOutcome(
                state: state == .done ? .done : .stopped(reason ?? "stopped"), folder: folder.path, step: finished,
                sampleGrid: folder.newestSample, checkpoint: saved.map { folder.checkpointPath(step: $0) },
                seconds: record.seconds ?? 0, stepsPerSecond: record.stepsPerSecond, evaluation: evaluated)
        }

        do {
            try iterate(&clock)
            if finished < stage.end {
                if finished > first {
                    try withNewestWeights {
                        try grids.write(path: folder.samplePath(step: finished), step: finished)
                    }
                }
                try save(clock)
                return try settle(.stopped, stop.reason)
            }
            if finished < settings.steps {
                try save(clock)
                return nil
            }
            // A run that was resumed at its last step may lack its last files.
            if saved != finished {
                try drawSamples()
                try save(clock)
            }
            return try settle(.done, nil)
        } catch {
            // This write can fail too, for example on a full disk; only the first error is reported.
            _ = try? settle(error.isPassing ? .stopped : .failed, "\(error)")
            if case TrainingError.badData = error { throw error }
            guard error.isPassing else { throw error }
            throw TrainingError.stoppedByFault(folder: folder.path, dataFolder: dataFolder, reason: "\(error)")
        }
    }

    private func iterate(_ clock: inout ProgressClock) throws {
        let first = finished
        var wroteGit = false
        // Samples of the initial weights, for comparison with later grids.
        if first == 0, !stop.isMade { try drawSamples() }
        if isResumed, first > stage.start { try makeUp() }
        while finished < stage.end, !stop.isMade {
            try awaitData(clock)
            past?.prepare(iteration: finished)
            try step.run(finished, inputs: inputs)
            finished += 1
            let scalars = step.scalars
            try checkFinite(scalars)

            if finished == first + 1 { warnOfBlindAlarms(scalars) }
            let news = try watch.observe(step: finished, scalars: scalars) { epoch in
                try step.measure(epoch: epoch, iteration: finished, inputs: inputs)
            }
            let evaluated = try evaluateOrSave(clock)
            let isLogged = finished == 1 || isDue(settings.log.every) || !evaluated.isEmpty
            let progress = clock.progress(
                step: finished, scalars: step.scalars(of: min(logged, finished - 1)..<finished), isLogged: isLogged)
            // Epochs of small datasets may end every few steps, which is too often for lines on the screen.
            if isLogged || !news.isEmpty {
                try log(progress, news, evaluated, seconds: secondsBefore + clock.seconds)
            }
            report(.progress(progress))
            for alarm in news.alarms {
                if alarm.action == .stop {
                    try save(clock)
                    throw TrainingError.alarm(alarm.description, checkpoint: lastGood)
                }
                report(.note(alarm.description))
            }
            if isDue(settings.samples.every) { try drawSamples() }
            if isDue(settings.checkpoints.every) || best?.step == finished { try save(clock) }
            if !wroteGit, let revision = git.valueIfReady {
                wroteGit = true
                record.git = revision
                try writeRecord()
            }
        }
    }

    /// Waits for the data of the next iteration. If they cannot be read, the run ends between two steps and its state
    /// is saved.
    private func awaitData(_ clock: ProgressClock) throws {
        do {
            try inputs.prepare(step.batches(ofIteration: finished))
        } catch {
            // If nothing was trained yet, or the state cannot be saved either, the last checkpoint remains valid.
            guard finished > 0, (try? save(clock)) != nil else { throw error }
            throw TrainingError.badData(
                folder: folder.path, dataFolder: dataFolder, step: finished, reason: "\(error)",
                isPassing: error.isPassing)
        }
    }

    private func writeRecord() throws {
        record.peakMemoryBytes = RunRecord.peakMemory
        try folder.write(record)
    }

    private func warnOfBlindAlarms(_ scalars: [(name: String, value: Float)]) {
        for (alarm, scalar) in settings.alarms.blindAlarms(among: scalars.map(\.name)) {
            report(.note("alarm \(alarm) has no effect: this objective does not report '\(scalar)'"))
        }
    }

    /// Runs the evaluation that is due after this step and records its values.
    @discardableResult
    private func evaluate() throws -> [EvaluationValue] {
        guard let evaluations, isDue(evaluations.every) else { return [] }
        let values = try withNewestWeights { try evaluations.measure(step: finished) }
        record.peakMemoryBytesBeforeEvaluation = record.peakMemoryBytesBeforeEvaluation ?? evaluations.memoryBefore
        try evaluationLog?.append(values)
        evaluated = values
        best?.take(values)
        // The evaluation after the last step must not make a longer run differ from an extended one.
        if finished % evaluations.every == 0 { growSlack(values) }
        return values
    }

    /// Brings the files of the restored step to what an uninterrupted run has: removes the grid that an interruption
    /// added, and draws and measures what an error prevented after the checkpoint.
    private func makeUp() throws {
        let grid = folder.samplePath(step: finished)
        if !isDue(settings.samples.every) {
            unlink(grid)
        } else if !FileSystem.exists(grid) {
            try drawSamples()
        }
        guard let evaluations, isDue(evaluations.every), let log = evaluationLog,
            try !log.read().values.contains(where: { $0.step == finished })
        else { return }
        try evaluate()
    }

    /// The same. An error that would come again after a resume must not cost the steps since the last checkpoint; after
    /// another one, the resumed run repeats them and the evaluation.
    private func evaluateOrSave(_ clock: ProgressClock) throws -> [EvaluationValue] {
        do {
            return try evaluate()
        } catch {
            if !error.isPassing { try? save(clock) }
            throw error
        }
    }

    /// Updates the hypervolume's slack from the distance just measured, if the config lets the slack grow.
    private func growSlack(_ values: [EvaluationValue]) {
        let combination = settings.training.ensemble.combination as? HypervolumeCombination
        guard let growth = combination?.growth,
            let state = variables.first(where: { $0.name == SlackGrowth.variable }),
            let distance = values.first(where: { EvaluationMetric.giving($0.metric) == .frechet })
        else { return }
        state.values = growth.state(state.values, afterDistance: Float(distance.value))
    }

    private func isDue(_ every: Int) -> Bool { finished % every == 0 || finished == settings.steps }

    private func log(
        _ progress: TrainingProgress, _ news: RunWatch.News, _ evaluated: [EvaluationValue], seconds: Double
    ) throws {
        var line = MetricsLine(step: progress.step)
        line.values = progress.scalars.map { ($0.name, Double($0.value)) }
        news.write(to: &line)
        line.metrics = evaluated
        line.imagesPerSecond = progress.imagesPerSecond
        line.seconds = seconds
        try metrics.append(line)
        logged = line.step
        try events?.append(line)
    }

    private func checkFinite(_ scalars: [(name: String, value: Float)]) throws {
        guard let bad = scalars.first(where: { !$0.value.isFinite }) else { return }
        throw RunError.notFinite(
            step: finished, quantity: bad.name, value: "\(bad.value)",
            tensor: Checkpoint.firstNotFinite(variables)?.name, checkpoint: lastGood)
    }

    private func withNewestWeights<Result>(_ body: () throws -> Result) rethrows -> Result {
        try past?.withNewest(after: finished, body) ?? body()
    }

    private var lastGood: String? { saved.map { folder.checkpointPath(step: $0) } }

    private func drawSamples() throws {
        let path = folder.samplePath(step: finished)
        try withNewestWeights { try grids.write(path: path, step: finished) }
        try events?.append(step: finished, image: path)
    }

    private func save(_ clock: ProgressClock) throws {
        guard saved != finished else { return }
        watch.remember()
        try metrics.synchronise()
        try withNewestWeights {
            try Checkpoint.write(
                variables, step: finished, batches: finished * step.batches, config: identity.config,
                seed: experiment.configuration.seed, path: folder.checkpointPath(step: finished), lastGood: lastGood)
        }
        saved = finished
        record.step = finished
        record.checkpoint = finished
        record.bestCheckpoint = best?.step
        record.seconds = secondsBefore + clock.seconds
        record.checkpointSeconds = record.seconds
        try writeRecord()
        folder.removeOldCheckpoints(keeping: settings.checkpoints.keep, newest: finished, best: best?.step)
    }
}
