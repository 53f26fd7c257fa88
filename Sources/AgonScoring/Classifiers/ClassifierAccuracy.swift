import AgonDatasets
import AgonGraph
import AgonLayers
import AgonSampling

/// The accuracy of a classifier.
enum ClassifierAccuracy {
    /// The fraction of a dataset's samples whose class has the largest logit, in evaluation mode.
    ///
    /// Throws the errors of reading samples.
    static func measure(_ network: Network, on dataset: any Dataset, threads: Int) throws -> Double {
        guard let labels = dataset.labels else { preconditionFailure("accuracy on samples without classes") }
        let extractor = try FeatureExtractor(
            classifier: network, name: "accuracy", architecture: "accuracy", hash: "",
            pool: WorkerPool(threads: threads))
        var right = 0
        for start in stride(from: 0, to: dataset.count, by: 512) {
            let rows = start..<min(start + 512, dataset.count)
            let images = EightBitImages(try dataset.samples(rows))
            let classes = extractor.outputs(for: images).namedClasses
            right += zip(rows, classes).count { Int(labels[$0]) == $1 }
        }
        return Double(right) / Double(max(dataset.count, 1))
    }
}
