import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonMetrics
import AgonRuns
import AgonSampling
import AgonTensors
import AgonText
import AgonTraining

/// The requirements of a run's evaluation, checked before anything is trained or measured: real samples, the
/// possible metrics, the classifier with its weights.
struct EvaluationPlan {
    private(set) var settings: EvaluationSettings
    let metrics: [EvaluationMetric]
    /// The real samples, without random transforms.
    let dataset: any Dataset
    /// Of the images that the generator was trained on; the real samples here are in [-1, 1].
    let range: SampleRange
    /// What metrics look through; nil where none needs to.
    let extractor: ExtractorSource?
    /// The shape of an image; nil for points.
    let image: ImageShape?
    /// Whether images are stacked digits.
    let isStacked: Bool
    /// The name of the dataset, and 12 digits of the digest of its sample-affecting values.
    private let data: (name: String, digest: String)
    /// The training samples' modes and their frequencies; nil unless modes are measured by classes.
    let modeFrequencies: [Double]?

    /// - Parameters:
    ///   - experiment: the experiment of one stage.
    ///   - isStage: whether there are other stages, whose images may have another size: metrics that do not suit this
    ///     stage are omitted instead of refused.
    ///   - isSplitDemanded: whether a missing test split is an error, instead of a reason to take the training split.
    ///   - requiresClassifier: whether it is an error that there is no classifier for metrics that the settings do not
    ///     name, instead of a reason to leave them out.
    ///   - note: called with a line if a classifier must be trained first, or if metrics are left out.
    ///
    /// Throws `MeasurementError` and `ClassifierError` for mismatches, `TensorsError.lapackUnavailable`,
    /// `DatasetError`, the errors of training a classifier.
    init(
        _ settings: EvaluationSettings, experiment: Experiment, isStage: Bool = false, isSplitDemanded: Bool = false,
        requiresClassifier: Bool = false, searchPath: DataSearchPath, catalogue: ClassifierCatalogue, threads: Int,
        note: (String) -> Void
    ) throws {
        let training = experiment.configuration.dataset
        let name = training.name
        let measured = training.measured(by: settings)
        self.settings = settings
        range = training.range
        let opened = try experiment.locating { () throws -> OpenedData in
            do {
                return OpenedData(dataset: try measured.open(searchPath: searchPath), configuration: measured)
            } catch DatasetError.noTestSplit where !isSplitDemanded {
                return try OpenedData(
                    training: training, searchPath: searchPath,
                    because: "'\(name)' has no test split", remedy: "hold some out with dataset.holdout")
            } catch DatasetError.embeddingCount(let path, _, _)
                where !isSplitDemanded && settings.split != training.split
            {
                return try OpenedData(
                    training: training, searchPath: searchPath,
                    because: "\(path) has no vectors for the \(settings.split.rawValue) split",
                    remedy: "hold some out with dataset.holdout, and set evaluate.split to \"validation\"")
            }
        }
        dataset = opened.dataset
        data = (name, String(try opened.configuration.digest().prefix(12)))
        self.settings.split = opened.configuration.split
        if let text = opened.note { note(text) }
        let isStacked = name == DatasetConfiguration.BuiltIn.stackedDigits.rawValue
        self.isStacked = isStacked
        let shape = dataset.sampleShape
        image = shape.rank == 3 ? ImageShape(height: shape[0], width: shape[1], channels: shape[2]) : nil

        let possible = Self.possibleMetrics(image: image, isStacked: isStacked, isMixture: dataset.mixture != nil)
        for metric in settings.metrics where !possible.contains(metric) && !isStage {
            throw MeasurementError.unfit(
                metric: metric.rawValue,
                reason: Self.reason(metric, image: image, isMixture: dataset.mixture != nil, dataset: name))
        }
        var metrics = settings.metrics.isEmpty ? possible : settings.metrics.filter(possible.contains)
        // A classifier of digits finds the modes of stacked digits.
        func needsClassifier(_ metric: EvaluationMetric) -> Bool {
            metric.needsFeatures || (isStacked && metric == .modes)
        }
        var source: ExtractorSource?
        if metrics.contains(where: needsClassifier), image != nil {
            let classified = isStacked ? "mnist" : name
            let others = metrics.filter { !needsClassifier($0) }
            do {
                source = try ExtractorSource.find(settings.classifier, dataset: classified, catalogue: catalogue)
            } catch MeasurementError.noClassifier
                where settings.metrics.isEmpty && !others.isEmpty && !requiresClassifier
            {
                note(ExtractorSource.leftOut(metrics.filter(needsClassifier), dataset: classified))
                metrics = others
            }
        }
        if let source, let image {
            if isStacked, metrics.contains(.modes) { try source.checkReadsDigits() }
            if metrics.contains(where: \.needsFeatures) {
                // Classifiers of single digits give no features of stacked ones; only explicit requests are reported.
                if isStacked, settings.metrics.isEmpty, source.input.channels != image.channels {
                    metrics.removeAll(where: \.needsFeatures)
                } else {
                    try source.check(image, of: "dataset '\(name)'")
                }
            }
            extractor = try source.trained(
                searchPath: searchPath, catalogue: catalogue, threads: threads, note: note)
        } else {
            extractor = nil
        }
        metrics = try Self.measurable(
            metrics, named: settings.metrics, isStage: isStage, real: min(settings.realSamples, dataset.count),
            generated: Self.generated(settings, task: experiment.configuration.training.task, dataset: dataset),
            note: note)
        if metrics.contains(.frechet), !BLAS.description.hasLAPACK { throw TensorsError.lapackUnavailable }
        self.metrics = metrics
        if isStacked, metrics.contains(.modes) {
            let modes = try training.deterministic(split: .train, takesAll: true).open(searchPath: searchPath)
            let counts = ModeCoverage.counts(of: (modes.labels ?? []).map { Int($0) }, count: 1000)
            modeFrequencies = counts.map { Double($0) }
        } else {
            modeFrequencies = nil
        }
    }

    private static func possibleMetrics(
        image: ImageShape?, isStacked: Bool, isMixture: Bool
    ) -> [EvaluationMetric] {
        guard let image else { return isMixture ? [.modes] : [] }
        let hasWindow = MultiScaleSimilarity.scaleCount(height: image.height, width: image.width) > 0
        return EvaluationMetric.allCases.filter { metric in
            switch metric {
            case .frechet, .kernel, .score, .neighbours: true
            case .similarity: hasWindow
            case .modes: isStacked
            }
        }
    }

    /// The number of samples that metrics other than `modes` see.
    private static func generated(_ settings: EvaluationSettings, task: any GANTask, dataset: any Dataset) -> Int {
        guard task.takesConditionImages else { return settings.samples }
        return min(settings.samples, dataset.independentConditions?.count ?? dataset.count)
    }

    /// Those metrics for which there are enough samples. Of several stages, and of metrics that the settings do not
    /// name, the others are left out with a note.
    ///
    /// Throws `MeasurementError.unfit`.
    private static func measurable(
        _ metrics: [EvaluationMetric], named: [EvaluationMetric], isStage: Bool, real: Int, generated: Int,
        note: (String) -> Void
    ) throws -> [EvaluationMetric] {
        try metrics.filter { metric in
            guard let reason = metric.shortage(real: real, generated: generated) else { return true }
            if named.contains(metric), !isStage {
                throw MeasurementError.unfit(metric: metric.rawValue, reason: reason)
            }
            note("left out \(metric.rawValue): \(reason)")
            return false
        }
    }

    private static func reason(
        _ metric: EvaluationMetric, image: ImageShape?, isMixture: Bool, dataset: String
    ) -> String {
        switch metric {
        case .modes: "the modes of '\(dataset)' are unknown; only mixtures and stacked-mnist have known modes"
        case .similarity where image != nil:
            "it needs images of at least 11x11 pixels, those of '\(dataset)' are smaller"
        default: "'\(dataset)' has points, not images" + (isMixture ? "; 'modes' can be measured" : "")
        }
    }

    // MARK: Identities

    /// The identity of a value, including the common parts.
    ///
    /// - Parameters:
    ///   - usesFeatures: whether it includes the classifier and the resizer.
    ///   - real: the number of real samples compared with; nil if none.
    ///   - isAveraged: whether averages of the generator's weights were measured.
    func identity(
        usesFeatures: Bool, resizer: ImageResizer?, real: Int?, generated: Int, isAveraged: Bool,
        others: [(String, ConfigNode)] = []
    ) -> EvaluationIdentity {
        var object = ConfigObject()
        if usesFeatures, let extractor {
            object["extractor"] = ConfigNode(extractor.name)
            object["extractorHash"] = ConfigNode(extractor.hash)
            if let resizer { object["resizer"] = ConfigNode(resizer.rawValue) }
        }
        object["dataset"] = ConfigNode(data.name)
        object["datasetDigest"] = ConfigNode(data.digest)
        // Of published sets the name says it all, so values that were measured before contents were hashed stay
        // comparable.
        if let contents = dataset.fingerprint, !contents.isPublished {
            object["datasetContents"] = ConfigNode(contents.sha256)
        }
        if let image { object["image"] = ConfigNode("\(image)") }
        if let real {
            object["split"] = ConfigNode(settings.split.rawValue)
            object["realSamples"] = ConfigNode(real)
        }
        object["generatedSamples"] = ConfigNode(generated)
        object["weights"] = ConfigNode(isAveraged ? "average" : "raw")
        if let batches = settings.standingStatistics { object["standingStatistics"] = ConfigNode(batches) }
        object["latentSeed"] = .number(settings.seed)
        if image != nil { object["image8bit"] = ConfigNode(EightBitImages.map) }
        for (name, value) in others { object[name] = value }
        return EvaluationIdentity(object)
    }

    /// The key of cached real features, to share them among runs.
    var realKey: String {
        let contents = dataset.fingerprint?.sha256 ?? ""
        return "\(data.digest) \(contents) \(settings.split.rawValue) \(settings.realSamples) \(extractor?.hash ?? "")"
    }
}

extension EvaluationMetric {
    /// What is missing for the metric to be defined; nil if there are enough samples.
    fileprivate func shortage(real: Int, generated: Int) -> String? {
        let needed: (real: Int, generated: Int)
        switch self {
        case .frechet, .kernel, .similarity: needed = (2, 2)
        case .neighbours: needed = (FeatureComparison.neighbours + 1, FeatureComparison.neighbours + 1)
        case .score: needed = (0, 1)
        case .modes: return nil
        }
        if generated < needed.generated {
            return "\(CountText.short(generated, "generated sample")), at least \(needed.generated) are needed"
        }
        if real < needed.real {
            return "\(CountText.short(real, "real sample")), at least \(needed.real) are needed"
        }
        return nil
    }
}

/// The real samples of an evaluation.
private struct OpenedData {
    let dataset: any Dataset
    let configuration: DatasetConfiguration
    var note: String?

    init(dataset: any Dataset, configuration: DatasetConfiguration) {
        (self.dataset, self.configuration) = (dataset, configuration)
    }

    /// The training samples in place of a split that there is not: better than no value, as long as a note says so.
    init(training: DatasetConfiguration, searchPath: DataSearchPath, because reason: String, remedy: String) throws {
        let trained = training.deterministic(split: .train, takesAll: true)
        self.init(dataset: try trained.open(searchPath: searchPath), configuration: trained)
        note = "\(reason): samples are compared with the training samples; \(remedy)"
    }
}
