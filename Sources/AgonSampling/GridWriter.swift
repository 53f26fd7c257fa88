import AgonAdversarial
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonTensors

/// Writes the sample grids of a run: compiled generators, and inputs that are the same for each grid.
package final class GridWriter {
    private let samplers: [Sampler]
    private let configuration: ExperimentConfiguration
    private let count: Int
    private var content = Content.unknown

    private enum Content {
        case samples([Float], conditions: [Float], grid: SampleGrid)
        /// Condition images and their target images, `[N, H, W, C]`.
        case translations(conditions: Tensor, samples: Tensor)
        case unknown
    }

    /// Compiles the generators' graphs; `fix` must follow before a grid is drawn.
    ///
    /// - Parameter count: the samples of a grid; default: the config's count.
    package init(
        _ networks: ExperimentNetworks, configuration: ExperimentConfiguration, count: Int? = nil, pool: WorkerPool
    ) throws {
        let count = count ?? configuration.samples.count
        self.configuration = configuration
        self.count = count
        samplers = try networks.gan.sides.indices.map {
            try Sampler(
                networks.sampledGenerator(side: $0), range: configuration.dataset.range,
                conditionSize: configuration.training.task.conditionSize, count: count, pool: pool,
                seed: configuration.seed)
        }
    }

    /// Fixes the inputs of grids: latents of the seed, and conditions or images of the dataset. Grids that need a
    /// dataset are not drawn without one.
    ///
    /// Throws the errors of reading samples.
    package func fix(dataset: (any Dataset)?) throws {
        let stream = RandomStream(seed: configuration.seed, purpose: "samples")
        let training = configuration.training
        guard let inputs = SampleInputs(training, count: count, latents: stream, dataset: dataset) else { return }
        if training.task.takesConditionImages, let dataset {
            let indices = 0..<inputs.count
            content = .translations(conditions: try dataset.conditions(indices), samples: try dataset.samples(indices))
            return
        }
        var grid = SampleGrid(columns: configuration.samples.columns, modes: dataset?.mixture)
        // One column per class, as many as fit a row.
        if grid.columns == nil, case .labels(let classes)? = (training.task as? GenerationTask)?.condition,
            classes <= 32
        {
            grid.columns = classes
        }
        let (latents, conditions) = try inputs.values(0..<inputs.count)
        content = .samples(latents, conditions: conditions, grid: grid)
    }

    package var plans: [MemoryPlan] { samplers.map(\.plan) }

    /// Writes a grid of samples; for translations, strips of input, output and target.
    ///
    /// - Parameter step: the step of the generator's own random numbers, if any.
    ///
    /// Throws `DatasetError.cannotWrite`.
    package func write(path: String, step: Int) throws {
        switch content {
        case .samples(let latents, let conditions, let grid):
            try grid.write(samplers[0].samples(from: latents, conditions: conditions, index: step), path: path)
        case .translations(let conditions, let samples):
            try SampleGrid.writeStrips(strips(conditions, samples, step: step), path: path)
        case .unknown: break
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
