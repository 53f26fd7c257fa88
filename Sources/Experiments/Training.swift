import Adversarial
import Configuration
import Datasets
import Foundation
import Graph
import Tensors

/// How an experiment is run.
public struct TrainingOptions: Sendable {
    /// The run's folder; nil makes a new one below `Runs`.
    public var folder: String?
    public var resumes = false
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
public enum Training {
    /// Trains to the last step, or until a signal asks to stop.
    ///
    /// Throws `ConfigError`, `DatasetError`, `TensorsError`, `ExperimentsError`. What the run had saved before stays.
    public static func run(
        _ experiment: Experiment, options: TrainingOptions = TrainingOptions(),
        report: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws -> TrainingOutcome {
        try StopRequest.listening {
            // Before any thread is started: opening BLAS may set its environment.
            try BLAS.open()
            var place = try RunPlace(experiment, options: options)
            if let outcome = place.finishedOutcome(steps: experiment.configuration.steps) {
                report(.started(folder: outcome.folder, step: outcome.step, steps: outcome.step))
                report(.ended(outcome))
                return outcome
            }
            let prepared = try PreparedTraining(experiment, options: options)
            let loop = try TrainingLoop(prepared, folder: try place.take(), options: options, report: report)
            let outcome = try loop.run()
            report(.ended(outcome))
            return outcome
        }
    }
}

/// The folder that a run will be in, checked but not yet made.
private struct RunPlace {
    private let name: String
    private var folder: RunFolder?
    private let resumes: Bool

    init(_ experiment: Experiment, options: TrainingOptions) throws {
        name = experiment.configuration.name
        resumes = options.resumes
        folder = options.folder.map { RunFolder(path: $0) }
        if folder == nil, options.resumes { folder = RunFolder.newest(named: name) }
        guard let folder, folder.holdsRun else { return }
        guard options.resumes else {
            let state = try? ConfigNode.load(path: folder.recordPath)["state"]?.string
            throw ExperimentsError.runExists(folder: folder.path, state: state)
        }
        let differing = try differingKeys(of: experiment.resolved, from: ConfigNode.load(path: folder.configPath))
        guard differing.isEmpty else { throw ExperimentsError.configDiffers(folder: folder.path, keys: differing) }
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

    /// Makes the folder where it is missing.
    mutating func take() throws -> RunFolder {
        let folder = try self.folder ?? RunFolder.makeNew(named: name)
        self.folder = folder
        try folder.make()
        return folder
    }

    /// The paths at which two configs differ, but for what may differ between the parts of a run.
    private func differingKeys(of first: ConfigNode, from second: ConfigNode) throws -> [String] {
        var keys: [String] = []
        collectDifferences(first, second, at: .root, into: &keys)
        return keys.filter { key in
            !Experiment.freeKeys.contains { key == $0 || key.hasPrefix($0 + ".") }
        }
    }

    private func collectDifferences(
        _ first: ConfigNode?, _ second: ConfigNode?, at path: ConfigPath, into keys: inout [String]
    ) {
        switch (first?.content, second?.content) {
        case (.object(let first), .object(let second)):
            for key in first.keys + second.keys.filter({ first[$0] == nil }) {
                collectDifferences(first[key], second[key], at: path.key(key), into: &keys)
            }
        case (.array(let first), .array(let second)) where first.count == second.count:
            for (index, pair) in zip(first, second).enumerated() {
                collectDifferences(pair.0, pair.1, at: path.index(index), into: &keys)
            }
        default:
            if first?.canonicalText != second?.canonicalText { keys.append(path.description) }
        }
    }
}

/// Networks, compiled steps and data, ready for the first step.
struct PreparedTraining {
    let experiment: Experiment
    let networks: ExperimentNetworks
    let step: TrainingStep
    let sampleMaker: SampleMaker
    let loader: BatchLoader

    /// Reads the data in another thread while the graphs are built and compiled.
    init(_ experiment: Experiment, options: TrainingOptions) throws {
        let configuration = experiment.configuration
        let searchPath = options.searchPath
        let reading = Background("agon data") { try configuration.dataset.open(searchPath: searchPath) }
        do {
            networks = try ExperimentNetworks(experiment)
            let pool = WorkerPool(threads: options.threads)
            (step, sampleMaker) = try experiment.locating { [networks] in
                (
                    try TrainingStep(networks, pool: pool, seed: configuration.seed),
                    try SampleMaker(
                        networks.generator, latent: configuration.training.latent, count: configuration.samples.count,
                        pool: pool, seed: configuration.seed)
                )
            }
        } catch {
            _ = try? reading.value()
            throw error
        }
        self.experiment = experiment
        loader = try experiment.locating { [networks] in
            let dataset = try reading.value()
            guard dataset.sampleShape == networks.generator.outputShape else {
                throw AdversarialError.imageShapes(
                    generator: networks.generator.outputShape, discriminator: networks.discriminator.inputShape,
                    images: dataset.sampleShape)
            }
            return try BatchLoader(
                dataset: dataset, batchSize: configuration.training.batchSize, seed: configuration.seed)
        }
    }
}
