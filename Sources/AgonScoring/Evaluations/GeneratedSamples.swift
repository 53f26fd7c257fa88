import AgonAdversarial
import AgonDatasets
import AgonGraph
import AgonLayers
import AgonSampling
import AgonTensors

/// The samples that a generator is measured by: made from latents of a seed, with conditions in turn, or from condition
/// images of the data. Sample `i` is the same however many are asked for.
final class GeneratedSamples {
    /// As many as there can be: without latents, as many as there are condition images.
    let count: Int
    private let maker: SampleMaker
    private let inputs: Inputs

    private enum Inputs {
        case latents([Float], size: Int, conditions: Conditions)
        case images(any Dataset, order: [Int])
    }

    private enum Conditions {
        case none
        case labels(classes: Int)
        case embeddings(any Dataset, size: Int)
    }

    /// - Parameters:
    ///   - count: the most samples that are wanted.
    ///   - range: of the images that the generator was trained on.
    ///   - seed: of the latents.
    ///   - order: of the dataset's samples, from whose condition images translations start.
    ///
    /// Throws `GraphError`.
    init(
        _ generator: Network, training: AdversarialConfiguration, dataset: any Dataset, range: SampleRange, count: Int,
        seed: UInt64, order: [Int], pool: WorkerPool
    ) throws {
        let task = training.task
        maker = try SampleMaker(
            generator, range: range, conditionSize: task.conditionSize, count: count, pool: pool, seed: seed)
        guard !task.takesConditionImages else {
            let conditions = dataset.independentConditions
            let available = conditions.map { other in order.filter { $0 < other.count } } ?? order
            self.count = min(count, available.count)
            inputs = .images(conditions ?? dataset, order: available)
            return
        }
        self.count = count
        let latent = training.latent
        let conditions: Conditions
        switch (task as? GenerationTask)?.condition {
        case .labels(let classes): conditions = .labels(classes: classes)
        case .embedding(let size): conditions = .embeddings(dataset, size: size)
        case nil: conditions = .none
        }
        inputs = .latents(
            latent.values(count, from: RandomStream(seed: seed, purpose: "evaluation")), size: latent.size,
            conditions: conditions)
    }

    /// Samples `range`, `[N] + sample shape`.
    ///
    /// Throws what reading condition images throws.
    func samples(_ range: Range<Int>) throws -> Tensor {
        switch inputs {
        case .latents(let latents, let size, let conditions):
            return maker.samples(
                from: Array(latents[range.lowerBound * size..<range.upperBound * size]),
                conditions: Self.vectors(conditions, range), index: range.lowerBound)
        case .images(let dataset, let order):
            let images = try order[range].map { index in
                dataset.conditionShape == nil
                    ? try dataset.samples(CollectionOfOne(index)).values
                    : try dataset.conditions(index..<index + 1).values
            }
            return maker.samples(from: images.flatMap { $0 }, index: range.lowerBound)
        }
    }

    private static func vectors(_ conditions: Conditions, _ range: Range<Int>) -> [Float] {
        switch conditions {
        case .none: return []
        case .labels(let classes):
            var vectors = [Float](repeating: 0, count: range.count * classes)
            for (row, index) in range.enumerated() { vectors[row * classes + index % classes] = 1 }
            return vectors
        case .embeddings(let dataset, let size):
            var vectors = [Float](repeating: 0, count: range.count * size)
            vectors.withUnsafeMutableBufferPointer { target in
                for (row, index) in range.enumerated() {
                    dataset.writeEmbedding(
                        index % dataset.count,
                        into: UnsafeMutableBufferPointer(rebasing: target[row * size..<(row + 1) * size]))
                }
            }
            return vectors
        }
    }
}
