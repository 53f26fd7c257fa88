import AgonAdversarial
import AgonDatasets
import AgonGraph
import AgonLayers
import AgonRuns
import AgonSampling
import AgonTensors

/// A training that a program controls: networks, data and settings are given in Swift, and each step is a call.
///
///     let trainer = try GANTrainer(generator: [...], discriminator: [...], dataset: images, settings: settings)
///     for step in 1...2000 { print(step, try trainer.step()) }
///     try trainer.writeSamples(64, to: "samples.png")
///
/// It writes only the files that the program requests. For a run with folder, log and resumption, use `TrainingRun.run`
/// with a config. The same seed gives the same weights with any number of threads.
public final class GANTrainer {
    /// The networks, trained in place. During a checkpoint swap they hold older weights.
    public let gan: GANNetworks
    /// The number of completed iterations.
    public private(set) var iteration = 0

    private let settings: AdversarialConfiguration
    private let seed: UInt64
    private let pool: WorkerPool
    private let training: CompiledIteration
    private let inputs: DataFeed
    private let past: PastWeights?
    private var sampler: Sampler?

    /// Builds the networks and compiles the steps of an iteration.
    ///
    /// - Parameters:
    ///   - discriminator: the layers of each discriminator; `settings.ensemble` may define several copies.
    ///   - initialization: the weight initialization of both networks; default: PyTorch's.
    ///   - threads: the number of threads; nil for the number of usable cores.
    ///
    /// Throws `LayerError` and `AdversarialError` for incompatible arguments, also for a hypervolume whose slack grows
    /// by evaluations, because a `GANTrainer` makes none; `DatasetError`, `TensorsError` if no BLAS is found.
    public init(
        generator: [any Layer], discriminator: [any Layer], dataset: any Dataset, settings: AdversarialConfiguration,
        initialization: Initialization = Initialization(), seed: UInt64 = 0, threads: Int? = nil
    ) throws {
        if (settings.ensemble.combination as? HypervolumeCombination)?.growth != nil {
            throw AdversarialError.growthWithoutEvaluations
        }
        try BLAS.open()
        self.settings = settings
        self.seed = seed
        let data = DataShapes(sample: dataset.sampleShape, condition: dataset.conditionShape)
        gan = try GANNetworks(
            generator: NetworkConfiguration(layers: generator, initialization: initialization),
            discriminators: [NetworkConfiguration(layers: discriminator, initialization: initialization)],
            isList: false, configuration: settings, data: data, seed: seed)
        let setting = try AdversarialSetting(gan: gan, data: data, configuration: settings)
        pool = WorkerPool(threads: threads ?? Processor.current.usableCores)
        training = try CompiledIteration(phases: setting.phases(), pool: pool, seed: seed)
        let labelled = try settings.objective.labelledSamples.map { try BalancedSubset(of: dataset, size: $0.count) }
        inputs = try DataFeed(dataset: dataset, labelled: labelled, configuration: settings, seed: seed)
        past = settings.tricks.checkpointSwap.map { [gan] in PastWeights($0, of: gan) }
    }

    deinit { inputs.stop() }

    /// Runs one iteration: all updates of the objective.
    ///
    /// - Returns: losses and scores, such as `loss.generator` and `loss.discriminator`. A lazy penalty is among them
    ///   only if this iteration computed it; what is measured once per epoch follows the last iteration of an epoch.
    ///
    /// Throws the errors of reading a batch, `RunError.notFinite` if a loss is NaN or infinite.
    @discardableResult
    public func step() throws -> [(name: String, value: Float)] {
        past?.prepare(iteration: iteration)
        try training.run(iteration, inputs: inputs)
        iteration += 1
        let scalars = training.scalars
        if let bad = scalars.first(where: { !$0.value.isFinite }) {
            throw RunError.notFinite(
                step: iteration, quantity: bad.name, value: "\(bad.value)", tensor: nil, checkpoint: nil)
        }
        var reported = training.scalars(of: iteration - 1..<iteration)
        let epoch = EpochMeans.epoch(
            endingWith: iteration, batchesPerStep: training.batches, batchesPerEpoch: inputs.batchesPerEpoch)
        if let epoch {
            reported += try training.measure(epoch: epoch, iteration: iteration, inputs: inputs)
                .filter(\.value.isFinite)
        }
        return reported
    }

    /// Samples of the current generator with the shape `[count] + sample shape`; images are in [-1, 1].
    ///
    /// - Parameter seed: the seed of the latent vectors.
    ///
    /// Throws `GraphError`.
    public func samples(_ count: Int, seed: UInt64 = 0) throws -> Tensor {
        precondition(
            settings.task.usesLatents && settings.task.conditionSize == nil,
            "a conditional generator cannot make samples from latents alone")
        let side = gan.sides[0]
        let sampler =
            try self.sampler
            ?? Sampler(side.average ?? side.generator, count: min(count, 64), pool: pool, seed: self.seed)
        self.sampler = sampler
        let latents = settings.latent.values(count, from: RandomStream(seed: seed, purpose: "samples"))
        return withNewestWeights { sampler.samples(from: latents, index: iteration) }
    }

    /// Writes samples as a PNG image. The file is written atomically.
    ///
    /// Throws `TensorsError.cannotWrite`, `GraphError`.
    public func writeSamples(_ count: Int = 64, seed: UInt64 = 0, to path: String) throws {
        try SampleGrid().write(samples(count, seed: seed), path: path)
    }

    /// Writes all weights as safetensors, with PyTorch's names and layouts.
    ///
    /// Throws `TensorsError`.
    public func writeWeights(to path: String) throws {
        let contents = withNewestWeights {
            gan.all.flatMap(\.variables).map { SafetensorsFile.Content(name: $0.name, tensor: $0.exported()) }
        }
        try SafetensorsFile.write(path: path, contents, metadata: [:])
    }

    /// Reads weights from a safetensors file with PyTorch's names and layouts.
    ///
    /// Throws `RunError.badWeights`, `TensorsError`.
    public func readWeights(from path: String) throws {
        let load = { [gan] in
            _ = try InitialWeights.load(path, into: (gan.generators + gan.discriminators).flatMap(\.variables))
            // While the networks hold these weights: after a swap's exchange, averages would start from older ones.
            gan.startAverages()
        }
        try past?.replaceNewest(after: iteration, load) ?? load()
    }

    /// Runs `body` while the networks hold their newest weights, not older ones that a checkpoint swap trains.
    private func withNewestWeights<Result>(_ body: () throws -> Result) rethrows -> Result {
        try past?.withNewest(after: iteration, body) ?? body()
    }
}
