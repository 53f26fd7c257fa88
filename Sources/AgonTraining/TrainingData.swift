import AgonAdversarial
import AgonDatasets
import AgonExperiments

/// The opened datasets of a training.
struct TrainingData: Sendable {
    let dataset: any Dataset
    /// The labelled samples, for objectives that use some.
    let labelled: (any Dataset)?
    /// The samples from which sample grids start: the held-out samples, if there are any.
    let shown: any Dataset

    /// Throws `DatasetError`.
    init(_ configuration: ExperimentConfiguration, searchPath: DataSearchPath) throws {
        let dataset = try configuration.dataset.open(searchPath: searchPath)
        self.dataset = dataset
        labelled = try configuration.training.objective.labelledSamples.map {
            try BalancedSubset(of: dataset, size: $0.count)
        }
        var heldOut = configuration.dataset
        heldOut.split = .validation
        let startsFromData = configuration.training.task.takesConditionImages
        shown =
            startsFromData && heldOut.holdout > 0 && configuration.dataset.split == .train
            ? try heldOut.open(searchPath: searchPath) : dataset
    }

    var shapes: DataShapes { DataShapes(sample: dataset.sampleShape, condition: dataset.conditionShape) }
}
