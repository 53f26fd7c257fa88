import AgonTensors
import Foundation

/// Prepares batches ahead of training on separate threads, in the order that `BatchOrder` defines.
///
/// A few batches wait in a bounded queue; their buffers are reused, so the training loop allocates none. The contents
/// of batch `k` do not depend on the number of threads, nor on which batches were requested before.
public final class BatchLoader: Sendable {
    public let order: BatchOrder
    private let work: BatchWork

    /// Starts the threads; the first batch that they prepare is `position`.
    ///
    /// - Parameter order: the order of an epoch's samples, and of conditions that are drawn independently.
    /// - Parameter ahead: the maximum number of waiting batches.
    /// - Parameter workers: the number of threads; more than one helps if large images are decoded in every epoch.
    ///
    /// Throws: `DatasetError.batchTooLarge` or `.tooFewConditions`; `TensorsError.noThread` if no thread can be
    /// started.
    public init(
        dataset: any Dataset, batchSize: Int, seed: UInt64, keepsRemainder: Bool = false,
        order: SampleOrder = .shuffled, position: Int = 0, ahead: Int = 3, workers: Int = 1
    ) throws {
        precondition(ahead > 0 && workers > 0 && position >= 0, "\(ahead) ahead, \(workers) workers at \(position)")
        self.order = try BatchOrder(
            sampleCount: dataset.count, batchSize: batchSize, seed: seed, keepsRemainder: keepsRemainder, order: order)
        // Conditions come only in whole batches; a kept remainder uses as many of them as it has samples.
        let conditionOrder = try dataset.independentConditions.map {
            try BatchOrder(
                sampleCount: $0.count, batchSize: batchSize, seed: seed, role: .conditions, order: order)
        }
        // Each thread and the consumer hold one batch, in addition to the waiting batches.
        let batches = (0..<ahead + workers + 1).map { _ in Batch(capacity: batchSize, dataset: dataset) }
        work = BatchWork(
            dataset: dataset, order: self.order, conditionOrder: conditionOrder, batches: batches, position: position)
        for worker in 0..<workers {
            do {
                try work.startThread()
            } catch {
                // The threads that did start make all batches.
                if worker == 0 { throw error }
            }
        }
    }

    deinit { work.stop() }

    public var batchesPerEpoch: Int { order.batchesPerEpoch }

    /// The index of the batch that `next()` will return: the data position for a checkpoint.
    public var position: Int { work.position }

    /// Makes `index` the batch that `next()` returns.
    public func seek(to index: Int) { work.seek(to: index) }

    /// The next batch. It is valid until the following call, which reclaims its buffers.
    ///
    /// Throws: the error of reading a sample of this batch, in this call and in each later one until `seek(to:)`.
    public func next() throws -> Batch { try work.next() }

    /// Batch `index`, regardless of the current position.
    public func next(at index: Int) throws -> Batch {
        if position != index { seek(to: index) }
        return try next()
    }

    /// Waits until all given batches are ready, so `next(at:)` returns them without waiting.
    ///
    /// - Parameter batches: at most as many as may wait.
    ///
    /// Throws: the error of reading a sample of one of them.
    public func wait(for batches: Range<Int>) throws {
        guard let first = batches.first else { return }
        if position != first { seek(to: first) }
        try work.wait(through: batches.upperBound)
    }

    /// Stops the threads and waits for them. No batch may be requested afterwards.
    public func stop() { work.stop() }
}

/// The state shared by the consumer and the threads. `condition` guards all variables.
private final class BatchWork: @unchecked Sendable {
    private let dataset: any Dataset
    private let labels: [Int32]?
    private let condition = NSCondition()
    private var free: [Batch]
    private var ready: [Int: Batch] = [:]
    private var held: Batch?
    private var failure: (index: Int, error: any Error)?
    private var nextIndex: Int
    private var claimed: Int
    /// Incremented by each seek; batches started before a seek are discarded.
    private var generation = 0
    private var samples: EpochPermutations
    private var conditions: EpochPermutations?
    private var threadCount = 0
    private var isStopped = false

    init(
        dataset: any Dataset, order: BatchOrder, conditionOrder: BatchOrder?, batches: [Batch], position: Int
    ) {
        self.dataset = dataset
        samples = EpochPermutations(order)
        conditions = conditionOrder.map(EpochPermutations.init)
        labels = dataset.labels
        free = batches
        nextIndex = position
        claimed = position
    }

    var position: Int { condition.withLock { nextIndex } }

    func startThread() throws {
        condition.withLock { threadCount += 1 }
        do {
            try AgonTensors.startThread("agon batches") { [self] in
                let scratch = ImageScratch()
                while let claim = claim() { make(claim, scratch: scratch) }
                threadEnded()
            }
        } catch {
            threadEnded()
            throw error
        }
    }

    private func threadEnded() {
        condition.withLock {
            threadCount -= 1
            condition.broadcast()
        }
    }

    func seek(to index: Int) {
        precondition(index >= 0, "batch \(index)")
        condition.withLock {
            generation += 1
            free.append(contentsOf: ready.values)
            ready.removeAll(keepingCapacity: true)
            failure = nil
            nextIndex = index
            claimed = index
            condition.broadcast()
        }
    }

    func next() throws -> Batch {
        try condition.withLock {
            returnHeld()
            while true {
                precondition(!isStopped, "a batch was asked of a stopped loader")
                if let batch = ready.removeValue(forKey: nextIndex) {
                    held = batch
                    nextIndex += 1
                    condition.broadcast()
                    return batch
                }
                if let failure, failure.index == nextIndex { throw failure.error }
                condition.wait()
            }
        }
    }

    /// Lets the buffers of the batch handed out last be filled again. The caller has the lock.
    private func returnHeld() {
        guard let held else { return }
        free.append(held)
        self.held = nil
        condition.broadcast()
    }

    func wait(through end: Int) throws {
        try condition.withLock {
            returnHeld()
            while !(nextIndex..<end).allSatisfy({ ready[$0] != nil }) {
                precondition(!isStopped, "a batch was asked of a stopped loader")
                if let failure, failure.index < end { throw failure.error }
                condition.wait()
            }
        }
    }

    func stop() {
        condition.withLock {
            isStopped = true
            condition.broadcast()
            while threadCount > 0 { condition.wait() }
        }
    }

    private struct Claim {
        let index: Int
        let samples: BatchRows
        let conditions: BatchRows?
        let batch: Batch
        let generation: Int
    }

    /// The next batch to prepare and its buffers; nil if the loader is stopped.
    ///
    /// Batches are claimed in order under the lock, so the lowest requested batch always gets buffers and no deadlock
    /// occurs.
    private func claim() -> Claim? {
        condition.withLock {
            while !isStopped {
                if failure == nil, let batch = free.popLast() {
                    let index = claimed
                    claimed += 1
                    let rows = samples.rows(ofBatch: index)
                    return Claim(
                        index: index, samples: rows, conditions: conditions?.rows(ofBatch: index, limit: rows.count),
                        batch: batch, generation: generation)
                }
                condition.wait()
            }
            return nil
        }
    }

    private func make(_ claim: Claim, scratch: ImageScratch) {
        let result = Result {
            try claim.batch.fill(
                index: claim.index, samples: claim.samples, conditions: claim.conditions, dataset: dataset,
                labels: labels, scratch: scratch)
        }
        condition.withLock {
            if claim.generation != generation {
                free.append(claim.batch)
            } else if case .failure(let error) = result {
                free.append(claim.batch)
                if claim.index < failure?.index ?? .max { failure = (claim.index, error) }
            } else {
                ready[claim.index] = claim.batch
            }
            condition.broadcast()
        }
    }
}
