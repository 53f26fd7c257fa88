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

/// Evaluations of runs that were trained: the metrics of a checkpoint's generator, and what the run cost.
///
/// What is measured is what the run's config says under `evaluate`, with the settings asked for here over it.
public final class RunEvaluation {
    /// What a run's evaluation found.
    public struct Outcome: Sendable {
        /// The run's folder.
        public let run: String
        public let step: Int
        public let values: [EvaluationValue]
        public let costs: RunCosts
        /// The last values of what the run measured itself once an epoch.
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
    private let checkpoint: Int?
    private let searchPath: DataSearchPath
    private let catalogue: ClassifierCatalogue
    private let threads: Int
    private let pool: WorkerPool
    /// Features of real samples, for the next run on the same data.
    private let reals = RealFeatures()

    /// - Parameters:
    ///   - settings: keys of the section `evaluate` that go over those of each run's config.
    ///   - checkpoint: the step of the checkpoint to measure; nil: the newest.
    ///
    /// Throws `TensorsError` without BLAS.
    public init(
        settings: ConfigNode = [:], checkpoint: Int? = nil, searchPath: DataSearchPath = .standard(),
        catalogue: ClassifierCatalogue = .standard(), threads: Int
    ) throws {
        // Before any thread is started: opening BLAS may set its environment.
        try BLAS.open()
        self.settings = settings
        self.checkpoint = checkpoint
        self.searchPath = searchPath
        self.catalogue = catalogue
        self.threads = threads
        pool = WorkerPool(threads: threads)
    }

    /// Measures a run, and appends what is new to its `evaluations.jsonl`.
    ///
    /// - Parameter note: told in a line about what goes on besides.
    ///
    /// Throws `RunError`, `MeasurementError`, `ClassifierError`, `ConfigError`, `DatasetError`, `TensorsError`.
    public func evaluate(run path: String, note: (String) -> Void = { _ in }) throws -> Outcome {
        try StopRequest.signals.listening { try measure(run: path, note: note) }
    }

    private func measure(run path: String, note: (String) -> Void) throws -> Outcome {
        let folder = RunFolder(path: path)
        guard folder.holdsRun else { throw RunError.noRun(folder: path) }
        let whole = try Experiment.load(path: folder.configPath)
        let checkpoint = try Sampling.checkpoint(of: folder, step: checkpoint, note: note)
        let experiment = whole.stage(after: max(checkpoint.step - 1, 0)).experiment
        let plan = try EvaluationPlan(
            settings(of: experiment), experiment: experiment, searchPath: searchPath, catalogue: catalogue,
            threads: threads, note: note)
        let networks = try ExperimentNetworks(
            experiment,
            data: DataShapes(sample: plan.dataset.sampleShape, condition: plan.dataset.conditionShape))
        let side = networks.gan.sides[0]
        let average = plan.settings.weights == .average ? side.average : nil
        let generator = average ?? side.generator
        try checkpoint.restore(generator.variables)
        let evaluator = try Evaluator(
            plan, generator: generator, isAveraged: average != nil, training: experiment.configuration.training,
            reals: reals, pool: pool)
        evaluator.warnings.forEach { note("\(folder.path): \($0)") }
        let values = try evaluator.measure(step: checkpoint.step)
        do {
            try folder.record(values)
        } catch {
            // A folder that may only be read can be measured all the same.
            note("\(error); the values are not kept")
        }
        let costs = try RunCosts(of: folder, experiment: experiment, searchPath: searchPath, threads: threads)
        return Outcome(
            run: folder.path, step: checkpoint.step, values: values, costs: costs,
            epochMeasurements: folder.epochMeasurements)
    }

    private func settings(of experiment: Experiment) throws -> EvaluationSettings {
        var object = experiment.resolved["evaluate"]?.object ?? ConfigObject()
        for member in settings.object?.members ?? [] {
            object.set(member.key, member.value, keySource: member.keySource)
        }
        return try ConfigReader.decode(
            EvaluationSettings.self, from: ConfigNode(object), path: ConfigPath.root.key("evaluate")
        ).value
    }
}
