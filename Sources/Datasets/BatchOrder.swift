import Tensors

/// Which samples make up batch `k`: a function of seed, sizes and `k` alone, so that training resumes in the middle.
///
/// Each epoch is a permutation of all samples, drawn anew; what does not fill a last batch is dropped, unless kept.
public struct BatchOrder: Sendable {
    public let sampleCount: Int
    public let batchSize: Int
    public let batchesPerEpoch: Int
    private let seed: UInt64

    /// - Parameter keepsRemainder: whether an epoch ends in a smaller batch of the samples that are left.
    ///
    /// Throws: `DatasetError.batchTooLarge` when not one full batch can be made.
    public init(sampleCount: Int, batchSize: Int, seed: UInt64, keepsRemainder: Bool = false) throws {
        precondition(batchSize > 0 && sampleCount > 0, "batches of \(batchSize) out of \(sampleCount)")
        guard keepsRemainder || batchSize <= sampleCount else {
            throw DatasetError.batchTooLarge(batchSize: batchSize, samples: sampleCount)
        }
        self.sampleCount = sampleCount
        self.batchSize = batchSize
        self.seed = seed
        batchesPerEpoch = keepsRemainder ? (sampleCount + batchSize - 1) / batchSize : sampleCount / batchSize
    }

    /// The epoch of batch `index`, and the positions of its samples in that epoch's order.
    public func place(ofBatch index: Int) -> (epoch: Int, positions: Range<Int>) {
        precondition(index >= 0, "batch \(index)")
        let start = index % batchesPerEpoch * batchSize
        return (index / batchesPerEpoch, start..<min(start + batchSize, sampleCount))
    }

    /// The samples of an epoch in order.
    public func permutation(ofEpoch epoch: Int) -> [Int] {
        RandomStream(seed: seed, purpose: "order", step: UInt64(epoch)).permutation(count: sampleCount)
    }

    /// The random words of the transforms for samples at `positions` of an epoch, `drawCount` each.
    public func draws(epoch: Int, positions: Range<Int>, drawCount: Int) -> [UInt32] {
        drawCount == 0
            ? []
            : RandomStream(seed: seed, purpose: "transforms", step: UInt64(epoch)).bits(
                first: positions.lowerBound * drawCount, count: positions.count * drawCount)
    }
}
