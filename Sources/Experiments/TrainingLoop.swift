import Adversarial
import Configuration
import Datasets
import Foundation
import Graph
import Tensors

/// The iterations of a run, and what they leave in its folder.
final class TrainingLoop {
    private let experiment: Experiment
    private let networks: ExperimentNetworks
    private let step: TrainingStep
    private let sampleMaker: SampleMaker
    private let loader: BatchLoader
    private let folder: RunFolder
    private let lock: RunFolder.Lock
    private let metrics: MetricsLog
    private let latents: [Float]
    private let report: (TrainingEvent) -> Void
    private let git: Background<GitRevision?>

    private var record: RunRecord
    /// Steps that are finished.
    private var finished: Int
    /// The last step that has a checkpoint.
    private var saved: Int?
    private let clock = ContinuousClock()

    private var settings: ExperimentConfiguration { experiment.configuration }

    /// Takes the folder; restores the newest checkpoint if there is one.
    init(
        _ prepared: PreparedTraining, folder: RunFolder, options: TrainingOptions,
        report: @escaping (TrainingEvent) -> Void
    ) throws {
        experiment = prepared.experiment
        networks = prepared.networks
        step = prepared.step
        sampleMaker = prepared.sampleMaker
        loader = prepared.loader
        self.folder = folder
        self.report = report
        let configPath = options.configPath ?? "."
        git = Background("agon git") { GitRevision(near: configPath) }
        let configuration = experiment.configuration
        latents = configuration.training.latent.values(
            configuration.samples.count, from: RandomStream(seed: configuration.seed, purpose: "samples"))

        lock = try folder.lock()
        let holdsRun = folder.holdsRun
        // Two runs may have been started in the folder at once.
        if holdsRun, !options.resumes { throw ExperimentsError.runExists(folder: folder.path, state: nil) }
        folder.removeLeftovers()
        var record = RunRecord(
            steps: configuration.steps, commandLine: options.commandLine, seed: configuration.seed,
            threads: options.threads, started: RunRecord.now)
        finished = 0
        if holdsRun {
            if let former = try? ConfigNode.load(path: folder.recordPath) {
                record.started = former["started"]?.string ?? record.started
                record.resumes = (former["resumes"]?.integer ?? 0) + 1
            }
            let checkpoint = folder.newestCheckpoint(
                config: experiment.digest, accepting: { [networks] in try $0.check(networks.variables) },
                note: { report(.note($0)) })
            if let checkpoint {
                try checkpoint.restore(networks.variables)
                finished = checkpoint.step
                saved = checkpoint.step
            }
        }
        metrics = try MetricsLog(path: folder.metricsPath, keepingThrough: finished)
        if let line = metrics.lastLine, let node = try? ConfigNode.parse(line, file: folder.metricsPath) {
            record.seconds = node["seconds"]?.number ?? 0
        }
        record.step = finished
        self.record = record
        try AtomicFile.write(path: folder.configPath, text: experiment.resolved.prettyText)
        try record.write(to: folder.recordPath)
        report(.started(folder: folder.path, step: finished, steps: configuration.steps))
    }

    /// Runs to the last step or to a signal. Whatever happens, `run.json` says so.
    func run() throws -> TrainingOutcome {
        let start = clock.now
        let first = finished
        let secondsBefore = record.seconds
        defer { loader.stop() }

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
            return TrainingOutcome(
                state: state == .done ? .done : .stopped(reason ?? "stopped"), folder: folder.path, step: finished,
                sampleGrid: folder.newestSample, checkpoint: saved.map { folder.checkpointPath(step: $0) },
                seconds: seconds, stepsPerSecond: rate)
        }

        do {
            try iterate(from: start, secondsBefore: secondsBefore)
            if finished < settings.steps {
                try save()
                return try settle(.stopped, StopRequest.name)
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
            throw error.isPassing ? ExperimentsError.stoppedByFault(folder: folder.path, reason: "\(error)") : error
        }
    }

    private func iterate(from start: ContinuousClock.Instant, secondsBefore: Double) throws {
        let first = finished
        var logged = (step: finished, time: start)
        var wroteGit = false
        while finished < settings.steps, StopRequest.signal == 0 {
            try step.run(finished, loader: loader)
            finished += 1
            let scalars = step.scalars
            try checkFinite(scalars)

            let isLogged = isDue(settings.log.every)
            let now = clock.now
            let seconds = Double(start.duration(to: now))
            let images = (finished - logged.step) * step.batches * settings.training.batchSize
            let progress = TrainingProgress(
                step: finished, steps: settings.steps, scalars: scalars,
                imagesPerSecond: Double(images) / max(Double(logged.time.duration(to: now)), 1e-9),
                secondsLeft: seconds / Double(finished - first) * Double(settings.steps - finished), isLogged: isLogged)
            if isLogged {
                try metrics.append(line(progress, seconds: secondsBefore + seconds))
                logged = (finished, now)
            }
            report(.progress(progress))
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

    private func isDue(_ every: Int) -> Bool { finished % every == 0 || finished == settings.steps }

    private func line(_ progress: TrainingProgress, seconds: Double) -> ConfigNode {
        var object = ConfigObject()
        object["step"] = ConfigNode(progress.step)
        for (name, value) in progress.scalars { object[name] = ConfigNode(.number("\(value)")) }
        object["imagesPerSecond"] = .number(progress.imagesPerSecond, decimals: 1)
        object["seconds"] = .number(seconds, decimals: 3)
        return ConfigNode(object)
    }

    private func checkFinite(_ scalars: [(name: String, value: Float)]) throws {
        guard let bad = scalars.first(where: { !$0.value.isFinite }) else { return }
        throw ExperimentsError.notFinite(
            step: finished, quantity: bad.name, value: "\(bad.value)",
            tensor: Checkpoint.firstNotFinite(networks.variables)?.name, checkpoint: lastGood)
    }

    private var lastGood: String? { saved.map { folder.checkpointPath(step: $0) } }

    private func drawSamples() throws {
        let samples = sampleMaker.samples(from: latents, index: finished)
        try SampleSheet(columns: settings.samples.columns).write(samples, path: folder.samplePath(step: finished))
    }

    private func save() throws {
        guard saved != finished else { return }
        try metrics.synchronise()
        try Checkpoint.write(
            networks.variables, step: finished, batches: finished * step.batches, experiment: experiment,
            path: folder.checkpointPath(step: finished), lastGood: lastGood)
        saved = finished
        folder.removeOldCheckpoints(keeping: settings.checkpoints.keep, newest: finished)
    }
}

extension Double {
    /// Seconds.
    init(_ duration: Duration) {
        self = Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}

extension Error {
    /// Whether the cause may pass, such as a full disk, so that a run that it stopped can go on from its checkpoint.
    fileprivate var isPassing: Bool {
        switch self as any Error {
        case TensorsError.cannotWrite, DatasetError.cannotWrite, DatasetError.unreadable, ExperimentsError.cannotWrite:
            true
        default: false
        }
    }
}
