import AgonConfiguration
import AgonExperiments
import AgonTensors

/// The best value of a metric in the course of a training, whose checkpoint is kept.
///
/// A value measured in another way than the best so far starts over, as in a stage with images of another size.
package struct BestEvaluation: Sendable {
    private let metric: EvaluationMetric
    private var best: EvaluationValue?

    /// - Parameters:
    ///   - step: the step of the checkpoint that is kept as the best; nil: none is.
    ///   - values: the values up to now. Training measures a step before anyone else can.
    package init(of metric: EvaluationMetric, kept step: Int?, in values: [EvaluationValue]) {
        self.metric = metric
        best = values.first { $0.step == step && counts($0) }
    }

    /// The step of the best value; nil before the first.
    package var step: Int? { best?.step }

    /// Takes the values of an evaluation. Of equal values the newer counts, because the samples keep improving once all
    /// modes are reached.
    package mutating func take(_ values: [EvaluationValue]) {
        guard let value = values.first(where: counts) else { return }
        if let best, best.identity == value.identity,
            MetricGoal.usual(for: value.metric).isBetter(best.value, than: value.value)
        {
            return
        }
        best = value
    }

    /// Of `modes`, the number counts, not the divergence.
    private func counts(_ value: EvaluationValue) -> Bool {
        EvaluationMetric.giving(value.metric) == metric && (metric != .modes || value.metric == "modes")
    }
}

extension RunFolder {
    /// The step of the checkpoint that training keeps as the best; nil if it keeps none, or the checkpoint was deleted.
    package var keptBestStep: Int? {
        guard let step = record?.bestCheckpoint, FileSystem.exists(checkpointPath(step: step)) else { return nil }
        return step
    }

    /// The step of the best checkpoint: the one that training keeps, or without one that with the lowest Fréchet
    /// distance.
    ///
    /// Throws `RunError.noRun`, `RunError.noBestCheckpoint`, `TensorsError.cannotRead`.
    public func bestCheckpointStep() throws -> Int {
        guard holdsRun else { throw RunError.noRun(folder: path) }
        if let kept = keptBestStep { return kept }
        let steps = Set(try checkpointSteps)
        let curve = EvaluationCurves(of: self).curves.first { EvaluationMetric.giving($0.metric) == .frechet }
        let points = curve?.points.filter { steps.contains($0.step) } ?? []
        guard let best = MetricGoal.minimize.best(of: points, by: { $0.value }) else {
            throw RunError.noBestCheckpoint(folder: path)
        }
        return best.step
    }
}
