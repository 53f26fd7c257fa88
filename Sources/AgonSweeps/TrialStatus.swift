import AgonRuns
import Foundation

/// How far a trial is: what one line of a sweep's display says.
public struct TrialStatus: Sendable {
    public enum State: String, RecordValue, Sendable, CaseIterable {
        /// Not begun.
        case waiting
        case running
        case done
        /// Ended early by the sweep's rule.
        case pruned
        /// Ended by a signal or by a fault that passes; goes on when run again.
        case stopped
        case failed
        /// The process ended without a word: it was killed, or crashed. Goes on when run again.
        case died

        /// Whether there is nothing left to do.
        public var isFinal: Bool { self == .done || self == .pruned }
    }

    public let id: String
    /// The values of the sweep's axes.
    public var label = ""
    public var state = State.waiting
    public var step = 0
    public var steps = 0
    /// Losses of the step.
    public var losses: [(name: String, value: Double)] = []
    /// The newest value of a metric.
    public var metric: (name: String, value: Double)?
    /// Seconds that the rest will take.
    public var secondsLeft: Double?
    /// Seconds of training, all parts together.
    public var seconds: Double?
    /// Why it stopped, failed or was ended early, in a line.
    public var reason: String?
    /// The path of its log.
    public var log: String?
    /// The process that runs it, where the trial itself says so.
    var process: Int?

    public init(id: String) { self.id = id }

    // MARK: From the folder

    /// What the folder of a trial says.
    ///
    /// - Parameter data: compares the data of trials at their end with what they used; nil: they are taken for unchanged.
    public init(_ folder: TrialFolder, entry: TrialList.Entry, data: TrialData? = nil) {
        self.init(id: entry.id)
        label = entry.label
        steps = entry.steps
        log = FileManager.default.fileExists(atPath: folder.logPath) ? folder.logPath : nil
        let record = folder.run.record
        step = record?.step ?? 0
        seconds = record?.seconds
        if let stamp = folder.stamp {
            state = stamp.state
            reason = stamp.reason
            // Written after the stamp: the data have changed since.
            if let change = folder.failure ?? data?.change(of: folder) { (state, reason) = (.failed, change) }
        } else if folder.isBusy {
            state = .running
            readCurves(folder.run)
        } else if let failure = folder.failure {
            state = .failed
            reason = failure
        } else if let record {
            reason = record.reason
            state =
                switch record.state {
                // Without its stamp it runs again, to its end at once.
                case .stopped, .done: .stopped
                case .failed: .failed
                case .running, .pruned: .died
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

    /// Whether a number of one of many discriminators: `loss.discriminator.3`.
    package static func isOfOneDiscriminator(_ name: String) -> Bool {
        name.split(separator: ".").last.flatMap { Int($0) } != nil
    }
}
