import AgonExperiments
import AgonRuns
import AgonText
import AgonTraining
import Foundation

/// The lines at the end of a run: what was measured, what to look at, and what to try next.
struct RunSummary {
    private let outcome: TrainingOutcome
    /// Whether `agon sample` can draw samples from latents.
    private let drawsSamples: Bool

    init(_ outcome: TrainingOutcome, of experiment: Experiment) {
        self.outcome = outcome
        drawsSamples = experiment.configuration.training.task.usesLatents
    }

    var lines: [String] {
        guard case .done = outcome.state else { return [] }
        return measured + next
    }

    /// `distance: fid-lenet 62.31 (lenet-fashion-mnist, 10000 real, 10000 generated, ...); lower is better`
    private var measured: [String] {
        outcome.evaluation.map { value in
            let isDistance = EvaluationMetric.giving(value.metric) == .frechet
            let number = NumberText.brief(value.value, digits: 4)
            return isDistance
                ? "distance: \(value.metric) \(number), lower is better (\(value.identity.text))"
                : "measured: \(value.metric) \(number)"
        }
    }

    private var next: [String] {
        let folder = outcome.folder
        let inputs = drawsSamples ? "latents" : "inputs"
        var lines = ["look at:  \(folder)/samples, the same \(inputs) over the course of training"]
        if drawsSamples {
            lines.append("try next: " + CommandText.agon("sample \(folder) --count 64 --seed 1 --out samples.png"))
            lines.append("          " + CommandText.agon("sample \(folder) --interpolate --out walk.png"))
        }
        lines.append((drawsSamples ? "          " : "try next: ") + CommandText.agon("report \(folder)"))
        return lines
    }
}
