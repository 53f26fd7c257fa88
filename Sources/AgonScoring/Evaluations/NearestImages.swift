import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonRuns
import AgonSampling
import AgonTensors
import AgonTraining

/// Samples of a run beside the training images nearest to them: is the generator copying?
///
/// The distance of two images is the root mean square of their pixels' differences, in levels of 0 to 255, or the
/// distance of a classifier's features. To judge a distance, the same is measured for training images and the rest of
/// their set.
public struct NearestImages {
    /// What was drawn and measured.
    public struct Outcome: Sendable {
        public let step: Int
        public let samples: Int
        public let trainingImages: Int
        /// The median distance of a sample to its nearest training image.
        public let sampleDistance: Double
        /// The median distance of a training image to its nearest other one.
        public let trainingDistance: Double
        /// The classifier whose features were compared; nil for pixels.
        public let classifier: String?
    }

    private let run: String
    private let sampling: Sampling
    private let searchPath: DataSearchPath
    private let catalogue: ClassifierCatalogue
    private let threads: Int

    /// - Parameter sampling: of the run.
    public init(
        run: String, sampling: Sampling, searchPath: DataSearchPath, catalogue: ClassifierCatalogue = .standard(),
        threads: Int
    ) {
        self.run = run
        self.sampling = sampling
        self.searchPath = searchPath
        self.catalogue = catalogue
        self.threads = threads
    }

    /// Writes an image with a strip for each sample: the sample, then its nearest training images, the nearest first.
    ///
    /// - Parameters:
    ///   - count: samples, the first of the seed.
    ///   - neighbours: training images beside each.
    ///   - classifier: whose features are compared; nil: pixels.
    ///   - note: called with one-line status messages.
    ///
    /// Throws `SamplingError`, `ConfigError`, `ClassifierError`, `DatasetError`, `TensorsError`.
    public func write(
        count: Int, neighbours: Int, seed: UInt64, classifier: String?, to path: String,
        note: (String) -> Void = { _ in }
    ) throws -> Outcome {
        guard path.lowercased().hasSuffix(".png") else { throw SamplingError.notOneImage(path: path) }
        try BLAS.open()
        guard sampling.drawsImages else { throw SamplingError.noNeighbours(folder: run) }
        let folder = RunFolder(path: run)
        let experiment = try Experiment.load(path: folder.configPath)
        let data = experiment.part(ofCheckpoint: sampling.step).configuration.dataset
        let dataset = try folder.locatingData(of: experiment) {
            try experiment.locating { try data.deterministic(split: .train).open(searchPath: searchPath) }
        }
        try SampleGrid.checkStrips(
            count, columns: 1 + min(neighbours, dataset.count), perRow: 1, sample: dataset.sampleShape)
        let drawn = try sampling.draw(.first(count), seed: seed, threads: threads).samples
        let numbers = try numbers(classifier, dataset: data.name, shape: drawn.shape, note: note)
        // Random training images, at most as many as samples.
        let others = Array(RealFeatures.order(of: dataset).prefix(count))
        let queries =
            try numbers(EightBitImages(drawn))
            + others.flatMap { index in
                try numbers(EightBitImages(dataset.samples([index])))
            }
        let size = queries.count / (count + others.count)
        let distances = try distances(of: queries, size: size, to: dataset, by: numbers)
        let all = dataset.count
        let nearest = (0..<count).map { row in
            Self.smallest(distances[row * all..<(row + 1) * all], count: min(neighbours, all))
        }
        let between = others.enumerated().map { row, own in
            let start = (count + row) * all
            return (0..<all).reduce(Float.infinity) { $1 == own ? $0 : min($0, distances[start + $1]) }
        }
        var columns = [drawn]
        for place in 0..<min(neighbours, all) {
            columns.append(try dataset.samples(nearest.map { $0[place] }))
        }
        try SampleGrid.writeStrips(columns, perRow: 1, path: path)
        let firsts = nearest.enumerated().map { distances[$0 * all + $1[0]] }
        return Outcome(
            step: sampling.step, samples: count, trainingImages: all, sampleDistance: Self.median(firsts),
            trainingDistance: Self.median(between.filter(\.isFinite)), classifier: classifier)
    }

    /// What images are compared by: rows of numbers, scaled so that the distance of two rows is that of the images.
    private func numbers(
        _ classifier: String?, dataset: String, shape: Shape, note: (String) -> Void
    ) throws -> (EightBitImages) throws -> [Float] {
        guard let classifier else {
            let scale = Float(1 / Double(shape.count / shape[0]).squareRoot())
            return { $0.pixels.map { Float($0) * scale } }
        }
        let image = ImageShape(height: shape[1], width: shape[2], channels: shape[3])
        let source = try ExtractorSource.find(ClassifierReference(classifier), dataset: dataset, catalogue: catalogue)
        try source.check(image, of: "'\(dataset)'")
        let extractor = try source.trained(
            searchPath: searchPath, catalogue: catalogue, threads: threads, note: note
        ).load(pool: WorkerPool(threads: threads))
        let resizer = ImageResizer(from: image, to: extractor.input)
        return { try extractor.outputs(for: $0, resizedBy: resizer).features.map { Float($0) } }
    }

    /// The distance of each query to each training image, `[queries, images]`.
    private func distances(
        of queries: [Float], size: Int, to dataset: any Dataset, by numbers: (EightBitImages) throws -> [Float]
    ) throws -> [Float] {
        let (rows, all) = (queries.count / size, dataset.count)
        var distances = [Float](repeating: 0, count: rows * all)
        let (chunk, workers) = (512, max(1, min(threads, rows)))
        for start in stride(from: 0, to: all, by: chunk) {
            let indices = Array(start..<min(start + chunk, all))
            let images = try numbers(dataset.images(indices[...], threads: threads))
            distances.withUnsafeMutableBufferPointer { distances in
                let target = RowsOfDistances(distances)
                queries.withUnsafeBufferPointer { queries in
                    images.withUnsafeBufferPointer { images in
                        let (from, to) = (FloatRows(queries), FloatRows(images))
                        runConcurrently(workers) { worker in
                            for row in stride(from: worker, to: rows, by: workers) {
                                for column in 0..<to.values.count / size {
                                    target.values[row * all + start + column] = distance(
                                        from.values, row * size, to.values, column * size, count: size)
                                }
                            }
                        }
                    }
                }
            }
        }
        return distances
    }

    /// The indices of the smallest values, counted from the slice's start, smallest first; of equal ones, the first.
    private static func smallest(_ values: ArraySlice<Float>, count: Int) -> [Int] {
        var best: [(value: Float, index: Int)] = []
        for (index, value) in values.enumerated() {
            if best.count == count, let last = best.last, value >= last.value { continue }
            let place = best.firstIndex { value < $0.value } ?? best.count
            best.insert((value, index), at: place)
            if best.count > count { best.removeLast() }
        }
        return best.map(\.index)
    }

    private static func median(_ values: [Float]) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1
            ? Double(sorted[middle]) : (Double(sorted[middle - 1]) + Double(sorted[middle])) / 2
    }
}

/// Rows that several threads write, each those of its own.
private struct RowsOfDistances: @unchecked Sendable {
    let values: UnsafeMutableBufferPointer<Float>

    init(_ values: UnsafeMutableBufferPointer<Float>) { self.values = values }
}

/// Rows that several threads read.
private struct FloatRows: @unchecked Sendable {
    let values: UnsafeBufferPointer<Float>

    init(_ values: UnsafeBufferPointer<Float>) { self.values = values }
}

/// The Euclidean distance of two rows.
private func distance(
    _ a: UnsafeBufferPointer<Float>, _ first: Int, _ b: UnsafeBufferPointer<Float>, _ second: Int, count: Int
) -> Float {
    // Eight sums, which the compiler keeps in a vector.
    var sums = SIMD8<Float>()
    var index = 0
    while index + 8 <= count {
        var difference = SIMD8<Float>()
        for lane in 0..<8 { difference[lane] = a[first + index + lane] - b[second + index + lane] }
        sums += difference * difference
        index += 8
    }
    var sum = sums.sum()
    while index < count {
        let difference = a[first + index] - b[second + index]
        sum += difference * difference
        index += 1
    }
    return sum.squareRoot()
}
