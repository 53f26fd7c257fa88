import AgonAdversarial
import AgonDatasets
import AgonTensors

/// The inputs of a generator: for sample `i`, the latent and the condition, or the image to translate.
/// They depend on `i` alone, not on the number of samples.
package struct SampleInputs {
    /// The maximum number of samples: without latents, the number of condition images.
    package let count: Int
    private let source: Source

    private enum Source {
        case latents([Float], size: Int, conditions: Conditions)
        case images(any Dataset, order: [Int])
    }

    private enum Conditions {
        case none
        /// One-hot vectors of the classes, cyclically.
        case labels(classes: Int)
        /// Vectors of the dataset's samples, cyclically.
        case embeddings(any Dataset, size: Int)
    }

    /// Nil if conditions of a dataset are needed and there is none.
    ///
    /// - Parameters:
    ///   - count: the maximum number of samples.
    ///   - latents: the random numbers of the latents.
    ///   - dataset: the source of condition images and embeddings.
    ///   - order: the order of condition images; default: that of the dataset.
    package init?(
        _ training: AdversarialConfiguration, count: Int, latents stream: RandomStream, dataset: (any Dataset)?,
        order: [Int]? = nil
    ) {
        let task = training.task
        if task.takesConditionImages {
            guard let dataset else { return nil }
            let available = dataset.independentConditions?.count ?? dataset.count
            let shared = (order ?? Array(0..<dataset.count)).filter { $0 < available }
            let order = shared + (shared.count..<max(shared.count, available))
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

    /// The generator's inputs for samples `range`, contiguous, with the condition vectors.
    ///
    /// Throws the errors of reading condition images.
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

    /// A one-hot vector for each label.
    static func oneHot(_ labels: [Int], of classes: Int) -> [Float] {
        var vectors = [Float](repeating: 0, count: labels.count * classes)
        for (row, label) in labels.enumerated() { vectors[row * classes + label] = 1 }
        return vectors
    }
}

extension Sampler {
    /// Samples `range`, `[N] + sample shape`.
    ///
    /// - Parameter index: the step of the generator's own random numbers, if any.
    ///
    /// Throws the errors of reading condition images.
    package func samples(of inputs: SampleInputs, _ range: Range<Int>, index: Int) throws -> Tensor {
        let (values, conditions) = try inputs.values(range)
        return samples(from: values, conditions: conditions, index: index)
    }
}

extension Dataset {
    /// The condition images of samples, `[N] + conditionShape`, without random transforms.
    ///
    /// Throws the errors of reading a sample.
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
