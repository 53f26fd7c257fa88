import AgonAdversarial
import AgonDatasets
import AgonTensors

/// What a generator makes samples from: of sample `i` the latent and the condition, or the image that it translates.
/// They follow from `i` alone, however many samples are asked for.
package struct SampleInputs {
    /// As many as there can be: without latents, as many as there are condition images.
    package let count: Int
    private let source: Source

    private enum Source {
        case latents([Float], size: Int, conditions: Conditions)
        case images(any Dataset, order: [Int])
    }

    private enum Conditions {
        case none
        /// One-hot vectors of the classes in turn.
        case labels(classes: Int)
        /// Vectors of the dataset's samples in turn.
        case embeddings(any Dataset, size: Int)
    }

    /// Nil for a task that takes conditions of a dataset where there is none.
    ///
    /// - Parameters:
    ///   - count: the most samples that are wanted.
    ///   - latents: the random numbers of the latents.
    ///   - dataset: where condition images and embeddings come from.
    ///   - order: the order in which condition images are taken; that of the dataset if not given.
    package init?(
        _ training: AdversarialConfiguration, count: Int, latents stream: RandomStream, dataset: (any Dataset)?,
        order: [Int]? = nil
    ) {
        let task = training.task
        if task.takesConditionImages {
            guard let dataset else { return nil }
            let available = dataset.independentConditions?.count ?? dataset.count
            let order = (order ?? Array(0..<dataset.count)).filter { $0 < available }
            self.count = min(count, order.count)
            source = .images(dataset, order: order)
            return
        }
        self.count = count
        let conditions: Conditions
        switch (task as? GenerationTask)?.condition {
        case .labels(let classes): conditions = .labels(classes: classes)
        case .embedding(let size):
            guard let dataset else { return nil }
            conditions = .embeddings(dataset, size: size)
        case nil: conditions = .none
        }
        let latent = training.latent
        source = .latents(latent.values(count, from: stream), size: latent.size, conditions: conditions)
    }

    /// What the generator reads for samples `range`, one after the other, and the condition vectors beside.
    ///
    /// Throws what reading condition images throws.
    package func values(_ range: Range<Int>) throws -> (inputs: [Float], conditions: [Float]) {
        switch source {
        case .latents(let latents, let size, let conditions):
            let own = Array(latents[range.lowerBound * size..<range.upperBound * size])
            return (own, Self.vectors(conditions, range))
        case .images(let dataset, let order): return (try dataset.conditions(order[range]).values, [])
        }
    }

    private static func vectors(_ conditions: Conditions, _ range: Range<Int>) -> [Float] {
        switch conditions {
        case .none: return []
        case .labels(let classes): return oneHot(range.map { $0 % classes }, of: classes)
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

    /// A vector for each label, 1 at its place.
    static func oneHot(_ labels: [Int], of classes: Int) -> [Float] {
        var vectors = [Float](repeating: 0, count: labels.count * classes)
        for (row, label) in labels.enumerated() { vectors[row * classes + label] = 1 }
        return vectors
    }
}

extension Sampler {
    /// Samples `range`, `[N] + sample shape`.
    ///
    /// - Parameter index: the step of the generator's own random numbers, if it has any.
    ///
    /// Throws what reading condition images throws.
    package func samples(of inputs: SampleInputs, _ range: Range<Int>, index: Int) throws -> Tensor {
        let (values, conditions) = try inputs.values(range)
        return samples(from: values, conditions: conditions, index: index)
    }
}

extension Dataset {
    /// The condition images of samples, `[N] + conditionShape`, without random transforms.
    ///
    /// Throws what reading a sample throws.
    package func conditions(_ indices: some Collection<Int>) throws -> Tensor {
        guard let shape = conditionShape else { preconditionFailure("conditions of a set without them") }
        if let independentConditions { return try independentConditions.samples(indices) }
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
