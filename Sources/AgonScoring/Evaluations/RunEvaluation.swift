import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonLayers
import AgonRuns
import AgonSampling
import AgonTensors
import AgonTraining
import Foundation

/// Evaluates trained runs: the metrics of a checkpoint's generator, and the run's costs.
///
/// Measures what the run's config states under `evaluate`, with the given overrides.
public final class RunEvaluation {
    /// The results of a run's evaluation.
    public struct Outcome: Sendable {
        /// The run's folder.
        public let run: String
        public let step: Int
        public let values: [EvaluationValue]
        public let costs: RunCosts
        /// The last values that the run measured once per epoch.
        public let epochMeasurements: [(name: String, value: Double)]

        public var node: ConfigNode {
            var epochs = ConfigObject()
            for (name, value) in epochMeasurements { epochs[name] = ConfigNode(value) }
            return [
                "run": ConfigNode(run), "step": ConfigNode(step),
                "values": ConfigNode(
                    values.map { value in
                        var object = value.node.object ?? ConfigObject()
                        object["step"] = nil
                        return ConfigNode(object)
                    }),
                "costs": costs.node, "epochs": ConfigNode(epochs),
            ]
        }
    }

    private let settings: ConfigNode
    private let searchPath: DataSearchPath
    private let catalogue: ClassifierCatalogue
    private let threads: Int
    private let pool: WorkerPool
    /// Cached features of real samples, for the next run on the same data.
    private let reals = RealFeatures()

    /// - Parameters:
    ///   - settings: keys of the section `evaluate` that override each run's config.
    ///
    /// Throws `TensorsError` without BLAS.
    public init(
        settings: ConfigNode = [:], searchPath: DataSearchPath = .standard(),
        catalogue: ClassifierCatalogue = .standard(), threads: Int
    ) throws {
        // Before any thread is started, because loading BLAS may set environment variables.
        try BLAS.open()
        self.settings = settings
        self.searchPath = searchPath
        self.catalogue = catalogue
        self.threads = threads
        pool = WorkerPool(threads: threads)
    }

    /// Measures a run, and appends new values to its `evaluations.jsonl`.
    ///
    /// - Parameters:
    ///   - step: the step of the checkpoint to measure; nil: the newest.
    ///   - seed: the seed of the latent vectors; nil: that of the settings.
    ///   - records: whether to append them; not for models that come with Agon.
    ///   - note: called with one-line status messages.
    ///
    /// Throws `RunError`, `MeasurementError`, `ClassifierError`, `ConfigError`, `DatasetError`, `TensorsError`.
    public func evaluate(
        run path: String, checkpoint step: Int? = nil, seed: UInt64? = nil, records: Bool = true,
        note: (String) -> Void = { _ in }
    ) throws -> Outcome {
        try StopRequest.signals.listening {
            try measure(run: path, checkpoint: step, seed: seed, records: records, note: note)
        }
    }

    private func measure(
        run path: String, checkpoint step: Int?, seed: UInt64?, records: Bool, note: (String) -> Void
    ) throws -> Outcome {
        let folder = RunFolder(path: path)
        guard folder.holdsRun else { throw RunError.noRun(folder: path) }
        let whole = try Experiment.load(path: folder.configPath)
        let checkpoint = try Sampling.checkpoint(of: folder, step: step, note: note)
        let experiment = whole.part(ofCheckpoint: checkpoint.step)
        let plan = try folder.locatingData(of: experiment) {
            try EvaluationPlan(
                settings(of: experiment, seed: seed), experiment: experiment, isSplitDemanded: settings["split"] != nil,
                searchPath: searchPath, catalogue: catalogue, threads: threads, note: note)
        }
        let networks = try ExperimentNetworks(
            experiment,
            data: DataShapes(sample: plan.dataset.sampleShape, condition: plan.dataset.conditionShape))
        let side = networks.gan.sides[0]
        // A model has one of the two networks.
        // Averages are the default; only who asks for them is told that there are none.
        let isWish = settings["weights"] != nil || plan.settings.weights == .raw
        let takesAverages = checkpoint.takesAverages(
            isWish ? plan.settings.weights : nil, keepsAverages: side.average != nil, note: note)
        let average = takesAverages ? side.average : nil
        let generator = average ?? side.generator
        try checkpoint.restore(generator.variables)
        let evaluator = try Evaluator(
            plan, generator: generator, isAveraged: average != nil, training: experiment.configuration.training,
            reals: reals, pool: pool)
        evaluator.warnings.forEach { note("\(folder.path): \($0)") }
        let values = try evaluator.measure(step: checkpoint.step)
        if let damage = folder.evaluationDamage { note(damage) }
        do {
            if records { try folder.record(values) }
        } catch {
            // A read-only folder can be measured too.
            note("\(error); the values are not saved")
        }
        let costs = try RunCosts(
            of: folder, experiment: experiment, measured: values, searchPath: searchPath, threads: threads)
        return Outcome(
            run: folder.path, step: checkpoint.step, values: values, costs: costs,
            epochMeasurements: folder.epochMeasurements)
    }

    private func settings(of experiment: Experiment, seed: UInt64?) throws -> EvaluationSettings {
        var object = experiment.resolved["evaluate"]?.object ?? ConfigObject()
        for member in settings.object?.members ?? [] {
            object.set(member.key, member.value, keySource: member.keySource)
        }
        if let seed { object["seed"] = .number(seed) }
        return try ConfigReader.decode(
            EvaluationSettings.self, from: ConfigNode(object), path: ConfigPath.root.key("evaluate")
        ).value
    }
}

extension RunFolder {
    /// The last values measured once per epoch: the log loss ratio, the steepest direction's norm.
    var epochMeasurements: [(name: String, value: Double)] {
        MetricExtremes(path: metricsPath).curves.filter {
            $0.name.hasPrefix("epoch.") || $0.name == "steepestDirection"
        }.map { ($0.name, $0.last) }
    }
}
