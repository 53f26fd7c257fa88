import AgonRuns
import AgonTensors
import Foundation

/// The status of a trial, as shown in one line of a sweep's display.
public struct TrialStatus: Sendable {
    public enum State: String, RecordValue, Sendable, CaseIterable {
        /// Not started yet.
        case waiting
        case running
        case done
        /// Ended early by the sweep's rule.
        case pruned
        /// Ended by a signal or by a transient error; it resumes when it is run again.
        case stopped
        case failed
        /// The process ended without a message: it was killed or it crashed. It resumes when it is run again.
        case died

        /// Whether there is nothing left to do.
        public var isFinal: Bool { self == .done || self == .pruned }
    }

    public package(set) var id: String
    /// The values of the sweep's axes.
    public var label = ""
    public var state = State.waiting
    public var step = 0
    public var steps = 0
    /// The losses of the step.
    public var losses: [(name: String, value: Double)] = []
    /// The newest value of a metric.
    public var metric: (name: String, value: Double)?
    /// The estimated remaining seconds.
    public var secondsLeft: Double?
    /// Seconds of training over all sessions.
    public var seconds: Double?
    /// Why it stopped, failed or was ended early, in one line.
    public var reason: String?
    /// The path of its log.
    public var log: String?
    /// The ID of its process, if the trial itself reported it.
    package var process: Int?

    public init(id: String) { self.id = id }

    // MARK: From the folder

    /// The status according to the folder of a trial.
    ///
    /// - Parameters:
    ///   - change: how the data of a finished trial have changed since, in one line; nil if they have not.
    ///   - resumesPruned: whether a trial that a rule ended goes on, as the sweep no longer has this rule.
    public init(
        _ folder: TrialFolder, entry: TrialList.Entry, resumesPruned: Bool = false,
        change: (TrialFolder) -> String? = { _ in nil }
    ) {
        self.init(id: entry.id)
        label = entry.label
        steps = entry.steps
        log = FileManager.default.fileExists(atPath: folder.logPath) ? folder.logPath : nil
        let record = folder.run.record
        step = record?.step ?? 0
        seconds = record?.seconds
        if let stamp = folder.stamp, !(resumesPruned && stamp.state == .pruned) {
            state = stamp.state
            reason = stamp.reason
            // A failure written after the stamp means that the data have changed.
            if let change = folder.failure ?? change(folder) { (state, reason) = (.failed, change) }
        } else if folder.isBusy {
            state = .running
            readCurves(folder.run)
        } else if let failure = folder.failure {
            state = .failed
            reason = failure
        } else if record == nil, FileSystem.exists(folder.run.recordPath) {
            state = .failed
            reason = "\(folder.run.recordPath) cannot be read"
        } else if let record {
            // Without its stamp, a finished trial runs again and ends at once, and one that a former rule ended goes on.
            reason = record.state == .pruned ? nil : record.reason
            state =
                switch record.state {
                case .stopped, .done, .pruned: .stopped
                case .failed: .failed
                case .running: .died
                }
        }
    }

    private mutating func readCurves(_ run: RunFolder) {
        let logged = MetricExtremes(path: run.metricsPath)
        step = max(step, logged.lastStep ?? 0)
        losses = logged.curves.filter { $0.name.hasPrefix("loss") && !Self.isOfOneDiscriminator($0.name) }
            .map { ($0.name, $0.last) }
        if let (key, curve) = EvaluationCurves(of: run).named.first, let last = curve.points.last {
            metric = (key, last.value)
        }
    }

    /// Whether a number belongs to one of several discriminators: `loss.discriminator.3`.
    package static func isOfOneDiscriminator(_ name: String) -> Bool {
        name.split(separator: ".").last.flatMap { Int($0) } != nil
    }
}
