import AgonText
import Foundation

extension Sweep {
    /// `12 trials`
    public var trialCount: String { CountText.short(trials.count, "trial") }

    /// Notes for the user about a prepared sweep.
    ///
    /// - Parameter left: the trials in its folder that it no longer has.
    public func notes(left: [String], in folder: SweepFolder) -> [String] {
        guard !left.isEmpty else { return notes }
        return notes + [
            "\(folder.trialsFolder): holds \(CountText.short(left.count, "trial")) of an earlier form of this sweep"
        ]
    }
}

extension TrialStatus {
    /// `step 400/2000  loss 0.1231  metric.fid-lenet 12.30  2 min 05 s left`, and the reason if the trial has ended.
    public var text: String {
        var parts: [String] = []
        if state != .running { parts.append(state == .pruned ? "ended early" : state.rawValue) }
        if state != .waiting, step > 0 || state == .running { parts.append("step \(step)/\(steps)") }
        if state == .running {
            parts += losses.map { "\($0.name) \(NumberText.fixed($0.value, decimals: 4))" }
            if let metric { parts.append("\(metric.name) \(NumberText.brief(metric.value))") }
            if let secondsLeft { parts.append("\(DurationText.short(secondsLeft)) left") }
        } else if state == .done, let seconds {
            parts.append(DurationText.short(seconds))
        }
        if let reason { parts.append(reason) }
        if state == .failed || state == .died, let log { parts.append("log: \(log)") }
        return parts.joined(separator: "  ")
    }

    /// The progress of a running trial in a short text, the most important parts first:
    /// `step 400/2000  2 min 05 s left  fid-lenet 12.3  loss D 1.203 G 0.694`
    public var shortText: String {
        ([shortPosition, shortTimeLeft].compactMap { $0 } + shortScalars).joined(separator: "  ")
    }

    private var shortPosition: String { "step \(step)/\(steps)" }

    private var shortTimeLeft: String? { secondsLeft.map { "\(DurationText.short($0)) left" } }

    private var shortScalars: [String] {
        let value = metric.map { "\(Self.shortName($0.name)) \(NumberText.brief($0.value))" }
        let words = losses.map { "\(Self.shortName($0.name)) \(NumberText.fixed($0.value, decimals: 3))" }
        return [value, words.isEmpty ? nil : "loss " + words.joined(separator: " ")].compactMap { $0 }
    }

    /// The line of a running trial in a table that is redrawn in place: its ID, settings and progress, at most `width`
    /// characters long.
    ///
    /// The settings are cut in favour of the progress, and left out where fewer than eight of their characters would
    /// remain. In narrower terminals parts of the progress are left out, as in `LiveText`; the step and the time left
    /// stay longer than the ID.
    ///
    /// - Parameter labelWidth: of the column of settings.
    package func liveLine(labelWidth: Int, width: Int) -> String {
        let progress = shortText
        let room = min(labelWidth, width - id.count - progress.count - 4)
        if room >= min(8, labelWidth) {
            let shown = label.count > room ? label.prefix(max(0, room - 1)) + "…" : label
            return "\(id)  \(shown.padding(toLength: room, withPad: " ", startingAt: 0))  \(progress)"
        }
        let named = LiveText.line(
            "\(id)  \(shortPosition)", timeLeft: shortTimeLeft, others: shortScalars, width: width)
        return named.hasPrefix(id)
            ? named : LiveText.line(shortPosition, timeLeft: shortTimeLeft, width: width)
    }

    /// `fid-lenet` for `metric.fid-lenet`, `G` for `loss.generator`.
    private static func shortName(_ name: String) -> String {
        let rest = name.split(separator: ".").dropFirst().joined(separator: ".")
        return switch rest {
        case "": name
        case "generator": "G"
        case "discriminator": "D"
        default: rest
        }
    }

    /// The trial and its progress.
    public var line: String { ([id] + (label.isEmpty ? [] : [label]) + [text]).joined(separator: "  ") }
}

/// The results of a sweep's trials.
public struct SweepSummary: Sendable {
    public let folder: String
    public let statuses: [TrialStatus]

    public init(folder: String, _ statuses: [TrialStatus]) {
        self.folder = folder
        self.statuses = statuses
    }

    public func count(_ states: TrialStatus.State...) -> Int { statuses.filter { states.contains($0.state) }.count }

    public var failures: [TrialStatus] { statuses.filter { $0.state == .failed || $0.state == .died } }
    public var isComplete: Bool { statuses.allSatisfy(\.state.isFinal) }

    /// `10 done, 1 failed, 1 waiting`
    public var counts: String {
        let words: [(TrialStatus.State, String)] = [
            (.done, "done"), (.pruned, "ended early"), (.running, "running"), (.stopped, "stopped"),
            (.failed, "failed"), (.died, "died"), (.waiting, "waiting"),
        ]
        return words.map { (count($0.0), $0.1) }.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    /// The counts and the time left, in a line that is redrawn in place and at most `width` characters long.
    package func liveLine(secondsLeft: Double?, width: Int) -> String {
        LiveText.line(counts, timeLeft: secondsLeft.map { "\(DurationText.short($0)) left" }, width: width)
    }

    /// The folder and the counts, in one line.
    public var headline: String {
        "\(folder): \(CountText.short(statuses.count, "trial")): \(counts)"
    }

    /// The headline, followed by each failed trial with its reason and log.
    public var text: String {
        var lines = [headline]
        for status in failures {
            lines.append("  \(status.id)  \(status.label)")
            lines.append("    \(status.reason ?? "the process ended without a message")")
            if let log = status.log { lines.append("    log: \(log)") }
        }
        return lines.joined(separator: "\n")
    }
}
