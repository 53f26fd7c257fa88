import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonRuns
import AgonTensors

/// Samples of a run that start from its dataset: translations of images, and samples for embeddings.
public struct DatasetSampling {
    private let networks: ExperimentNetworks
    private let configuration: ExperimentConfiguration
    private let dataset: any Dataset
    private let step: Int

    /// Whether the run of a folder is one of those.
    ///
    /// Throws `RunError.noRun`, `ConfigError`.
    public static func isNeeded(for path: String) throws -> Bool {
        let folder = RunFolder(path: path)
        guard folder.holdsRun else { throw RunError.noRun(folder: path) }
        let task = try Experiment.load(path: folder.configPath).configuration.training.task
        if case .embedding = (task as? GenerationTask)?.condition { return true }
        return !task.usesLatents
    }

    /// Reads the newest checkpoint of a run, or that of a step, and opens its dataset.
    ///
    /// - Parameters:
    ///   - split: the samples to start from, if not the config's.
    ///   - note: told about checkpoints that are passed over.
    ///
    /// Throws `RunError`, `ConfigError`, `TensorsError`, `DatasetError`.
    public init(
        run path: String, checkpoint step: Int? = nil, split: DatasetSplit? = nil, searchPath: DataSearchPath,
        note: (String) -> Void = { _ in }
    ) throws {
        let folder = RunFolder(path: path)
        guard folder.holdsRun else { throw RunError.noRun(folder: path) }
        let whole = try Experiment.load(
            path: folder.configPath,
            settings: split.map {
                [ConfigSetting(path: .root.key("dataset").key("split"), value: ConfigNode($0.rawValue))]
            } ?? [])
        let checkpoint = try Sampling.checkpoint(of: folder, step: step, note: note)
        self.step = checkpoint.step
        let experiment = whole.stage(after: max(checkpoint.step - 1, 0)).experiment
        configuration = experiment.configuration
        let (settings, path) = (configuration.dataset, searchPath)
        dataset = try experiment.locating { try settings.open(searchPath: path) }
        networks = try ExperimentNetworks(
            experiment, data: DataShapes(sample: dataset.sampleShape, condition: dataset.conditionShape))
        for side in networks.gan.sides.indices {
            try checkpoint.restore(networks.sampledGenerator(side: side).variables)
        }
    }

    /// Writes the first samples as strips of input, output and target, or as a grid.
    ///
    /// Throws what reading samples throws, `DatasetError.cannotWrite`.
    public func write(count: Int, seed: UInt64, threads: Int, to path: String) throws -> Sampling.Outcome {
        let here = min(count, dataset.count)
        let sheets = try SampleSeries(
            networks, configuration: configuration, count: here, pool: WorkerPool(threads: threads))
        try sheets.fix(configuration, dataset: dataset)
        try sheets.write(path: path, step: Int(truncatingIfNeeded: seed))
        return Sampling.Outcome(path: path, step: step, count: here)
    }
}
