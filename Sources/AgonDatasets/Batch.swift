import AgonTensors

/// The samples of one training step, in buffers that later batches reuse.
public final class Batch: @unchecked Sendable {
    /// The index of the batch since the start of training, and its epoch.
    public fileprivate(set) var index = 0
    public fileprivate(set) var epoch = 0
    /// The number of samples; less than the capacity only for a kept remainder.
    public fileprivate(set) var count = 0
    /// The index of each sample in the dataset.
    public fileprivate(set) var samples: [Int] = []
    /// The index of each condition: that of its sample, or an index into the set of independent conditions.
    public fileprivate(set) var conditionSamples: [Int] = []
    let sampleShape: Shape
    let conditionShape: Shape?
    let embeddingSize: Int
    private let allImages: UnsafeMutableBufferPointer<Float>
    private let allConditions: UnsafeMutableBufferPointer<Float>
    private let allEmbeddings: UnsafeMutableBufferPointer<Float>
    private let allLabels: UnsafeMutableBufferPointer<Int32>

    init(capacity: Int, dataset: any Dataset) {
        sampleShape = dataset.sampleShape
        conditionShape = dataset.conditionShape
        embeddingSize = dataset.embeddingSize ?? 0
        // Aligned to a cache line for fast vector loads.
        func floats(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
            let bytes = UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
            let values = bytes.bindMemory(to: Float.self)
            values.initialize(repeating: 0)
            return UnsafeMutableBufferPointer(rebasing: values[..<count])
        }
        allImages = floats(capacity * sampleShape.count)
        allConditions = floats(capacity * (conditionShape?.count ?? 0))
        allEmbeddings = floats(capacity * embeddingSize)
        allLabels = .allocate(capacity: dataset.labels == nil ? 0 : capacity)
        allLabels.initialize(repeating: 0)
        samples.reserveCapacity(capacity)
    }

    deinit {
        allImages.baseAddress.map { UnsafeMutableRawPointer($0).deallocate() }
        allConditions.baseAddress.map { UnsafeMutableRawPointer($0).deallocate() }
        allEmbeddings.baseAddress.map { UnsafeMutableRawPointer($0).deallocate() }
        allLabels.deallocate()
    }

    /// The samples, `[N] + sampleShape`: images `[N, H, W, C]` in [-1, 1] or points `[N, 2]`.
    public var images: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: allImages[..<(count * sampleShape.count)])
    }

    /// The condition images, `[N, H, W, C]` in [-1, 1]; empty if the set has none.
    public var conditions: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: allConditions[..<(count * (conditionShape?.count ?? 0))])
    }

    /// The embedding of each sample, `[N, embeddingSize]`; empty if the set has none.
    public var embeddings: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: allEmbeddings[..<(count * embeddingSize)])
    }

    /// The class index of each sample; empty if the set has no labels.
    public var labels: UnsafeBufferPointer<Int32> {
        UnsafeBufferPointer(rebasing: allLabels[..<(allLabels.isEmpty ? 0 : count)])
    }

    /// A copy of the samples.
    public var imageTensor: Tensor { Tensor(shape: Shape([count] + sampleShape.dimensions), values: Array(images)) }

    /// A copy of the condition images.
    public var conditionTensor: Tensor? {
        conditionShape.map { Tensor(shape: Shape([count] + $0.dimensions), values: Array(conditions)) }
    }

    /// A copy of the embeddings.
    public var embeddingTensor: Tensor? {
        embeddingSize > 0 ? Tensor(shape: [count, embeddingSize], values: Array(embeddings)) : nil
    }

    /// Writes the labels as one-hot vectors `[N, classCount]`: 1 at the class of each sample, else 0.
    ///
    /// - Parameter target: `count * classCount` values, overwritten.
    public func writeOneHotLabels(classCount: Int, into target: UnsafeMutableBufferPointer<Float>) {
        precondition(labels.count == count, "one-hot labels need a set with labels")
        precondition(
            target.count == count * classCount, "\(target.count) values for \(count) labels of \(classCount) classes")
        target.update(repeating: 0)
        for (row, label) in labels.enumerated() {
            precondition(label >= 0 && label < classCount, "label \(label) of \(classCount) classes")
            target[row * classCount + Int(label)] = 1
        }
    }

    /// Reads the samples and any independent conditions.
    func fill(
        index: Int, samples rows: BatchRows, conditions conditionRows: BatchRows?, dataset: any Dataset,
        labels: [Int32]?, scratch: ImageScratch
    ) throws {
        self.index = index
        epoch = rows.epoch
        count = rows.count
        samples.removeAll(keepingCapacity: true)
        samples.append(contentsOf: rows.permutation[rows.positions])
        conditionSamples.removeAll(keepingCapacity: true)
        let conditionSize = conditionShape?.count ?? 0
        let writtenSize = dataset.writtenConditionSize
        try rows.forEach(drawCount: dataset.drawCount) { row, sample, draws in
            try dataset.write(
                sample, draws: draws, sample: part(allImages, row, sampleShape.count),
                condition: part(allConditions, row, writtenSize), scratch: scratch)
            if embeddingSize > 0 { dataset.writeEmbedding(sample, into: part(allEmbeddings, row, embeddingSize)) }
            if let labels { allLabels[row] = labels[sample] }
        }
        guard let conditionRows, let conditions = dataset.independentConditions else {
            if writtenSize > 0 { conditionSamples.append(contentsOf: samples) }
            return
        }
        conditionSamples.append(contentsOf: conditionRows.permutation[conditionRows.positions])
        try conditionRows.forEach(drawCount: conditions.drawCount) { row, sample, draws in
            try conditions.write(
                sample, draws: draws, sample: part(allConditions, row, conditionSize),
                condition: part(allConditions, 0, 0), scratch: scratch)
        }
    }

    /// The values of one row.
    private func part(
        _ values: UnsafeMutableBufferPointer<Float>, _ row: Int, _ size: Int
    ) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(rebasing: values[row * size..<(row + 1) * size])
    }
}
