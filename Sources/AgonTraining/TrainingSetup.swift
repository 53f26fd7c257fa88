import AgonAdversarial
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
    /// Nil where the inputs are recorded.
    let dataset: (any Dataset)?
    package let inputs: any PhaseInputs
    /// Batches of an epoch; nil where the inputs have no end.
    let batchesPerEpoch: Int?

    /// Reads the data in another thread while the graphs are built and compiled.
    ///
    /// - Parameter start: the step after which these networks are made.
    ///
    /// Throws what building networks and reading data throws.
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
                ?? (training.task.takesConditionImages || ExperimentNetworks.followData(experiment)
                    ? experiment.locating { try reading?.value().shapes } : nil)
            networks = try ExperimentNetworks(experiment, data: shapes, replays: recorded != nil)
            if let path = configuration.initialWeights {
                let gan = networks.gan
                try InitialWeights.load(
                    path, into: (gan.generators + gan.discriminators).flatMap(\.variables),
                    renaming: configuration.initialNames.compactMap { NamePrefix($0) })
                gan.startAverages()
            }
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
            guard let recorded else { preconditionFailure("a training without inputs") }
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
                    discriminator: networks.gan.discriminators[0].inputShape, images: data.shapes.sample)
            }
            let feed = try DataFeed(
                dataset: data.dataset, labelled: data.labelled, configuration: training,
                order: configuration.dataset.order, batches: step.batches, seed: configuration.seed)
            try grids.fix(dataset: data.shown)
            return (data.dataset, feed, feed.batchesPerEpoch)
        }
    }
}

extension TrainingSetup {
    /// The files that the run uses, identified by their contents.
    ///
    /// - Parameter step: the finished steps.
    ///
    /// Throws `ConfigError` for numbers that no config can state.
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
