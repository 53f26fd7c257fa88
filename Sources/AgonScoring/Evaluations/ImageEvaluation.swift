import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonMetrics
import AgonRuns
import AgonSampling
import AgonTensors
import AgonText

/// Measures images that no run of Agon made: a folder of them against a dataset, another folder, or stored statistics.
///
/// Each value has an identity, as that of a run has. Images are compared as they are stored, at 8 bits; a classifier
/// reads them at its own size. Those of a dataset are first resized to the size of the images that are compared with
/// them, as a config with this size resizes them.
public struct ImageEvaluation {
    /// What images are compared with.
    public enum Reference: Hashable, Sendable {
        case folder(String)
        /// A dataset with a manifest, by its name.
        case dataset(String)
        /// Statistics of features in pytorch-fid's format.
        case statistics(String)

        /// A path that ends in `.npz`, a path with a `/`, of a folder or of an archive, or else the name of a dataset.
        public init(_ text: String) {
            if text.lowercased().hasSuffix(".npz") {
                self = .statistics(text)
            } else if text.contains("/") || FileSystem.isFolder(text) || DatasetArchive.isArchive(text) {
                self = .folder(text)
            } else {
                self = .dataset(text)
            }
        }
    }

    /// What to measure; nil: all that suit the images, the reference and the known classifiers.
    public var metrics: [EvaluationMetric]?
    /// The most images of the folder, and of the reference; nil: all.
    public var samples: Int?
    public var realSamples: Int?
    /// The split of a dataset; nil: the test images or, where there are none, the training images.
    public var split: DatasetSplit?
    /// Nil: the classifier that was trained on the dataset.
    public var classifier: ClassifierReference?
    /// Of the pairs of images whose similarity is measured.
    public var seed: UInt64 = 0
    /// Where to write the reference's statistics; nil: nowhere.
    public var statisticsPath: String?

    private let path: String
    private let reference: Reference
    private let searchPath: DataSearchPath
    private let catalogue: ClassifierCatalogue
    private let threads: Int

    /// - Parameter path: the folder with the images, or an archive of it.
    public init(
        images path: String, against reference: Reference, searchPath: DataSearchPath = .standard(),
        catalogue: ClassifierCatalogue = .standard(), threads: Int
    ) {
        self.path = path
        self.reference = reference
        self.searchPath = searchPath
        self.catalogue = catalogue
        self.threads = threads
    }

    /// The values of the metrics.
    ///
    /// - Parameter note: called with one-line status messages.
    ///
    /// Throws `MeasurementError`, `ClassifierError`, `MetricError`, `DatasetError`, `TensorsError`.
    public func measure(note: (String) -> Void = { _ in }) throws -> [EvaluationValue] {
        try BLAS.open()
        if let statisticsPath { try AtomicFile.checkFolder(of: statisticsPath) }
        let made = try ImageSet(folder: path, cacheFolder: searchPath.cacheFolder)
        let real = try realImages(comparedWith: made, note: note)
        var wanted = try wantedMetrics(made, note: note)
        var values: [EvaluationValue] = []
        if statisticsPath != nil || wanted.contains(where: \.needsFeatures) {
            do {
                values += try featureValues(wanted, made: made, real: real, note: note)
            } catch MeasurementError.noClassifier
                where metrics == nil && statisticsPath == nil && wanted.contains(.similarity)
            {
                note(ExtractorSource.leftOut(wanted.filter(\.needsFeatures), dataset: referenceName))
                wanted.removeAll(where: \.needsFeatures)
            }
        }
        if wanted.contains(.similarity) {
            values += try unlessTooFew(.similarity, note) { try similarityValues(made: made) }
        }
        if values.isEmpty {
            throw MeasurementError.unfit(
                metric: wanted.map(\.rawValue).joined(separator: ", "), reason: "too few images for any of them")
        }
        return values
    }

    /// The values of a metric. One that was not asked for is left out with a note if there are too few images for it.
    private func unlessTooFew(
        _ metric: EvaluationMetric, _ note: (String) -> Void, _ measure: () throws -> [EvaluationValue]
    ) throws -> [EvaluationValue] {
        do {
            return try measure()
        } catch let error as MetricError {
            guard metrics == nil, case .tooFewSamples = error else { throw error }
            note("left out \(metric.rawValue): \(error)")
            return []
        }
    }

    private func realImages(comparedWith made: ImageSet, note: (String) -> Void) throws -> ImageSet? {
        switch reference {
        case .folder(let path): return try ImageSet(folder: path, cacheFolder: searchPath.cacheFolder)
        case .dataset(let name):
            var real: ImageSet
            do {
                real = try ImageSet(dataset: name, split: split ?? .test, searchPath: searchPath)
            } catch DatasetError.noTestSplit where split == nil {
                note("'\(name)' has no test split: images are compared with the training images")
                real = try ImageSet(dataset: name, split: .train, searchPath: searchPath)
            } catch DatasetError.noTestSplit {
                // No config can hold images out here.
                throw MeasurementError.noSplit(.test, dataset: name)
            } catch DatasetError.noHoldout {
                throw MeasurementError.noSplit(.validation, dataset: name)
            }
            // Generators are trained on resized images, so theirs would differ from the original ones by that alone.
            guard let size = try made.size() else { return real }
            if let own = try real.size(), own.height == size.height, own.width == size.width { return real }
            note(
                "the images of '\(name)' are resized to \(size.height)x\(size.width), the size of those in "
                    + made.name + (statisticsPath == nil ? "" : "; so are those of the statistics"))
            real.target = size
            return real
        case .statistics: return nil
        }
    }

    /// Those that were asked for, or all that the images and the reference allow.
    private func wantedMetrics(_ made: ImageSet, note: (String) -> Void) throws -> [EvaluationMetric] {
        let size = try made.size()
        func reason(_ metric: EvaluationMetric) -> String? {
            switch metric {
            case .modes: return "the modes of images are unknown"
            case .kernel, .neighbours:
                guard case .statistics(let file) = reference else { return nil }
                return "\(file) holds statistics, not samples; give a folder or a dataset"
            case .similarity:
                guard let size else { return "the images of \(made.name) have several sizes" }
                return MultiScaleSimilarity.scaleCount(height: size.height, width: size.width) > 0
                    ? nil : "it needs images of at least 11x11 pixels"
            case .frechet, .score: return nil
            }
        }
        guard let metrics else {
            if let reason = reason(.similarity) { note("left out \(EvaluationMetric.similarity.rawValue): \(reason)") }
            return EvaluationMetric.allCases.filter { reason($0) == nil }
        }
        for metric in metrics {
            if let reason = reason(metric) { throw MeasurementError.unfit(metric: metric.rawValue, reason: reason) }
        }
        return metrics
    }

    // MARK: Features

    private func featureValues(
        _ metrics: [EvaluationMetric], made: ImageSet, real: ImageSet?, note: (String) -> Void
    ) throws -> [EvaluationValue] {
        let source = try ExtractorSource.find(classifier, dataset: referenceName, catalogue: catalogue).trained(
            searchPath: searchPath, catalogue: catalogue, threads: threads, note: note)
        let extractor = try source.load(pool: WorkerPool(threads: threads))
        let generated = try outputs(of: made, limit: samples, extractor)
        let known = try real.map { try outputs(of: $0, limit: realSamples, extractor) }
        if let known, let real, known.resizer != generated.resizer {
            note(
                "\(made.name) and \(real.name) have images of different sizes, which the classifier does not read alike; "
                    + "for a fair distance give all of them one size")
        }
        if let samples, generated.outputs.rows < samples {
            note("\(made.name) has only \(CountText.short(generated.outputs.rows, "image")), not \(samples)")
        }
        let sets: [(ImageSet?, FeatureExtractor.Outputs?)] = [(made, generated.outputs), (real, known?.outputs)]
        for (set, outputs) in sets {
            guard let set, let outputs, outputs.rows > 1, outputs.matrix.rowsAreEqual else { continue }
            note(
                "all \(outputs.rows) images of \(set.name) have the same features; "
                    + "precision, recall, density and coverage say nothing about them")
        }
        if let warning = extractor.warning(samples: min(generated.outputs.rows, known?.outputs.rows ?? .max)) {
            note(warning)
        }
        let file: StatisticsFile?
        if case .statistics(let path) = reference { file = try StatisticsFile(path: path) } else { file = nil }
        var statistics = file?.statistics
        func realStatistics() throws -> FeatureStatistics {
            if let statistics { return statistics }
            guard let known else { preconditionFailure("a distance to nothing") }
            let computed = try FeatureStatistics(known.outputs.matrix, set: "real", threads: threads)
            statistics = computed
            return computed
        }
        if let statisticsPath { try StatisticsFile.write(realStatistics(), path: statisticsPath) }
        let comparison = FeatureComparison(
            architecture: extractor.architecture, generated: generated.outputs, real: known?.outputs.matrix,
            realStatistics: realStatistics, threads: threads)
        func values(of metric: EvaluationMetric) throws -> [EvaluationValue] {
            try comparison.values(of: metric).map { value in
                var object: ConfigObject = [
                    "extractor": ConfigNode(source.name), "extractorHash": ConfigNode(source.hash),
                    "resizer": ConfigNode(generated.resizer),
                ]
                if let known, known.resizer != generated.resizer { object["realResizer"] = ConfigNode(known.resizer) }
                if metric != .score { describe(real, file, samples: value.real, in: &object) }
                describe(made, samples: generated.outputs.rows, in: &object)
                for (name, setting) in value.settings { object[name] = setting }
                return EvaluationValue(
                    step: 0, metric: value.name, value: value.value, identity: EvaluationIdentity(object))
            }
        }
        return try metrics.flatMap { metric in try unlessTooFew(metric, note) { try values(of: metric) } }
    }

    /// The name by which a classifier is found.
    private var referenceName: String {
        switch reference {
        case .folder(let path), .statistics(let path): path
        case .dataset(let name): name
        }
    }

    private func outputs(
        of set: ImageSet, limit: Int?, _ extractor: FeatureExtractor
    ) throws -> (outputs: FeatureExtractor.Outputs, resizer: String) {
        let input = extractor.input
        let (dataset, isResized) = try set.dataset(
            channels: input.channels, size: (height: input.height, width: input.width))
        let shape = ImageShape(
            height: dataset.sampleShape[0], width: dataset.sampleShape[1], channels: dataset.sampleShape[2])
        let resizer = isResized ? ImageResizer.none : ImageResizer(from: shape, to: input)
        var outputs = extractor.noOutputs
        let order = RealFeatures.order(of: dataset).prefix(limit ?? .max)
        let chunk = 512
        for start in stride(from: order.startIndex, to: order.endIndex, by: chunk) {
            let images = try dataset.images(order[start..<min(start + chunk, order.endIndex)], threads: threads)
            outputs.append(try extractor.outputs(for: images, resizedBy: resizer))
        }
        return (outputs, isResized ? ImageResizer.bilinear.rawValue : resizer.rawValue)
    }

    private func describe(
        _ real: ImageSet?, _ file: StatisticsFile?, samples: Int?, in object: inout ConfigObject
    ) {
        if let real {
            object["dataset"] = ConfigNode(real.name)
            object["datasetDigest"] = ConfigNode(real.digest)
            if let size = real.target { object["realSize"] = ConfigNode("\(size.height)x\(size.width)") }
            if let split = real.split { object["split"] = ConfigNode(split.rawValue) }
        }
        if let file {
            object["statistics"] = ConfigNode(file.path)
            object["statisticsHash"] = ConfigNode(file.hash)
        }
        if let samples { object["realSamples"] = ConfigNode(samples) }
    }

    private func describe(_ made: ImageSet, samples: Int, in object: inout ConfigObject) {
        object["generatedSamples"] = ConfigNode(samples)
        object["images"] = ConfigNode(made.digest)
    }

    // MARK: Similarity

    private func similarityValues(made: ImageSet) throws -> [EvaluationValue] {
        let dataset = try made.dataset(channels: 3, size: nil).images
        let count = min(samples ?? .max, Evaluator.similarityImages)
        let images = try dataset.images(RealFeatures.order(of: dataset).prefix(count), threads: threads)
        let mean = try images.meanSimilarity(pairs: Evaluator.similarityPairs, seed: seed, threads: threads)
        var object: ConfigObject = ["pairs": ConfigNode(Evaluator.similarityPairs)]
        describe(made, samples: images.count, in: &object)
        return [
            EvaluationValue(
                step: 0, metric: EvaluationMetric.similarity.rawValue, value: mean,
                identity: EvaluationIdentity(object))
        ]
    }
}
