import AgonAdversarial
import AgonDatasets
import AgonTraining

/// Training batches of a classifier: images and classes, prefetched by other threads.
final class ClassifierInputs: PhaseInputs {
    private let loader: BatchLoader
    private let classes: Int
    private let oneHotLabels: UnsafeMutableBufferPointer<Float>
    /// The classes of the most recent batch.
    private(set) var labels: UnsafeBufferPointer<Int32>

    /// Throws `DatasetError`.
    init(_ dataset: any Dataset, classes: Int, batchSize: Int, seed: UInt64, workers: Int) throws {
        loader = try BatchLoader(dataset: dataset, batchSize: batchSize, seed: seed, workers: workers)
        self.classes = classes
        oneHotLabels = .allocate(capacity: batchSize * classes)
        oneHotLabels.initialize(repeating: 0)
        labels = UnsafeBufferPointer(start: nil, count: 0)
    }

    deinit { oneHotLabels.deallocate() }

    func values(for phase: IterationPhase, batch index: Int, run: Int) throws -> [String: UnsafePointer<Float>] {
        let batch = try loader.next(at: index)
        batch.writeOneHotLabels(classCount: classes, into: oneHotLabels)
        labels = batch.labels
        var values: [String: UnsafePointer<Float>] = [:]
        values[DataInput.real.rawValue] = batch.images.baseAddress
        values[DataInput.condition.rawValue] = UnsafePointer(oneHotLabels.baseAddress)
        return values
    }

    func stop() { loader.stop() }
}
