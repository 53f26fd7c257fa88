import AgonConfiguration
import AgonDatasets
import AgonGraph
import AgonMetrics
import AgonTensors

/// The distances of a dataset's training samples to its test samples, as a classifier sees them: what a generator that
/// draws from the data's own distribution would have, and below which a distance says nothing.
public enum RealDistances {
    /// One distance and the numbers of samples that it was taken of.
    public struct Distance: Sendable {
        public let name: String
        public let value: Double
        public let trainingSamples: Int
        public let testSamples: Int
    }

    /// Measures the Fréchet and the kernel distance, of a classifier that is trained first if it is not yet.
    ///
    /// - Parameters:
    ///   - samples: samples of each part, at most, drawn as evaluations draw their real samples. The kernel distance
    ///     takes as many of both parts.
    ///   - note: told what is going on, in a line.
    ///
    /// Throws what training a classifier throws, `DatasetError`, `MetricError`, `TensorsError`.
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
