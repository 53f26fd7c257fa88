import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonRuns
import AgonSampling

/// Networks, compiled steps and data, ready for the first step.
public struct TrainingSetup {
    package let experiment: Experiment
    package let networks: ExperimentNetworks
    package let pool: WorkerPool
    package let step: CompiledIteration
    let grids: GridWriter
    /// Nil for recorded inputs.
    let dataset: (any Dataset)?
    package let inputs: any PhaseInputs
    /// The notes on the initial weights.
    let notes: [String]
    /// The number of batches in an epoch; nil for recorded inputs.
    let batchesPerEpoch: Int?

    /// Reads the data on another thread while the graphs are built and compiled.
    ///
    /// - Parameters:
    ///   - start: the number of finished steps when these networks start.
    ///   - resumes: whether a checkpoint will replace the weights, so that initial ones are not read.
    ///
    /// Throws the errors of building networks and reading data.
    package init(
        _ experiment: Experiment, start: Int = 0, resumes: Bool = false, options: TrainingOptions
    ) throws {
        let configuration = experiment.configuration
        let (searchPath, training) = (options.searchPath, configuration.training)
        let recorded = try configuration.recordedInputs.map { try RecordedFeed(path: $0) }
        let reading =
            recorded == nil ? Background("agon data") { try TrainingData(configuration, searchPath: searchPath) } : nil
        do {
            // Some networks have shapes that depend on the data.
            let shapes =
                try recorded?.shapes
                ?? (training.task.takesConditionImages || ExperimentNetworks.followData(experiment)
                    ? experiment.locating { try reading?.value().shapes } : nil)
            networks = try ExperimentNetworks(experiment, data: shapes, replays: recorded != nil)
            let initialWeights = resumes ? nil : configuration.initialWeights
            notes =
                try initialWeights.map { [networks] path in
                    let gan = networks.gan
                    let notes = try InitialWeights.load(
                        path, into: gan.generators + gan.discriminators,
                        renaming: configuration.initialNames.compactMap { NamePrefix($0) })
                    gan.startAverages()
                    return notes
                } ?? []
            pool = WorkerPool(threads: options.threads)
            (step, grids) = try experiment.locating { [networks, pool] in
                (
                    try CompiledIteration(phases: networks.phases, pool: pool, seed: configuration.seed, start: start),
                    try GridWriter(networks, configuration: configuration, pool: pool)
                )
            }
        } catch {
            _ = try? reading?.value()
            throw error
        }
        self.experiment = experiment
        guard let reading else {
            guard let recorded else { preconditionFailure("the training has no inputs") }
            try recorded.check(networks.phases)
            try grids.fix(dataset: nil)
            (dataset, inputs, batchesPerEpoch) = (nil, recorded, nil)
            return
        }
        (dataset, inputs, batchesPerEpoch) = try experiment.locating { [networks, grids, step] in
            let data = try reading.value()
            guard data.shapes.sample == networks.data.sample else {
                throw AdversarialError.imageShapes(
                    generator: networks.data.sample,
                    discriminator: networks.gan.discriminators[0].inputShape, images: data.shapes.sample,
                    canFollow: networks.gan.generators[0].canFollowChannels)
            }
            let feed = try DataFeed(
                dataset: data.dataset, labelled: data.labelled, configuration: training,
                order: configuration.dataset.order, batches: step.batches, seed: configuration.seed)
            do {
                try grids.fix(dataset: data.shown)
            } catch let error as SamplingError {
                let place = ConfigPath.root.key("samples").key("count")
                guard case .gridTooLarge(let height, let width, _) = error else { throw error }
                throw ConfigError.unfit(
                    experiment.resolved.source(at: place), place,
                    "a grid of \(height) x \(width) pixels is too large for one image; take fewer samples")
            }
            return (data.dataset, feed, feed.batchesPerEpoch)
        }
    }
}

extension TrainingSetup {
    /// The datasets that the run uses, identified by the contents of their files.
    ///
    /// - Parameter step: the number of finished steps.
    ///
    /// Throws `ConfigError` for numbers that a config cannot represent.
    func data(since step: Int, evaluations: (any TrainingEvaluation)?) throws -> [RecordedData] {
        let settings = experiment.configuration
        let used = [
            (settings.dataset, dataset?.fingerprint),
            (
                settings.evaluation.map { settings.dataset.measured(by: $0) } ?? settings.dataset,
                evaluations?.dataset.fingerprint
            ),
        ]
        return try used.compactMap { dataset, fingerprint in
            try fingerprint.map { try RecordedData(dataset, fingerprint: $0, since: step) }
        }
    }
}
