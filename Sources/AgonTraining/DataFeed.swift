import AgonAdversarial
import AgonDatasets
import AgonTensors

/// The inputs of a training from its dataset. Other threads read them ahead.
final class DataFeed: PhaseInputs {
    private let loader: BatchLoader
    private let labelled: BatchLoader?
    private let conditions: Conditions
    private let conditionVectors: UnsafeMutableBufferPointer<Float>
    private let labelVectors: UnsafeMutableBufferPointer<Float>
    private let classes: Int

    private enum Conditions {
        case none, images, labels(Int), embeddings
    }

    /// - Parameters:
    ///   - labelled: the labelled samples that the objective uses in addition to the batch.
    ///   - order: the order of an epoch's samples.
    ///   - batches: the number of batches per iteration.
    ///
    /// Throws `AdversarialError.otherConditions` for data without the conditions of the task, `DatasetError`.
    init(
        dataset: any Dataset, labelled: (any Dataset)?, configuration: AdversarialConfiguration,
        order: SampleOrder = .shuffled, batches: Int = 1, seed: UInt64
    ) throws {
        // All batches of an iteration must be ready before it begins.
        let ahead = max(3, batches)
        let batchSize = configuration.batchSize
        conditions = try Self.conditions(of: dataset, for: configuration.task)
        loader = try BatchLoader(dataset: dataset, batchSize: batchSize, seed: seed, order: order, ahead: ahead)
        conditionVectors = .allocate(capacity: max(1, batchSize * (configuration.task.conditionSize ?? 0)))
        conditionVectors.initialize(repeating: 0)
        let settings = configuration.objective.labelledSamples
        classes = settings?.classes ?? 0
        labelVectors = .allocate(capacity: max(1, classes * (settings?.batchSize ?? 0)))
        labelVectors.initialize(repeating: 0)
        if let settings, let labelled {
            guard labelled.labels != nil, labelled.classNames.count == classes else {
                throw AdversarialError.otherConditions(
                    place: .root.key("objective").key("labelled").key("classes"), expected: "\(classes) classes",
                    found: Self.description(ofClasses: labelled))
            }
            guard labelled.count >= settings.batchSize else {
                throw AdversarialError.fewLabelled(batchSize: settings.batchSize, samples: labelled.count)
            }
            self.labelled = try BatchLoader(
                dataset: labelled, batchSize: settings.batchSize,
                seed: RandomStream(seed: seed, purpose: "labelled samples").key, ahead: ahead)
        } else {
            self.labelled = nil
        }
    }

    deinit {
        conditionVectors.deallocate()
        labelVectors.deallocate()
    }

    private static func conditions(of dataset: any Dataset, for task: any GANTask) throws -> Conditions {
        if task.takesConditionImages {
            guard dataset.conditionShape != nil else { throw AdversarialError.noConditions(task: type(of: task).name) }
            return .images
        }
        guard let size = task.conditionSize else { return .none }
        if let generation = task as? GenerationTask, case .embedding = generation.condition {
            guard dataset.embeddingSize == size else {
                throw AdversarialError.otherConditions(
                    place: .root.key("task").key("embedding"),
                    expected: "embeddings of \(size) numbers (dataset.embeddings)",
                    found: dataset.embeddingSize.map { "embeddings of \($0)" } ?? "none")
            }
            return .embeddings
        }
        guard dataset.labels != nil, dataset.classNames.count == size else {
            throw AdversarialError.otherConditions(
                place: .root.key("task").key("labels"), expected: "\(size) classes",
                found: description(ofClasses: dataset))
        }
        return .labels(size)
    }

    private static func description(ofClasses dataset: any Dataset) -> String {
        dataset.labels == nil ? "no labels" : "\(dataset.classNames.count)"
    }

    var batchesPerEpoch: Int { loader.batchesPerEpoch }

    func values(for phase: IterationPhase, batch index: Int, run: Int) throws -> [String: UnsafePointer<Float>] {
        var values: [String: UnsafePointer<Float>] = [:]
        guard phase.usesBatch else { return values }
        let batch = try loader.next(at: index)
        if phase.uses(.real) { values[DataInput.real.rawValue] = batch.images.baseAddress }
        if phase.uses(.condition) {
            switch conditions {
            case .none: preconditionFailure("phase '\(phase.name)' takes conditions, but the task has none")
            case .images: values[DataInput.condition.rawValue] = batch.conditions.baseAddress
            case .embeddings: values[DataInput.condition.rawValue] = batch.embeddings.baseAddress
            case .labels(let classes):
                batch.writeOneHotLabels(classCount: classes, into: conditionVectors)
                values[DataInput.condition.rawValue] = UnsafePointer(conditionVectors.baseAddress)
            }
        }
        if phase.uses(.labelled), let labelled {
            let batch = try labelled.next(at: index)
            batch.writeOneHotLabels(classCount: classes, into: labelVectors)
            values[DataInput.labelled.rawValue] = batch.images.baseAddress
            values[DataInput.labels.rawValue] = UnsafePointer(labelVectors.baseAddress)
        }
        return values
    }

    func prepare(_ batches: Range<Int>) throws {
        try loader.wait(for: batches)
        try labelled?.wait(for: batches)
    }

    func stop() {
        loader.stop()
        labelled?.stop()
    }
}
