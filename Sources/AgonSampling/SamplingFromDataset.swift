import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonRuns

extension Sampling {
    /// Whether a run's generator takes inputs from its dataset: images to translate, or embeddings.
    ///
    /// Throws `RunError.noRun`, `ConfigError`.
    public static func startsFromDataset(run path: String) throws -> Bool {
        let folder = RunFolder(path: path)
        guard folder.holdsRun else { throw RunError.noRun(folder: path) }
        let task = try Experiment.load(path: folder.configPath).configuration.training.task
        if case .embedding = (task as? GenerationTask)?.condition { return true }
        return !task.usesLatents
    }

    /// Writes samples of a run with inputs from its dataset: as strips of input, output and target, or as a grid; the
    /// outputs alone as an array or as numbered images, as the path says (`SampleOutput`).
    ///
    /// - Parameters:
    ///   - step: the step of the checkpoint; default: the newest.
    ///   - weights: of the generator; default: averages, if the run keeps any.
    ///   - split: the split of the inputs; default: the config's.
    ///   - count: the number of samples, from the first.
    ///   - seed: seed of the generator's own random numbers, if any.
    ///   - note: called with messages about skipped checkpoints.
    ///
    /// Throws `RunError`, `ConfigError`, `SamplingError`, `TensorsError`, `DatasetError`.
    public static func writeFromDataset(
        run path: String, checkpoint step: Int? = nil, weights: EvaluationSettings.Weights? = nil,
        split: DatasetSplit? = nil, count: Int, seed: UInt64, searchPath: DataSearchPath, threads: Int,
        to file: String, note: (String) -> Void = { _ in }
    ) throws -> Outcome {
        let output = try SampleOutput(path: file)
        let folder = RunFolder(path: path)
        guard folder.holdsRun else { throw RunError.noRun(folder: path) }
        let whole = try Experiment.load(
            path: folder.configPath,
            settings: split.map {
                [ConfigSetting(path: .root.key("dataset").key("split"), value: ConfigNode($0.rawValue))]
            } ?? [])
        let checkpoint = try Self.checkpoint(of: folder, step: step, note: note)
        let experiment = whole.part(ofCheckpoint: checkpoint.step)
        let configuration = experiment.configuration
        let dataset = try experiment.locating {
            do {
                return try configuration.dataset.open(searchPath: searchPath)
            } catch let error as DatasetError {
                // The remedy for a config, to hold samples out, is none for a finished run.
                switch (error, split) {
                case (.noTestSplit, let split?), (.noHoldout, let split?):
                    throw SamplingError.noSplit(split, folder: path)
                default: throw error
                }
            }
        }
        let networks = try ExperimentNetworks(
            experiment, data: DataShapes(sample: dataset.sampleShape, condition: dataset.conditionShape))
        let sides = networks.gan.sides
        let takesAverages = checkpoint.takesAverages(weights, keepsAverages: sides[0].average != nil, note: note)
        let generators = sides.map { takesAverages ? $0.average ?? $0.generator : $0.generator }
        for generator in generators { try checkpoint.restore(generator.variables) }
        let grids = try GridWriter(
            generators, configuration: configuration, count: count, pool: WorkerPool(threads: threads))
        try grids.fix(dataset: dataset, isDrawn: output.isOneImage)
        // Batches count from here.
        let step = Int(seed % (1 << 62))
        var drawn = grids.rows
        if case .image(let path) = output {
            try grids.write(path: path, step: step)
        } else if let samples = grids.samples(step: step) {
            try output.write(samples) { SampleGrid().image(of: $0) }
            drawn = samples.shape[0]
        }
        return Outcome(path: file, step: checkpoint.step, count: drawn)
    }
}
