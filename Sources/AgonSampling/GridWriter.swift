import AgonAdversarial
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonLayers
import AgonTensors

/// Writes the sample grids of a run: compiled generators, and inputs that are the same for each grid.
package final class GridWriter {
    private let samplers: [Sampler]
    private let configuration: ExperimentConfiguration
    private let count: Int
    /// The shape of a sample.
    private let sample: Shape
    private var content = Content.unknown

    private enum Content {
        case samples([Float], conditions: [Float], grid: SampleGrid)
        /// Condition images and target images, `[N, H, W, C]`; of unpaired data there may be fewer targets.
        case translations(conditions: Tensor, samples: Tensor)
        case unknown
    }

    /// Compiles the generators' graphs; `fix` must follow before a grid is drawn.
    ///
    /// - Parameter count: the samples of a grid; default: the config's count, and where samples have classes as many
    ///   more as fill its last row.
    package convenience init(
        _ networks: ExperimentNetworks, configuration: ExperimentConfiguration, count: Int? = nil, pool: WorkerPool
    ) throws {
        try self.init(
            networks.gan.sides.indices.map { networks.sampledGenerator(side: $0) }, configuration: configuration,
            count: count, pool: pool)
    }

    /// - Parameter generators: that of each side.
    init(
        _ generators: [Network], configuration: ExperimentConfiguration, count: Int? = nil, pool: WorkerPool
    ) throws {
        let count = count ?? Self.wholeRows(of: configuration)
        self.configuration = configuration
        self.count = count
        sample = generators[0].outputShape
        samplers = try generators.map {
            try Sampler(
                $0, range: configuration.dataset.range,
                conditionSize: configuration.training.task.conditionSize, count: count, pool: pool,
                seed: configuration.seed)
        }
    }

    /// Fixes the inputs of grids: latents of the seed, and conditions or images of the dataset. Grids that need a
    /// dataset are not drawn without one.
    ///
    /// - Parameter isDrawn: whether a grid is drawn of the samples, which one PNG must then hold.
    ///
    /// Throws the errors of reading samples, `SamplingError.gridTooLarge`.
    package func fix(dataset: (any Dataset)?, isDrawn: Bool = true) throws {
        let stream = RandomStream(seed: configuration.seed, purpose: "samples")
        let training = configuration.training
        guard let inputs = SampleInputs(training, count: count, latents: stream, dataset: dataset) else { return }
        if training.task.takesConditionImages, let dataset {
            if isDrawn {
                try SampleGrid.checkStrips(
                    min(inputs.count, dataset.count), columns: samplers.count > 1 ? 6 : 3, sample: dataset.sampleShape)
            }
            content = .translations(
                conditions: try dataset.conditions(0..<inputs.count),
                samples: try dataset.samples(0..<min(inputs.count, dataset.count)))
            return
        }
        var grid = SampleGrid(columns: configuration.samples.columns, modes: dataset?.mixture)
        if grid.columns == nil { grid.columns = Self.classColumns(of: configuration) }
        if isDrawn { try grid.check(count: inputs.count, sample: sample) }
        let (latents, conditions) = try inputs.values(0..<inputs.count)
        content = .samples(latents, conditions: conditions, grid: grid)
    }

    private static func classColumns(of configuration: ExperimentConfiguration) -> Int? {
        guard case .labels(let classes)? = (configuration.training.task as? GenerationTask)?.condition
        else { return nil }
        return SampleGrid.columns(classes: classes)
    }

    /// The config's number of samples; where each class has a column, the next that fills whole rows.
    private static func wholeRows(of configuration: ExperimentConfiguration) -> Int {
        let count = configuration.samples.count
        guard let classColumns = classColumns(of: configuration) else { return count }
        return SampleGrid.wholeRows(count, columns: configuration.samples.columns ?? classColumns)
    }

    package var plans: [MemoryPlan] { samplers.map(\.plan) }

    /// Writes a grid of samples; for translations, strips of input, output and target.
    ///
    /// - Parameter step: the step of the generator's own random numbers, if any.
    ///
    /// Throws `TensorsError.cannotWrite`, `DatasetError.cannotWrite`.
    package func write(path: String, step: Int) throws {
        switch content {
        case .samples(let latents, let conditions, let grid):
            try grid.write(samplers[0].samples(from: latents, conditions: conditions, index: step), path: path)
        case .translations(let conditions, let samples):
            let rows = min(conditions.shape[0], samples.shape[0])
            try SampleGrid.writeStrips(
                strips(conditions.first(rows), samples.first(rows), step: step), path: path)
        case .unknown: break
        }
    }

    /// The rows of a grid: samples, or strips of input, output and target.
    var rows: Int {
        switch content {
        case .samples(_, _, _): count
        case .translations(let conditions, let samples): min(conditions.shape[0], samples.shape[0])
        case .unknown: 0
        }
    }

    /// The generator's outputs for the fixed inputs; nil where they are unknown.
    func samples(step: Int) -> Tensor? {
        switch content {
        case .samples(let latents, let conditions, _):
            samplers[0].samples(from: latents, conditions: conditions, index: step)
        case .translations(let conditions, _): samplers[0].samples(from: conditions.values, index: step)
        case .unknown: nil
        }
    }

    /// The columns of a strip: input, output, target; for both directions input, output, reconstruction.
    private func strips(_ conditions: Tensor, _ samples: Tensor, step: Int) -> [Tensor] {
        let made = samplers[0].samples(from: conditions.values, index: step)
        guard samplers.count > 1 else { return [conditions, made, samples] }
        let back = samplers[1].samples(from: samples.values, index: step)
        return [
            conditions, made, samplers[1].samples(from: made.values, index: step),
            samples, back, samplers[0].samples(from: back.values, index: step),
        ]
    }
}
