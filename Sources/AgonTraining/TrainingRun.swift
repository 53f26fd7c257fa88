import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonRuns
import AgonSampling
import AgonTensors
import Foundation

/// How an experiment is run.
public struct TrainingOptions: Sendable {
    /// The run's folder; nil makes a new one below `Runs`.
    public var folder: String?
    public var resumes = false
    /// What ends the run early, with its state saved.
    public var stop = StopRequest.signals
    public var threads = Processor.current.usableCores
    public var searchPath = DataSearchPath.standard()
    public var commandLine = CommandLine.arguments
    /// The config's file, near which the project's git commit is looked for.
    public var configPath: String?

    public init() {}
}

/// A run of an experiment, from its preparation to its end.
///
/// The checks come first and leave nothing behind: a folder is made only when networks, graphs and data are ready.
public enum TrainingRun {
    /// Makes what measures the generator of a stage, or nil where its config asks for no evaluation.
    ///
    /// Its arguments are the networks and data, whether the run has other stages, and what takes notes for the user.
    public typealias EvaluationMaker = (_ setup: TrainingSetup, _ isStage: Bool, _ note: @escaping (String) -> Void)
        throws -> (any TrainingEvaluation)?

    /// Trains to the last step, or until a signal asks to stop.
    ///
    /// - Parameter makeEvaluation: makes the evaluations that the config asks for; `AgonScoring` has the usual one.
    ///
    /// Throws `ConfigError`, `DatasetError`, `TensorsError`, `RunError`. What the run had saved before stays.
    public static func run(
        _ experiment: Experiment, options: TrainingOptions, evaluating makeEvaluation: EvaluationMaker,
        report: @escaping (TrainingEvent) -> Void
    ) throws -> TrainingOutcome {
        try options.stop.listening {
            // Before any thread is started: opening BLAS may set its environment.
            try BLAS.open()
            var place = try RunPlace(experiment, options: options)
            if let outcome = place.finishedOutcome(steps: experiment.configuration.steps) {
                report(.started(folder: outcome.folder, step: outcome.step, steps: outcome.step))
                report(.ended(outcome))
                return outcome
            }
            while true {
                let finished = place.savedSteps(of: experiment)
                let stage = experiment.stage(after: finished)
                let prepared = try TrainingSetup(stage.experiment, start: stage.start, options: options)
                for note in prepared.dataset?.notes ?? [] { report(.note(note)) }
                let evaluations = try makeEvaluation(prepared, !experiment.stages.isEmpty) { report(.note($0)) }
                let loop = try TrainingLoop(
                    prepared, evaluations: evaluations, stage: stage, of: experiment, after: finished,
                    folder: try place.take(), continues: place.isTaken, options: options, report: report)
                place.isTaken = true
                if let outcome = try loop.run() {
                    report(.ended(outcome))
                    return outcome
                }
            }
        }
    }
}

/// The folder that a run will be in, checked but not yet made.
private struct RunPlace {
    private let name: String
    private var folder: RunFolder?
    private let resumes: Bool
    /// Whether this process has trained here already, in an earlier stage.
    var isTaken = false

    init(_ experiment: Experiment, options: TrainingOptions) throws {
        name = experiment.configuration.name
        resumes = options.resumes
        folder = options.folder.map { RunFolder(path: $0) }
        if folder == nil, options.resumes { folder = RunFolder.newest(named: name) }
        guard let folder, folder.holdsRun else { return }
        guard options.resumes else {
            let state = try? ConfigNode.load(path: folder.recordPath)["state"]?.string
            throw RunError.runExists(folder: folder.path, state: state)
        }
        let differing = try differingKeys(of: experiment.resolved, from: ConfigNode.load(path: folder.configPath))
        guard differing.isEmpty else { throw TrainingError.configDiffers(folder: folder.path, keys: differing) }
    }

    /// The outcome of a run whose last step was reached before.
    func finishedOutcome(steps: Int) -> TrainingOutcome? {
        guard resumes, let folder, folder.holdsRun, let record = try? ConfigNode.load(path: folder.recordPath),
            record["state"]?.string == RunRecord.State.done.rawValue, let step = record["step"]?.integer, step >= steps
        else { return nil }
        return TrainingOutcome(
            state: .wasDone, folder: folder.path, step: step, sampleGrid: folder.newestSample,
            checkpoint: folder.checkpointPath(step: step), seconds: 0, stepsPerSecond: nil)
    }

    /// The step of the newest checkpoint that the run can go on from.
    func savedSteps(of experiment: Experiment) -> Int {
        guard resumes || isTaken, let folder, folder.holdsRun else { return 0 }
        return folder.newestCheckpoint(config: experiment.digest, note: { _ in })?.step ?? 0
    }

    /// Makes the folder where it is missing.
    mutating func take() throws -> RunFolder {
        let folder = try self.folder ?? RunFolder.makeNew(named: name)
        self.folder = folder
        try folder.make()
        return folder
    }

    /// The paths at which two configs differ, but for what may differ between the parts of a run.
    private func differingKeys(of first: ConfigNode, from second: ConfigNode) -> [String] {
        ConfigDifference.between(first, second).map(\.path.description).filter { key in
            !Experiment.freeKeys.contains { key == $0 || key.hasPrefix($0 + ".") }
        }
    }
}

/// Networks, compiled steps and data, ready for the first step.
public struct TrainingSetup {
    package let experiment: Experiment
    package let networks: ExperimentNetworks
    package let pool: WorkerPool
    package let step: CompiledIteration
    let sheets: SampleSeries
    /// Nil where the inputs are recorded.
    let dataset: (any Dataset)?
    package let inputs: any PhaseInputs
    /// Batches of an epoch; nil where the inputs have no end.
    let batchesPerEpoch: Int?

    /// Reads the data in another thread while the graphs are built and compiled.
    ///
    /// - Parameter start: the step after which these networks are made.
    package init(_ experiment: Experiment, start: Int = 0, options: TrainingOptions) throws {
        let configuration = experiment.configuration
        let (searchPath, training) = (options.searchPath, configuration.training)
        let recorded = try configuration.recordedInputs.map { try RecordedFeed(path: $0) }
        let reading =
            recorded == nil ? Background("agon data") { try TrainingData(configuration, searchPath: searchPath) } : nil
        do {
            // Some tasks take the shapes of their networks from the data.
            let shapes =
                try recorded?.shapes
                ?? (training.task.takesConditionImages ? experiment.locating { try reading?.value().shapes } : nil)
            networks = try ExperimentNetworks(experiment, data: shapes, replays: recorded != nil)
            if let path = configuration.initialWeights {
                let gan = networks.gan
                try InitialWeights.load(
                    path, into: (gan.generators + gan.discriminators).flatMap(\.variables))
                gan.startAverages()
            }
            pool = WorkerPool(threads: options.threads)
            (step, sheets) = try experiment.locating { [networks, pool] in
                (
                    try CompiledIteration(phases: networks.phases, pool: pool, seed: configuration.seed, start: start),
                    try SampleSeries(networks, configuration: configuration, pool: pool)
                )
            }
        } catch {
            _ = try? reading?.value()
            throw error
        }
        self.experiment = experiment
        guard let reading else {
            guard let recorded else { preconditionFailure("a training without inputs") }
            try recorded.check(networks.phases)
            try sheets.fix(configuration, dataset: nil)
            (dataset, inputs, batchesPerEpoch) = (nil, recorded, nil)
            return
        }
        (dataset, inputs, batchesPerEpoch) = try experiment.locating { [networks, sheets] in
            let data = try reading.value()
            guard data.shapes.sample == networks.data.sample else {
                throw AdversarialError.imageShapes(
                    generator: networks.data.sample,
                    discriminator: networks.gan.discriminators[0].inputShape, images: data.shapes.sample)
            }
            let feed = try DataFeed(
                dataset: data.dataset, labelled: data.labelled, configuration: training, seed: configuration.seed)
            try sheets.fix(configuration, dataset: data.shown)
            return (data.dataset, feed, feed.batchesPerEpoch)
        }
    }
}

/// The datasets of a training, opened.
struct TrainingData: Sendable {
    let dataset: any Dataset
    /// The samples that count as labelled, for objectives that take some.
    let labelled: (any Dataset)?
    /// The samples that sheets start from: those held out, if any are.
    let shown: any Dataset

    /// Throws `DatasetError`.
    init(_ configuration: ExperimentConfiguration, searchPath: DataSearchPath) throws {
        dataset = try configuration.dataset.open(searchPath: searchPath)
        labelled = try configuration.training.objective.labelledSamples.map {
            try configuration.dataset.open(searchPath: searchPath, balancedLimit: $0.count)
        }
        var heldOut = configuration.dataset
        heldOut.split = .validation
        let startsFromData = configuration.training.task.takesConditionImages
        shown =
            startsFromData && heldOut.holdout > 0 && configuration.dataset.split == .train
            ? try heldOut.open(searchPath: searchPath) : dataset
    }

    var shapes: DataShapes { DataShapes(sample: dataset.sampleShape, condition: dataset.conditionShape) }
}
