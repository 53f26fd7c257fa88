import AgonDatasets
import AgonGraph
import AgonMetrics

/// The distances of a dataset's training samples to its test samples under a classifier: those of a generator that
/// samples the data's own distribution, below which distances are meaningless.
public enum RealDistances {
    /// One distance and the numbers of samples.
    public struct Distance: Sendable {
        public let name: String
        public let value: Double
        public let trainingSamples: Int
        public let testSamples: Int
    }

    /// Measures the Fréchet and the kernel distance with a classifier, trained first if necessary.
    ///
    /// - Parameters:
    ///   - samples: maximum number of samples per split, drawn as for evaluations. The kernel distance
    ///     uses equally many of both splits.
    ///   - note: called with one-line status messages.
    ///
    /// Throws the errors of training a classifier, `DatasetError`, `MetricError`, `TensorsError`.
    public static func measure(
        _ recipe: ClassifierRecipe, samples: Int, searchPath: DataSearchPath,
        catalogue: ClassifierCatalogue = .standard(), threads: Int, note: (String) -> Void = { _ in }
    ) throws -> [Distance] {
        let source = try ExtractorSource.recipe(recipe, weights: nil).trained(
            searchPath: searchPath, catalogue: catalogue, threads: threads, note: note)
        let extractor = try source.load(pool: WorkerPool(threads: threads))
        func features(_ split: DatasetSplit) throws -> Features {
            let dataset = try recipe.openSamples(of: split, searchPath: searchPath)
            return try extractor.features(
                of: dataset, RealFeatures.order(of: dataset).prefix(samples), resizer: nil, threads: threads)
        }
        let (training, test) = (try features(.train), try features(.test))
        let frechet = try FrechetDistance.between(
            real: FeatureStatistics(test, set: "test", threads: threads),
            fake: FeatureStatistics(training, set: "training", threads: threads))
        let paired = min(training.rows, test.rows)
        extractor.warning(samples: paired).map(note)
        let kernel = try KernelInceptionDistance.between(
            real: test.selecting(0..<paired), fake: training.selecting(0..<paired), threads: threads)
        return [
            Distance(
                name: "fid-" + extractor.architecture, value: frechet, trainingSamples: training.rows,
                testSamples: test.rows),
            Distance(
                name: "kid-" + extractor.architecture, value: kernel, trainingSamples: paired, testSamples: paired),
        ]
    }
}
