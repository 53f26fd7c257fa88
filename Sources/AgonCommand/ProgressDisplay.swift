import AgonTraining
import Foundation

/// Words for the events of a run: one line that is drawn over and over on a terminal, plain lines elsewhere.
final class ProgressDisplay {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var isLineOpen = false
    private var lastDrawn = ContinuousClock.now - .seconds(1)

    func show(_ event: TrainingEvent) {
        switch event {
        case .started(let folder, let step, let steps):
            say(
                step == 0 ? "run \(folder): \(steps) steps" : "run \(folder): continuing after step \(step) of \(steps)"
            )
        case .note(let text): say("note: \(text)")
        case .progress(let progress): isTerminal ? draw(progress) : log(progress)
        case .ended(let outcome): end(outcome)
        }
    }

    /// Leaves a live line behind, so that what follows starts on its own.
    func finish() {
        if isLineOpen { write("\n", to: .standardError) }
        isLineOpen = false
    }

    private func draw(_ progress: TrainingProgress) {
        let now = ContinuousClock.now
        // Ten times a second is as fast as one can read.
        guard now - lastDrawn > .milliseconds(100) || progress.step == progress.steps else { return }
        lastDrawn = now
        // Cut to the terminal's width: a line that wraps could not be drawn over.
        let line = text(of: progress).prefix(Self.width - 1)
        write("\r\u{1B}[K\(line)", to: .standardError)
        isLineOpen = true
    }

    private func log(_ progress: TrainingProgress) {
        if progress.isLogged { say(text(of: progress)) }
    }

    private func text(of progress: TrainingProgress) -> String {
        let scalars = progress.scalars.filter { $0.name.hasPrefix("loss") && !Self.isOfOneDiscriminator($0.name) }
            .map { "\($0.name) \(String(format: "%.4f", $0.value))" }
        let pace = "\(Int(progress.imagesPerSecond.rounded())) images/s"
        return
            (["step \(progress.step)/\(progress.steps)"] + scalars + [pace, "\(Self.time(progress.secondsLeft)) left"])
            .joined(separator: "  ")
    }

    /// Whether a number of one of many discriminators: `loss.discriminator.3`.
    private static func isOfOneDiscriminator(_ name: String) -> Bool {
        name.split(separator: ".").last.flatMap { Int($0) } != nil
    }

    private func end(_ outcome: TrainingOutcome) {
        switch outcome.state {
        case .done:
            let pace = outcome.stepsPerSecond.map { ", \(String(format: "%.1f", $0)) steps/s" } ?? ""
            say("done: \(outcome.step) steps, \(Self.time(outcome.seconds))\(pace)")
        case .wasDone: say("this run was done before; --steps makes it longer")
        case .stopped(let reason):
            say("\(reason): saved after step \(outcome.step); continue with: agon run \(outcome.folder) --resume")
        }
        if let grid = outcome.sampleGrid { say("samples: \(grid)") }
        if let checkpoint = outcome.checkpoint { say("weights: \(checkpoint)") }
    }

    private func say(_ line: String) {
        finish()
        write(line + "\n", to: .standardOutput)
    }

    private func write(_ text: String, to handle: FileHandle) {
        // A reader that went away must not end the training.
        try? handle.write(contentsOf: Data(text.utf8))
    }

    private static var width: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20 ? Int(size.ws_col) : 80
    }

    /// `42 s`, `3 min 05 s`, `2 h 07 min`.
    static func time(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return "\(whole / 60) min \(String(format: "%02d", whole % 60)) s"
        default: return "\(whole / 3600) h \(String(format: "%02d", whole % 3600 / 60)) min"
        }
    }
}
