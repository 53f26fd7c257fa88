import AgonConfiguration
import AgonExperiments
import AgonRuns
import AgonScoring
import AgonTensors
import AgonText
import AgonTraining
import Foundation

/// One trial of a sweep, run or resumed in its folder: what each target of a sweep's makefile does.
///
/// The trial ends with a stamp `done`, with a line in `failed`, or resumably without either. What it says goes to its
/// log; a line now and then tells how far it is.
public final class TrialRun {
    private let folder: TrialFolder
    private let sweep: SweepFolder
    private let list: TrialList
    private let say: (String) -> Void
    private let interval: Double
    /// Whether a sweep reads what is said.
    private let isPartOfSweep: Bool
    private let ownsProcess: Bool
    private let stop: StopRequest
    private var status: TrialStatus
    private let log: FileHandle
    private var rule: RuleWatch?
    private var lines: MetricLines
    private let clock = ContinuousClock()
    private var lastReport: ContinuousClock.Instant?

    /// - Parameters:
    ///   - path: the trial's folder.
    ///   - interval: seconds from one line about a running trial to the next, at least.
    ///   - ownsProcess: whether the process is there for this trial: its errors then go to the log, and it goes to the
    ///     folder in which the sweep was prepared.
    ///   - say: takes a line.
    ///
    /// Throws `SweepError`, `ConfigError`, `RunError.cannotWrite`.
    public init(
        path: String, reportsEvery interval: Double, ownsProcess: Bool = true, say: @escaping (String) -> Void
    ) throws {
        folder = TrialFolder(path: SweepPaths.absolute(path))
        let trials = FilePath.parent(of: folder.path)
        sweep = SweepFolder(path: FilePath.parent(of: trials))
        guard FileManager.default.fileExists(atPath: sweep.listPath) else { throw SweepError.noTrial(folder: path) }
        list = try TrialList(sweep)
        let id = folder.id
        guard sweep.trial(id) == folder, let entry = list.entries.first(where: { $0.id == id }), folder.run.holdsRun
        else {
            throw SweepError.noTrial(folder: path)
        }
        self.say = say
        self.ownsProcess = ownsProcess
        stop = ownsProcess ? .signals : StopRequest()
        isPartOfSweep = ProcessInfo.processInfo.environment[SweepRun.variable] != nil
        self.interval = isPartOfSweep ? min(interval, 1) : interval
        status = TrialStatus(id: id)
        status.label = entry.label
        status.steps = entry.steps
        status.log = folder.logPath
        status.process = Int(getpid())
        lines = MetricLines(path: folder.run.metricsPath)
        let descriptor = open(folder.logPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw RunError.cannotWrite(path: folder.logPath, reason: String(cString: strerror(errno)))
        }
        log = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// Trains to the end, or until a signal or the sweep's rule stops the trial.
    ///
    /// - Returns: how it ended: `done`, `pruned` or `stopped`.
    ///
    /// Throws `TrialError`, after it was told of and noted.
    public func run(threads: Int) throws -> TrialStatus.State {
        if let stamp = try? ConfigNode.load(path: folder.donePath), let identity = stamp["config"]?.string,
            identity == (try? SweepTrial.identity(of: ConfigNode.load(path: folder.run.configPath)))
        {
            // The config's file may be newer, say by another description; make goes by the times.
            utimes(folder.donePath, nil)
            return stamp["state"]?.string.flatMap(TrialStatus.State.init(rawValue:)) ?? .done
        }
        // What the Swift runtime says when it traps, and what libraries say, is to be found in the log.
        if ownsProcess { dup2(log.fileDescriptor, STDERR_FILENO) }
        status.state = .running
        do {
            // Of a trial that is just being stopped.
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

    private func load() throws -> Experiment {
        // Paths in configs are relative to where the sweep was prepared.
        guard !ownsProcess || FileManager.default.changeCurrentDirectoryPath(list.root) else {
            throw RunError.unreadableFolder(path: list.root, reason: String(cString: strerror(errno)))
        }
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
        options.stop = stop
        options.threads = threads
        options.searchPath = .standard()
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
                    ? "\(RunRecord.now) \(steps) steps" : "\(RunRecord.now) continuing after step \(step) of \(steps)")
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
        for line in lines.next() {
            guard let step = line["step"]?.integer else { continue }
            if let member = line.object?.members.first(where: { $0.key == rule?.metric ?? $0.key && isMetric($0) }) {
                status.metric = member.value.number.map { (member.key, $0) }
            }
            rule?.take(line, step: step)
        }
        if progress.step < progress.steps, rule?.verdict != nil { stop.request() }
        let now = clock.now
        if let last = lastReport, Double(last.duration(to: now)) < interval { return }
        lastReport = now
        report()
    }

    private func isMetric(_ member: ConfigObject.Member) -> Bool {
        member.value.number != nil && (member.key.hasPrefix("metric.") || member.key == rule?.metric)
    }

    private func write(_ line: String) {
        // A full disk must not end the training here; a checkpoint that fails will.
        try? log.write(contentsOf: Data((line + "\n").utf8))
    }

    // MARK: The end

    private func settle(_ outcome: TrainingOutcome, _ experiment: Experiment) throws -> TrialStatus.State {
        status.step = outcome.step
        status.secondsLeft = nil
        let record = try? ConfigNode.load(path: folder.run.recordPath)
        status.seconds = record?["seconds"]?.number
        if case .stopped(let reason) = outcome.state {
            status.reason = reason
            status.state = .stopped
            if let verdict = rule?.verdict {
                status.reason = verdict
                status.state = .pruned
                try note(verdict, in: record)
            }
        } else {
            status.state = .done
            // Of a trial that had reached its end before, nothing was read yet.
            for line in lines.next() { line["step"]?.integer.map { rule?.take(line, step: $0) } }
            if let rule, rule.curve.isEmpty {
                status.reason = "the sweep's rule found no '\(rule.metric)' to compare"
            }
        }
        if status.state.isFinal {
            let stamp: ConfigNode = [
                "state": ConfigNode(status.state.rawValue), "step": ConfigNode(outcome.step),
                "reason": status.reason.map { ConfigNode($0) } ?? .null,
                "config": ConfigNode(SweepTrial.identity(of: experiment.resolved)),
            ]
            try AtomicFile.write(path: folder.donePath, text: stamp.prettyText)
        }
        write("\(RunRecord.now) \(status.text)")
        report()
        return status.state
    }

    /// Writes into the run's record that the trial was ended early, and why.
    private func note(_ verdict: String, in record: ConfigNode?) throws {
        guard var object = record?.object else { return }
        object["state"] = ConfigNode(TrialStatus.State.pruned.rawValue)
        object["reason"] = ConfigNode(verdict)
        try AtomicFile.write(path: folder.run.recordPath, text: ConfigNode(object).prettyText)
    }

    private func settle(_ error: any Error) {
        let reason = "\(error)".split(separator: "\n").joined(separator: " ")
        status.reason = reason
        status.secondsLeft = nil
        switch error {
        case RunError.runBusy, TrainingError.stoppedByFault: status.state = .stopped
        default:
            status.state = .failed
            try? AtomicFile.write(path: folder.failurePath, text: reason + "\n")
        }
        write("\(RunRecord.now) \(status.text)")
        report()
    }
}

/// What ended a trial; the trial has told of it.
public struct TrialError: Error {
    public let cause: any Error
}

/// Watches a trial's metric by the sweep's rule.
private struct RuleWatch {
    private let rule: MedianRule
    /// Trials that are not known to have ended.
    private var open: [TrialFolder]
    /// Of the trials that are done.
    private var finished: [MedianRule.Curve] = []
    private(set) var curve: MedianRule.Curve = []
    /// Why the trial is to end.
    private(set) var verdict: String?

    init(_ rule: MedianRule, others: [TrialFolder]) {
        self.rule = rule
        open = others
    }

    var metric: String { rule.metric }

    mutating func take(_ line: ConfigNode, step: Int) {
        guard let value = line[rule.metric]?.number else { return }
        curve.append((step, value))
        guard verdict == nil, step >= rule.grace else { return }
        open.removeAll { other in
            guard let stamp = try? ConfigNode.load(path: other.donePath) else { return false }
            // Those that were ended early do not count: their curves stop where they were bad.
            if stamp["state"]?.string == TrialStatus.State.done.rawValue {
                finished.append(MetricCurves(path: other.run.metricsPath)[rule.metric])
            }
            return true
        }
        verdict = rule.verdict(on: curve, against: finished)
    }
}
