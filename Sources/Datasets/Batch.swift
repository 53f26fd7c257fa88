import Tensors

/// The samples of one training step, in buffers that are used again for later batches.
public final class Batch: @unchecked Sendable {
    /// The index of the batch from the start of training, and its epoch.
    public fileprivate(set) var index = 0
    public fileprivate(set) var epoch = 0
    /// The number of samples; smaller than the capacity only in a kept remainder.
    public fileprivate(set) var count = 0
    /// The index in the dataset of each sample.
    public fileprivate(set) var samples: [Int] = []
    let sampleShape: Shape
    let conditionShape: Shape?
    private let allImages: UnsafeMutableBufferPointer<Float>
    private let allConditions: UnsafeMutableBufferPointer<Float>
    private let allLabels: UnsafeMutableBufferPointer<Int32>

    init(capacity: Int, dataset: any Dataset) {
        sampleShape = dataset.sampleShape
        conditionShape = dataset.conditionShape
        // Aligned to a cache line, which vector loads like.
        func floats(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
            let bytes = UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
            let values = bytes.bindMemory(to: Float.self)
            values.initialize(repeating: 0)
            return UnsafeMutableBufferPointer(rebasing: values[..<count])
        }
        allImages = floats(capacity * sampleShape.count)
        allConditions = floats(capacity * (conditionShape?.count ?? 0))
        allLabels = .allocate(capacity: dataset.labels == nil ? 0 : capacity)
        allLabels.initialize(repeating: 0)
        samples.reserveCapacity(capacity)
    }

    deinit {
        allImages.baseAddress.map { UnsafeMutableRawPointer($0).deallocate() }
        allConditions.baseAddress.map { UnsafeMutableRawPointer($0).deallocate() }
        allLabels.deallocate()
    }

    /// The samples, `[N] + sampleShape`: images `[N, H, W, C]` in [-1, 1] or points `[N, 2]`.
    public var images: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: allImages[..<(count * sampleShape.count)])
    }

    /// The conditions of a paired set, `[N, H, W, C]` in [-1, 1]; else empty.
    public var conditions: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: allConditions[..<(count * (conditionShape?.count ?? 0))])
    }

    /// The class index of each sample; empty when the set has no labels.
    public var labels: UnsafeBufferPointer<Int32> {
        UnsafeBufferPointer(rebasing: allLabels[..<(allLabels.isEmpty ? 0 : count)])
    }

    /// A copy of the samples.
    public var imageTensor: Tensor { Tensor(shape: Shape([count] + sampleShape.dimensions), values: Array(images)) }

    /// A copy of the conditions of a paired set.
    public var conditionTensor: Tensor? {
        conditionShape.map { Tensor(shape: Shape([count] + $0.dimensions), values: Array(conditions)) }
    }

    /// Reads the samples at `positions` of an epoch's permutation.
    func fill(
        index: Int, epoch: Int, positions: Range<Int>, permutation: [Int], order: BatchOrder, dataset: any Dataset,
        labels: [Int32]?, scratch: PictureScratch
    ) throws {
        self.index = index
        self.epoch = epoch
        count = positions.count
        samples.removeAll(keepingCapacity: true)
        let size = sampleShape.count
        let conditionSize = conditionShape?.count ?? 0
        let drawCount = dataset.drawCount
        let draws = order.draws(epoch: epoch, positions: positions, drawCount: drawCount)
        try draws.withUnsafeBufferPointer { draws in
            for row in 0..<count {
                let sample = permutation[positions.lowerBound + row]
                samples.append(sample)
                try dataset.write(
                    sample, draws: UnsafeBufferPointer(rebasing: draws[row * drawCount..<(row + 1) * drawCount]),
                    sample: UnsafeMutableBufferPointer(rebasing: allImages[row * size..<(row + 1) * size]),
                    condition: UnsafeMutableBufferPointer(
                        rebasing: allConditions[row * conditionSize..<(row + 1) * conditionSize]),
                    scratch: scratch)
                if let labels { allLabels[row] = labels[sample] }
            }
        }
    }
}
