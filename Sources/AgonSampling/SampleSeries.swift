import AgonAdversarial
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonLayers
import AgonMetrics
import AgonTensors

/// The sheets of samples of a run: generators made ready, and the inputs that are the same for each sheet.
package final class SampleSeries {
    private let task: any GANTask
    private let makers: [SampleMaker]
    private let settings: SampleSettings
    private let count: Int
    private var inputs: Inputs
    /// The modes of the data, where they are known, and latents to measure by how many are reached.
    private var modes: (mixture: (centres: [[Float]], deviation: Float), latents: [Float])?

    private enum Inputs {
        case latents([Float], conditions: [Float], columns: Int?)
        /// Condition images and the images that belong to them, `[N, H, W, C]`.
        case images(conditions: Tensor, samples: Tensor)
        case unknown
    }

    /// Compiles the generators' graphs; `fix` must follow before a sheet is drawn.
    ///
    /// - Parameter count: the samples of a sheet; as many as the config says if not given.
    package init(
        _ networks: ExperimentNetworks, configuration: ExperimentConfiguration, count: Int? = nil, pool: WorkerPool
    ) throws {
        let count = count ?? configuration.samples.count
        task = configuration.training.task
        settings = configuration.samples
        self.count = count
        let conditionSize = task.conditionSize
        makers = try networks.gan.sides.indices.map {
            try SampleMaker(
                networks.sampledGenerator(side: $0), range: configuration.dataset.range, conditionSize: conditionSize,
                count: count,
                pool: pool, seed: configuration.seed)
        }
        inputs = .unknown
    }

    /// Settles what sheets are drawn from: latents of the seed, and conditions or images of the dataset. What needs a
    /// dataset is not drawn without one.
    ///
    /// Throws what reading samples throws.
    package func fix(_ configuration: ExperimentConfiguration, dataset: (any Dataset)?) throws {
        if task.takesConditionImages {
            guard let dataset else { return }
            let here = min(count, dataset.count)
            inputs = .images(
                conditions: try dataset.conditions(0..<here), samples: try dataset.samples(0..<here))
            return
        }
        let latent = configuration.training.latent
        let latents = latent.values(count, from: RandomStream(seed: configuration.seed, purpose: "samples"))
        let measured = task.conditionSize == nil ? Self.coverageSamples : 0
        modes = dataset?.mixture.map {
            ($0, latent.values(measured, from: RandomStream(seed: configuration.seed, purpose: "coverage")))
        }
        guard let size = task.conditionSize else {
            inputs = .latents(latents, conditions: [], columns: settings.columns)
            return
        }
        var conditions = [Float](repeating: 0, count: count * size)
        if isOfLabels {
            // A column a class, as far as a row can hold them.
            for index in 0..<count { conditions[index * size + index % size] = 1 }
            inputs = .latents(latents, conditions: conditions, columns: settings.columns ?? (size <= 32 ? size : nil))
        } else if let dataset {
            conditions.withUnsafeMutableBufferPointer { target in
                for index in 0..<count {
                    dataset.writeEmbedding(
                        index % dataset.count,
                        into: UnsafeMutableBufferPointer(rebasing: target[index * size..<(index + 1) * size]))
                }
            }
            inputs = .latents(latents, conditions: conditions, columns: settings.columns)
        }
    }

    private var isOfLabels: Bool {
        if let generation = task as? GenerationTask, case .labels = generation.condition { return true }
        return false
    }

    package var plans: [MemoryPlan] { makers.map(\.plan) }

    /// Writes a sheet: a grid of samples; of translations, strips of input, output and target.
    ///
    /// - Parameter step: of the generator's own random numbers, if it has any.
    ///
    /// Throws `DatasetError.cannotWrite`.
    package func write(path: String, step: Int) throws {
        switch inputs {
        case .latents(let latents, let conditions, let columns):
            try SampleSheet(columns: columns, modes: modes?.mixture).write(
                makers[0].samples(from: latents, conditions: conditions, index: step), path: path)
        case .images(let conditions, let samples):
            try SampleSheet.writeStrips(strips(conditions, samples, step: step), path: path)
        case .unknown: break
        }
    }

    /// The columns of a strip: input, output, target; in both directions input, output and what it leads back to.
    private func strips(_ conditions: Tensor, _ samples: Tensor, step: Int) -> [Tensor] {
        let made = makers[0].samples(from: conditions.values, index: step)
        guard makers.count > 1 else { return [conditions, made, samples] }
        let back = makers[1].samples(from: samples.values, index: step)
        return [
            conditions, made, makers[1].samples(from: made.values, index: step),
            samples, back, makers[0].samples(from: back.values, index: step),
        ]
    }

    private static let coverageSamples = 2500

    /// Which modes of the data are reached, where they are known: the number of modes with a sample within three
    /// deviations, the share of such samples, and their divergence from an even distribution over the modes.
    package func coverage(step: Int) -> [(name: String, value: Float)] {
        guard let (mixture, latents) = modes, !latents.isEmpty else { return [] }
        let samples = Features(makers[0].samples(from: latents, index: step))
        guard
            let coverage = try? ModeCoverage(
                samples: samples, centres: mixture.centres, deviation: mixture.deviation)
        else { return [] }
        var values = [
            ("modes.covered", Float(coverage.coveredModes)), ("modes.share", Float(coverage.coveredShare)),
            ("modes.highQuality", Float(coverage.highQualityShare)),
        ]
        if let divergence = coverage.divergence, divergence.isFinite {
            values.append(("modes.divergence", Float(divergence)))
        }
        return values
    }
}

extension Dataset {
    /// The condition images of samples `indices`, `[N] + conditionShape`, without random transforms.
    package func conditions(_ indices: Range<Int>) throws -> Tensor {
        guard let shape = conditionShape else { preconditionFailure("conditions of a set without them") }
        if let independentConditions {
            let count = min(indices.count, independentConditions.count)
            return try independentConditions.samples(0..<count)
        }
        var values = [Float](repeating: 0, count: indices.count * shape.count)
        var sample = [Float](repeating: 0, count: sampleShape.count)
        let draws = [UInt32](repeating: 0, count: drawCount)
        let scratch = ImageScratch()
        try values.withUnsafeMutableBufferPointer { values in
            try sample.withUnsafeMutableBufferPointer { sample in
                try draws.withUnsafeBufferPointer { draws in
                    for (row, index) in indices.enumerated() {
                        let target = UnsafeMutableBufferPointer(
                            rebasing: values[row * shape.count..<(row + 1) * shape.count])
                        try write(index, draws: draws, sample: sample, condition: target, scratch: scratch)
                    }
                }
            }
        }
        return Tensor(shape: Shape([indices.count] + shape.dimensions), values: values)
    }
}
