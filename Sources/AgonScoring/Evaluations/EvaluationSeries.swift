import AgonDatasets
import AgonExperiments
import AgonRuns
import AgonSampling
import AgonTraining

/// The evaluations of a run during training, as its config's `evaluate` states.
///
/// Requirements are checked, and classifiers trained, before the first step. Networks for metrics are built at the
/// first evaluation, so that the memory measured until then is that of training alone.
final class EvaluationSeries: TrainingEvaluation {
    let every: Int
    var dataset: any Dataset { plan.dataset }
    private let plan: EvaluationPlan
    private let prepared: TrainingSetup
    private let note: (String) -> Void
    private var evaluator: Evaluator?
    /// Peak memory of the process before its first evaluation, in bytes.
    private(set) var memoryBefore: Int?

    /// Nil for a config without evaluations.
    ///
    /// - Parameters:
    ///   - isStage: whether training has other stages.
    ///   - note: called with messages about classifier training and too few samples.
    ///
    /// Throws the errors of `EvaluationPlan`, `SamplingError.noStandingStatistics`.
    init?(
        _ prepared: TrainingSetup, isStage: Bool, options: TrainingOptions, classifiers: ClassifierCatalogue,
        note: @escaping (String) -> Void
    ) throws {
        guard let settings = prepared.experiment.configuration.evaluation else { return nil }
        do {
            plan = try EvaluationPlan(
                settings, experiment: prepared.experiment, isStage: isStage, requiresClassifier: true,
                searchPath: options.searchPath, catalogue: classifiers, threads: options.threads, note: note)
        } catch MeasurementError.noClassifier(let dataset, let available, _) {
            throw MeasurementError.noClassifier(dataset: dataset, available: available, isTraining: true)
        }
        if let best = prepared.experiment.configuration.checkpoints.best, !isStage, !plan.metrics.contains(best) {
            throw MeasurementError.bestNotMeasured(metric: best.rawValue, measured: plan.metrics.map(\.rawValue))
        }
        every = settings.every
        if settings.standingStatistics != nil {
            try StandingStatistics.check(
                prepared.networks.gan.sides[0].generator, training: prepared.experiment.configuration.training)
        }
        self.prepared = prepared
        self.note = note
    }

    /// The values after a step.
    ///
    /// Throws the errors of `Evaluator`.
    func measure(step: Int) throws -> [EvaluationValue] {
        let evaluator = try self.evaluator ?? make()
        self.evaluator = evaluator
        return try evaluator.measure(step: step)
    }

    private func make() throws -> Evaluator {
        memoryBefore = RunRecord.peakMemory
        let side = prepared.networks.gan.sides[0]
        let average = plan.settings.weights == .average ? side.average : nil
        let made = try Evaluator(
            plan, generator: average ?? side.generator, isAveraged: average != nil,
            training: prepared.experiment.configuration.training, pool: prepared.pool)
        made.warnings.forEach { note("evaluate: \($0)") }
        return made
    }
}

extension TrainingRun {
    /// Trains to the last step, or until a signal requests a stop, with the config's evaluations.
    ///
    /// - Parameter classifiers: the classifiers available to evaluations.
    ///
    /// Throws `ConfigError`, `DatasetError`, `TensorsError`, `RunError`, `TrainingError`, `MeasurementError`,
    /// `ClassifierError`. Earlier saved files are kept.
    public static func run(
        _ experiment: Experiment, options: TrainingOptions = TrainingOptions(),
        classifiers: ClassifierCatalogue = .standard(), report: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws -> TrainingOutcome {
        try run(
            experiment, options: options,
            evaluating: { setup, isStage, note in
                try EvaluationSeries(setup, isStage: isStage, options: options, classifiers: classifiers, note: note)
            }, report: report)
    }
}
