import AgonSweeps
import AgonText
import AgonTraining

/// Prints the events of a run: a live line on a terminal, plain lines elsewhere.
final class ProgressDisplay {
    private let output = LiveLine()
    /// The number of steps that the command line asks for.
    private let steps: Int?
    /// The folder that the command line gives by `--data`.
    private let dataFolder: String?
    private var lastDrawn = ContinuousClock.now - .seconds(1)

    init(steps: Int? = nil, dataFolder: String? = nil) {
        self.steps = steps
        self.dataFolder = dataFolder
    }

    func show(_ event: TrainingEvent) {
        switch event {
        case .started(let folder, let step, let steps):
            say(
                step == 0
                    ? "run \(folder): \(CountText.short(steps, "step"))"
                    : "run \(folder): continuing after step \(step) of \(steps)"
            )
        case .note(let text): say("note: \(text)")
        case .progress(let progress): output.isTerminal ? draw(progress) : log(progress)
        case .ended(let outcome): end(outcome)
        }
    }

    func finish() { output.finish() }

    private func draw(_ progress: TrainingProgress) {
        let now = ContinuousClock.now
        // Nobody can read more than ten updates a second.
        guard now - lastDrawn > .milliseconds(100) || progress.step == progress.steps else { return }
        lastDrawn = now
        output.draw(Self.step(progress), timeLeft: Self.timeLeft(progress), others: scalars(of: progress))
    }

    private func log(_ progress: TrainingProgress) {
        if progress.isLogged { say(text(of: progress)) }
    }

    private func text(of progress: TrainingProgress) -> String {
        ([Self.step(progress)] + scalars(of: progress) + [Self.timeLeft(progress)]).joined(separator: "  ")
    }

    /// Losses and throughput.
    private func scalars(of progress: TrainingProgress) -> [String] {
        progress.scalars.filter {
            $0.name.hasPrefix("loss") && !TrialStatus.isOfOneDiscriminator($0.name)
        }
        .map { "\($0.name) \(NumberText.fixed(Double($0.value), decimals: 4))" }
            + ["\(Int(progress.imagesPerSecond.rounded())) images/s"]
    }

    private static func step(_ progress: TrainingProgress) -> String { "step \(progress.step)/\(progress.steps)" }

    private static func timeLeft(_ progress: TrainingProgress) -> String {
        "\(DurationText.short(progress.secondsLeft)) left"
    }

    private func end(_ outcome: TrainingOutcome) {
        switch outcome.state {
        case .done:
            let throughput = outcome.stepsPerSecond.map { ", \(NumberText.fixed($0, decimals: 1)) steps/s" } ?? ""
            say("done: \(CountText.short(outcome.step, "step")), \(DurationText.short(outcome.seconds))\(throughput)")
        case .wasDone:
            let passed = steps.flatMap { $0 < outcome.step ? $0 : nil }
            say(
                passed.map { "this run has already passed step \($0): it is complete at step \(outcome.step)" }
                    ?? "this run is already complete; --steps extends it")
        case .stopped(let reason):
            let command = ResumeCommand.text(outcome.folder, dataFolder: dataFolder)
            say("\(reason): saved after step \(outcome.step); continue with: \(command)")
        }
        if let grid = outcome.sampleGrid { say("samples: \(grid)") }
        if let checkpoint = outcome.checkpoint { say("weights: \(checkpoint)") }
    }

    func say(_ line: String) { output.say(line) }
}
