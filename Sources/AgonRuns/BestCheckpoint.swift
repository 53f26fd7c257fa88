import AgonConfiguration
import AgonExperiments

/// The best values of a metric in the course of a training, and their steps.
package struct BestEvaluation: Sendable {
    private let metric: EvaluationMetric
    /// The best value of each identity: a stage may measure images of another size, and `agon evaluate` in any way.
    private var bests: [EvaluationIdentity: EvaluationValue] = [:]
    /// That of the values that this process measures; nil until it has measured.
    private var identity: EvaluationIdentity?

    /// - Parameter values: the values up to now, in the order in which they were measured.
    package init(of metric: EvaluationMetric, in values: [EvaluationValue]) {
        self.metric = metric
        for value in values where counts(value) { keep(value) }
    }

    /// The steps whose checkpoints stay. Until this process has measured, any of the bests may be that of its training.
    package var steps: Set<Int> {
        guard let identity else { return Set(bests.values.map(\.step)) }
        return Set(bests.filter { $0.key == identity }.values.map(\.step))
    }

    /// Takes the values of an evaluation. A value counts against earlier ones that were measured in the same way.
    package mutating func take(_ values: [EvaluationValue]) {
        guard let value = values.first(where: counts) else { return }
        identity = value.identity
        keep(value)
    }

    private mutating func keep(_ value: EvaluationValue) {
        let goal = MetricGoal.usual(for: value.metric)
        if let best = bests[value.identity], !goal.isBetter(value.value, than: best.value) { return }
        bests[value.identity] = value
    }

    /// Of `modes`, the number counts, not the divergence.
    private func counts(_ value: EvaluationValue) -> Bool {
        EvaluationMetric.giving(value.metric) == metric && (metric != .modes || value.metric == "modes")
    }
}

extension RunFolder {
    /// The step with the best value of a metric among the steps that have a checkpoint; nil if there is none.
    ///
    /// - Parameter key: that of the metric, such as `metric.fid-lenet`; its leading values count.
    ///
    /// Throws `TensorsError.cannotRead`.
    package func bestEvaluatedStep(of key: String) throws -> Int? {
        let steps = Set(try checkpointSteps)
        let points = EvaluationCurves(of: self).all(key).first?.points.filter { steps.contains($0.step) } ?? []
        return MetricGoal.usual(for: key).best(of: points) { $0.value }?.step
    }

    /// The step of the checkpoint that the config's `checkpoints.best` keeps; nil if it keeps none.
    package var keptBestStep: Int? {
        guard let config = try? ConfigNode.load(path: configPath), config["checkpoints"]?["best"]?.string != nil else {
            return nil
        }
        return try? bestCheckpointStep()
    }

    /// The step of the best checkpoint: by the metric of the config's `checkpoints.best`, or by the Fréchet distance.
    ///
    /// Throws `RunError.noRun`, `RunError.noBestCheckpoint`, `ConfigError`, `TensorsError.cannotRead`.
    public func bestCheckpointStep() throws -> Int {
        guard holdsRun else { throw RunError.noRun(folder: path) }
        let named = try ConfigNode.load(path: configPath)["checkpoints"]?["best"]?.string
        let metric = named.flatMap { EvaluationMetric(rawValue: $0) } ?? .frechet
        let curves = EvaluationCurves(of: self).curves
        guard let curve = curves.first(where: { EvaluationMetric.giving($0.metric) == metric }),
            let step = try bestEvaluatedStep(of: EvaluationCurve.key(of: curve.metric))
        else { throw RunError.noBestCheckpoint(folder: path, metric: metric.rawValue) }
        return step
    }
}
