import AgonSweeps
import AgonText
import AgonTrials
import Foundation

/// Prints the events of a sweep: a live table on a terminal, occasional lines elsewhere.
final class SweepDisplay {
    private let isTerminal = TerminalSize.canRedraw
    private let jobs: Int
    private var order: [String] = []
    private var trials: [String: TrialStatus] = [:]
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    /// When a plain line was last written about a trial.
    private var told: [String: ContinuousClock.Instant] = [:]
    private var lastDrawn: ContinuousClock.Instant?
    private var drawnLines = 0
    private var labelWidth = 0

    /// Minimum time between two plain lines about a trial.
    private static let interval = Duration.seconds(30)

    init(jobs: Int) {
        self.jobs = jobs
        start = clock.now
    }

    func show(_ event: SweepEvent) {
        switch event {
        case .began(let folder, let statuses):
            order = statuses.map(\.id)
            trials = Dictionary(statuses.map { ($0.id, $0) }) { $1 }
            labelWidth = min(60, statuses.map(\.label.count).max() ?? 0)
            say("\(SweepSummary(folder: folder, statuses).headline); \(jobs) at a time")
        case .note(let text): say("note: \(text)")
        case .trial(let status): take(status)
        case .tick: draw()
        }
    }

    /// Leaves the last table on the screen and prints the sweep's outcome.
    func end(_ summary: SweepSummary) {
        erase()
        say(summary.text)
        if !summary.isComplete { say("run the same command again to continue") }
        say("took \(DurationText.short(seconds(since: start)))")
    }

    private func take(_ status: TrialStatus) {
        let former = trials[status.id]
        trials[status.id] = status
        guard status.state == .running else {
            told[status.id] = nil
            say(line(status))
            return
        }
        guard !isTerminal else { return draw() }
        let now = clock.now
        if former?.state == .running, let last = told[status.id], now - last < Self.interval { return }
        told[status.id] = now
        say(line(status))
    }

    private func line(_ status: TrialStatus) -> String {
        let label = status.label.padding(toLength: max(labelWidth, status.label.count), withPad: " ", startingAt: 0)
        return "\(status.id)  \(label)  \(status.text)"
    }

    // MARK: The table

    private func draw() {
        guard isTerminal, !order.isEmpty else { return }
        let now = clock.now
        if let lastDrawn, now - lastDrawn < .milliseconds(200) { return }
        lastDrawn = now
        let width = TerminalSize.liveWidth
        let statuses = order.compactMap { trials[$0] }
        var lines = statuses.filter { $0.state == .running }.prefix(Self.mostTrials).map {
            $0.liveLine(labelWidth: labelWidth, width: width)
        }
        lines.append(SweepSummary(folder: "", statuses).liveLine(secondsLeft: secondsLeft, width: width))
        var text = Self.upwards(drawnLines)
        for line in lines { text += "\u{1B}[K\(line)\n" }
        // Trials that ended leave blank lines below.
        text += "\u{1B}[J"
        drawnLines = lines.count
        write(text, to: .standardError)
    }

    private func erase() {
        guard drawnLines > 0 else { return }
        write(Self.upwards(drawnLines) + "\u{1B}[J", to: .standardError)
        drawnLines = 0
    }

    private static func upwards(_ lines: Int) -> String { lines > 0 ? "\r\u{1B}[\(lines)A" : "" }

    /// The time left: reported by running trials, and estimated from their throughput for waiting ones.
    private var secondsLeft: Double? {
        let all = order.compactMap { trials[$0] }
        let times = all.compactMap { status -> Double? in
            if let left = status.secondsLeft, status.steps > status.step {
                return left / Double(status.steps - status.step)
            }
            if status.state == .done, let seconds = status.seconds, status.step > 0 {
                return seconds / Double(status.step)
            }
            return nil
        }
        guard !times.isEmpty else { return nil }
        let secondsPerStep = times.reduce(0, +) / Double(times.count)
        let lefts = all.map { status -> Double in
            switch status.state {
            case .running: status.secondsLeft ?? secondsPerStep * Double(status.steps - status.step)
            case .waiting: secondsPerStep * Double(status.steps)
            default: 0
            }
        }
        return max(lefts.max() ?? 0, lefts.reduce(0, +) / Double(jobs))
    }

    private func say(_ line: String) {
        erase()
        lastDrawn = nil
        write(line.printable + "\n", to: .standardOutput)
    }

    private func write(_ text: String, to handle: FileHandle) {
        // A closed output pipe must not end the sweep.
        try? handle.write(contentsOf: Data(text.utf8))
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double { (clock.now - start) / .seconds(1) }

    /// As many trials as the terminal shows above the summary and the cursor.
    private static var mostTrials: Int { max(0, (TerminalSize(of: STDERR_FILENO)?.rows ?? 24) - 2) }
}
