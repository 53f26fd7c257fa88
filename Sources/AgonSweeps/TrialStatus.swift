import AgonConfiguration
import AgonRuns
import Foundation

/// How far a trial is: what one line of a sweep's display says.
public struct TrialStatus: Sendable {
    public enum State: String, Sendable, CaseIterable {
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
    public init(_ folder: TrialFolder, entry: TrialList.Entry) {
        self.init(id: entry.id)
        label = entry.label
        steps = entry.steps
        log = FileManager.default.fileExists(atPath: folder.logPath) ? folder.logPath : nil
        let record = try? ConfigNode.load(path: folder.run.recordPath)
        step = record?["step"]?.integer ?? 0
        seconds = record?["seconds"]?.number
        if let stamp = try? ConfigNode.load(path: folder.donePath) {
            state = stamp["state"]?.string.flatMap(State.init(rawValue:)) ?? .done
            reason = stamp["reason"]?.string
        } else if folder.isBusy {
            state = .running
            readCurves(folder.run.metricsPath)
        } else if let text = FileManager.default.contents(atPath: folder.failurePath) {
            state = .failed
            reason = String(decoding: text, as: UTF8.self).split(separator: "\n").first.map(String.init)
        } else if let record {
            reason = record["reason"]?.string
            switch record["state"]?.string {
            case RunRecord.State.stopped.rawValue: state = .stopped
            case RunRecord.State.failed.rawValue: state = .failed
            case RunRecord.State.done.rawValue: state = .stopped
            default: state = .died
            }
        }
    }

    private mutating func readCurves(_ path: String) {
        let curves = MetricCurves(path: path)
        step = max(step, curves.lastStep ?? 0)
        losses = curves.newest.filter { $0.name.hasPrefix("loss") && !Self.isOfOneDiscriminator($0.name) }
        metric = curves.newest.first { $0.name.hasPrefix("metric.") }
    }

    /// Whether a number of one of many discriminators: `loss.discriminator.3`.
    package static func isOfOneDiscriminator(_ name: String) -> Bool {
        name.split(separator: ".").last.flatMap { Int($0) } != nil
    }

    // MARK: From a trial to the sweep that started it

    private static let mark = "@agon "

    /// A line for the sweep that started the trial.
    var message: String {
        var object: ConfigObject = ["trial": ConfigNode(id), "state": ConfigNode(state.rawValue)]
        object["label"] = ConfigNode(label)
        object["step"] = ConfigNode(step)
        object["steps"] = ConfigNode(steps)
        var values = ConfigObject()
        for loss in losses where loss.value.isFinite { values[loss.name] = ConfigNode(loss.value) }
        object["losses"] = ConfigNode(values)
        if let metric, metric.value.isFinite {
            object["metric"] = ConfigNode(metric.name)
            object["value"] = ConfigNode(metric.value)
        }
        if let secondsLeft { object["left"] = .number(secondsLeft, decimals: 1) }
        if let seconds { object["seconds"] = .number(seconds, decimals: 1) }
        if let reason { object["reason"] = ConfigNode(reason) }
        if let log { object["log"] = ConfigNode(log) }
        if let process { object["process"] = ConfigNode(process) }
        return Self.mark + ConfigNode(object).lineText
    }

    /// Nil for lines that are no such message.
    init?(message: String) {
        guard message.hasPrefix(Self.mark),
            let node = try? ConfigNode.parse(String(message.dropFirst(Self.mark.count)), file: "message"),
            let id = node["trial"]?.string, let state = node["state"]?.string.flatMap(State.init(rawValue:))
        else { return nil }
        self.init(id: id)
        self.state = state
        label = node["label"]?.string ?? ""
        step = node["step"]?.integer ?? 0
        steps = node["steps"]?.integer ?? 0
        losses =
            node["losses"]?.object?.members.compactMap { member in
                member.value.number.map { (member.key, $0) }
            } ?? []
        if let name = node["metric"]?.string, let value = node["value"]?.number { metric = (name, value) }
        secondsLeft = node["left"]?.number
        seconds = node["seconds"]?.number
        reason = node["reason"]?.string
        log = node["log"]?.string
        process = node["process"]?.integer
    }
}
