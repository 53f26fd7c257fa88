import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonRuns
import AgonScoring
import AgonSweeps
import AgonTensors
import AgonText
import AgonTraining
import Foundation

/// Runs or resumes one trial of a sweep in its folder. The targets of a sweep's makefile do this.
///
/// The trial ends with a stamp `done`, with a line in `failed`, or without either if it can be resumed. Its messages go
/// to its log; it reports its progress at intervals.
public final class TrialRun {
    private let folder: TrialFolder
    private let sweep: SweepFolder
    private let list: TrialList
    private let say: (String) -> Void
    private let interval: Double
    /// Whether a sweep reads the reports.
    private let isPartOfSweep: Bool
    private let ownsProcess: Bool
    private let acceptsChangedData: Bool
    private let stop: StopRequest
    private var status: TrialStatus
    private let log: FileHandle
    private var rule: RuleWatch?
    private var lines: LineReader<MetricsLine>
    private var evaluations: LineReader<EvaluationValue>
    private let clock = ContinuousClock()
    private var lastReport: ContinuousClock.Instant?

    /// - Parameters:
    ///   - path: the trial's folder.
    ///   - interval: the minimum number of seconds between reports.
    ///   - ownsProcess: whether the process runs only this trial. If so, standard error goes to the log, and the
    ///     working folder becomes the one in which the sweep was prepared.
    ///   - accepts: whether the trial continues on data whose files have changed.
    ///   - say: called with each report, a line.
    ///
    /// Throws `SweepError`, `ConfigError`, `TensorsError.cannotWrite`, `RunError.unreadableFolder`.
    public init(
        path: String, reportsEvery interval: Double, ownsProcess: Bool = true, acceptsChangedData accepts: Bool = false,
        say: @escaping (String) -> Void
    ) throws {
        folder = TrialFolder(path: SweepPaths.absolute(path))
        let trials = FilePath.parent(of: folder.path)
        sweep = SweepFolder(path: FilePath.parent(of: trials))
        guard FileManager.default.fileExists(atPath: sweep.listPath) else { throw SweepError.noTrial(folder: path) }
        list = try TrialList(sweep)
        let id = folder.id
        guard sweep.trial(id) == folder, let entry = list.entries.first(where: { $0.id == id }) else {
            throw SweepError.noTrial(folder: path)
        }
        if !folder.run.holdsRun {
            if ownsProcess { try Self.enter(list.root) }
            try sweep.restore(id, of: list)
        }
        self.say = say
        self.ownsProcess = ownsProcess
        acceptsChangedData = accepts
        stop = ownsProcess ? .signals : StopRequest()
        isPartOfSweep = ProcessInfo.processInfo.environment[SweepRun.variable] != nil
        self.interval = isPartOfSweep ? min(interval, 1) : interval
        status = TrialStatus(id: id)
        status.label = entry.label
        status.steps = entry.steps
        status.log = folder.logPath
        status.process = Int(getpid())
        lines = LineReader(path: folder.run.metricsPath)
        evaluations = LineReader(path: folder.run.evaluationsPath)
        let descriptor = open(folder.logPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw TensorsError.cannotWrite(path: folder.logPath, code: errno)
        }
        log = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// Trains to the end, or until a signal or the sweep's rule stops the trial.
    ///
    /// - Returns: how it ended: `done`, `pruned` or `stopped`.
    ///
    /// Throws `TrialError` after the error was reported and recorded.
    public func run(threads: Int) throws -> TrialStatus.State {
        if let stamp = folder.stamp,
            folder.id == (try? SweepTrial.id(of: Experiment.load(path: folder.run.configPath)))
        {
            status.step = stamp.step ?? 0
            do {
                try TrialData(list).check(folder, accepts: acceptsChangedData)
            } catch {
                settle(error)
                throw TrialError(cause: error)
            }
            // Make compares modification times, and the config may be newer although the trial is the same, for example
            // if only its description changed.
            utimes(folder.donePath, nil)
            if folder.failure != nil {
                // The data had changed, but now they are the ones that the trial used.
                unlink(folder.failurePath)
                (status.state, status.reason) = (stamp.state, stamp.reason)
                report()
            }
            return stamp.state
        }
        // Messages of a trap of the Swift runtime and of libraries go to the log.
        if ownsProcess { dup2(log.fileDescriptor, STDERR_FILENO) }
        status.state = .running
        do {
            // A previous process of this trial may still be stopping.
            _ = try FolderLock.waiting(for: folder.run, seconds: 60, stop: stop)
            unlink(folder.failurePath)
            report()
            let experiment = try load()
            let outcome = try TrainingRun.run(experiment, options: options(threads: threads)) { self.take($0) }
            return try settle(outcome, experiment)
        } catch {
            settle(error)
            throw TrialError(cause: error)
        }
    }

    private func report() { say(isPartOfSweep ? status.message : status.line) }

    /// Paths in configs are relative to where the sweep was prepared.
    private static func enter(_ root: String) throws {
        guard FileManager.default.changeCurrentDirectoryPath(root) else {
            throw RunError.unreadableFolder(path: root, reason: String(cString: strerror(errno)))
        }
    }

    private func load() throws -> Experiment {
        if ownsProcess { try Self.enter(list.root) }
        let experiment = try Experiment.load(path: folder.run.configPath)
        if let stop = list.stop {
            let others = list.entries.map { sweep.trial($0.id) }.filter { $0 != folder }
            rule = RuleWatch(stop, others: others)
        }
        return experiment
    }

    private func options(threads: Int) -> TrainingOptions {
        var options = TrainingOptions()
        options.folder = folder.path
        options.resumes = true
        options.acceptsChangedData = acceptsChangedData
        options.stop = stop
        options.threads = threads
        options.searchPath = SweepRun.searchPath
        options.configPath = list.root + "/" + list.file
        return options
    }

    // MARK: While it runs

    private func take(_ event: TrainingEvent) {
        switch event {
        case .started(_, let step, let steps):
            status.step = step
            write(
                step == 0
                    ? "\(RunRecord.now) \(CountText.short(steps, "step"))"
                    : "\(RunRecord.now) continuing after step \(step) of \(steps)")
        case .note(let text): write("note: \(text)")
        case .progress(let progress): take(progress)
        case .ended: break
        }
    }

    private func take(_ progress: TrainingProgress) {
        status.step = progress.step
        status.secondsLeft = progress.secondsLeft
        status.losses = progress.scalars.filter {
            $0.name.hasPrefix("loss") && !TrialStatus.isOfOneDiscriminator($0.name)
        }.map { ($0.name, Double($0.value)) }
        if progress.isLogged { write(status.text) }
        readLogs()
        if progress.step < progress.steps, rule?.verdict != nil { stop.request() }
        let now = clock.now
        if let last = lastReport, Double(last.duration(to: now)) < interval { return }
        lastReport = now
        report()
    }

    /// Reads the values that were logged and measured since the last call.
    private func readLogs() {
        let (lines, values) = (self.lines.next(), self.evaluations.next())
        let points = lines.flatMap { line in line.values.map { (name: $0.key, value: $0.value) } }
        // The status shows the metric of the rule, if there is one that is not among the losses, otherwise the first
        // metric of the newest evaluation.
        let measured = values.filter { $0.step == values.last?.step }.map { (name: $0.key, value: $0.value) }
        if let metric = rule.map({ rule in (points + measured).last { $0.name == rule.metric } }) ?? measured.first {
            status.metric = status.losses.contains { $0.name == metric.name } ? nil : metric
        }
        rule?.take(lines, values, step: status.step)
    }

    private func write(_ line: String) {
        // A full disk must not end the training here; it ends when a checkpoint cannot be written.
        try? log.write(contentsOf: Data((line + "\n").utf8))
    }

    // MARK: The end

    private func settle(_ outcome: TrainingOutcome, _ experiment: Experiment) throws -> TrialStatus.State {
        status.step = outcome.step
        status.secondsLeft = nil
        status.seconds = folder.run.record?.seconds
        if case .stopped(let reason) = outcome.state {
            status.reason = reason
            status.state = .stopped
            if let verdict = rule?.verdict {
                status.reason = verdict
                status.state = .pruned
                try note(verdict)
            }
        } else {
            status.state = .done
            // If the trial was already finished, its logs have not been read yet.
            readLogs()
            if let rule, rule.isEmpty {
                status.reason = "the sweep's rule found no '\(rule.metric)' to compare"
            }
        }
        if status.state.isFinal {
            try folder.write(TrialStamp(state: status.state, step: outcome.step, reason: status.reason))
        }
        write("\(RunRecord.now) \(status.text)")
        report()
        return status.state
    }

    /// Writes into the run's record that the trial was ended early, and why.
    private func note(_ verdict: String) throws {
        guard var record = folder.run.record else { return }
        record.state = .pruned
        record.reason = verdict
        try folder.run.write(record)
    }

    private func settle(_ error: any Error) {
        let reason = "\(error)".split(separator: "\n").joined(separator: " ")
        status.reason = reason
        status.secondsLeft = nil
        switch error {
        case _ where error.isPassing, TrainingError.stoppedByFault, RunError.runBusy, ClassifierError.stopped:
            status.state = .stopped
        default:
            status.state = .failed
            try? folder.write(failure: reason)
        }
        write("\(RunRecord.now) \(status.text)")
        report()
    }
}

/// The error that ended a trial; the trial has already reported it.
public struct TrialError: Error {
    public let cause: any Error
}
