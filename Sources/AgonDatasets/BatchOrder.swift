import AgonTensors

/// The samples of batch `k` as a function of only the seed, the sizes and `k`, so training can resume at any batch.
///
/// Each epoch is a new permutation of all samples, or the original order. A last batch that is not full is dropped
/// unless it is kept explicitly.
public struct BatchOrder: Sendable {
    public let sampleCount: Int
    public let batchSize: Int
    public let batchesPerEpoch: Int
    private let seed: UInt64
    private let role: Role
    private let order: SampleOrder

    /// What the order applies to. Each role has its own random streams.
    public enum Role: Sendable {
        case samples
        /// Conditions that are drawn independently of the samples.
        case conditions

        fileprivate var order: String { self == .samples ? "order" : "condition order" }
        fileprivate var transforms: String { self == .samples ? "transforms" : "condition transforms" }
    }

    /// - Parameters:
    ///   - keepsRemainder: whether the last, smaller batch of an epoch is kept.
    ///   - order: the order of samples within an epoch.
    ///
    /// Throws: `DatasetError.batchTooLarge` or `.tooFewConditions` if there is not one full batch.
    public init(
        sampleCount: Int, batchSize: Int, seed: UInt64, keepsRemainder: Bool = false, role: Role = .samples,
        order: SampleOrder = .shuffled
    ) throws {
        precondition(batchSize > 0 && sampleCount > 0, "no batches of \(batchSize) from \(sampleCount) samples")
        guard keepsRemainder || batchSize <= sampleCount else {
            throw role == .samples
                ? DatasetError.batchTooLarge(batchSize: batchSize, samples: sampleCount)
                : DatasetError.tooFewConditions(batchSize: batchSize, conditions: sampleCount)
        }
        self.sampleCount = sampleCount
        self.batchSize = batchSize
        self.seed = seed
        self.role = role
        self.order = order
        batchesPerEpoch = keepsRemainder ? (sampleCount + batchSize - 1) / batchSize : sampleCount / batchSize
    }

    /// The epoch of batch `index`, and the positions of its samples in that epoch's order.
    public func place(ofBatch index: Int) -> (epoch: Int, positions: Range<Int>) {
        precondition(index >= 0, "batch \(index)")
        let start = index % batchesPerEpoch * batchSize
        return (index / batchesPerEpoch, start..<min(start + batchSize, sampleCount))
    }

    /// The samples of an epoch in their order.
    public func permutation(ofEpoch epoch: Int) -> [Int] {
        guard order == .shuffled else { return Array(0..<sampleCount) }
        return RandomStream(seed: seed, purpose: role.order, step: UInt64(epoch)).permutation(count: sampleCount)
    }

    /// The random words for the transforms of the samples at `positions` in an epoch, `drawCount` for each.
    public func draws(epoch: Int, positions: Range<Int>, drawCount: Int) -> [UInt32] {
        drawCount == 0
            ? []
            : RandomStream(seed: seed, purpose: role.transforms, step: UInt64(epoch)).bits(
                first: positions.lowerBound * drawCount, count: positions.count * drawCount)
    }
}

/// The samples of a batch and their positions in the epoch.
struct BatchRows {
    let order: BatchOrder
    let epoch: Int
    let positions: Range<Int>
    let permutation: [Int]

    var count: Int { positions.count }

    /// Calls `body` with the row, sample and random words of each sample.
    func forEach(drawCount: Int, _ body: (Int, Int, UnsafeBufferPointer<UInt32>) throws -> Void) rethrows {
        let draws = order.draws(epoch: epoch, positions: positions, drawCount: drawCount)
        try draws.withUnsafeBufferPointer { draws in
            for row in 0..<count {
                try body(
                    row, permutation[positions.lowerBound + row],
                    UnsafeBufferPointer(rebasing: draws[row * drawCount..<(row + 1) * drawCount]))
            }
        }
    }
}

/// An order with cached permutations of the epochs in use.
struct EpochPermutations {
    let order: BatchOrder
    private var known: [Int: [Int]] = [:]

    init(_ order: BatchOrder) { self.order = order }

    /// The first samples of batch `index`, at most `limit`.
    mutating func rows(ofBatch index: Int, limit: Int = .max) -> BatchRows {
        let (epoch, positions) = order.place(ofBatch: index)
        return BatchRows(
            order: order, epoch: epoch, positions: positions.prefix(limit), permutation: permutation(ofEpoch: epoch))
    }

    private mutating func permutation(ofEpoch epoch: Int) -> [Int] {
        if let permutation = known[epoch] { return permutation }
        // Another thread may still be at the end of the previous epoch.
        known = known.filter { $0.key == epoch - 1 }
        let made = order.permutation(ofEpoch: epoch)
        known[epoch] = made
        return made
    }
}
