import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonTensors
import AgonText
import AgonTraining

/// A classifier for metrics, before its network is built.
enum ExtractorSource {
    case recipe(ClassifierRecipe, weights: ClassifierWeights?)
    case inceptionV3(InceptionV3Weights, hash: String)

    /// The named classifier or, if none is named, the one trained on a dataset.
    ///
    /// Throws `ClassifierError.unknown`, `MeasurementError.noClassifier`, `RunError.badWeights`, `ConfigError`,
    /// `TensorsError`.
    static func find(
        _ reference: ClassifierReference?, dataset: String, catalogue: ClassifierCatalogue
    ) throws -> ExtractorSource {
        switch reference {
        case .named(let name): return .recipe(try catalogue.recipe(name), weights: nil)
        case .inceptionV3(let path):
            return .inceptionV3(try InceptionV3Weights(path: path), hash: try SHA256.hex(ofFile: path))
        case nil:
            for name in catalogue.names {
                let recipe = try catalogue.recipe(name)
                if recipe.configuration.dataset.name == dataset { return .recipe(recipe, weights: nil) }
            }
            throw MeasurementError.noClassifier(dataset: dataset, available: catalogue.names)
        }
    }

    /// The line about metrics that are left out because no classifier is known for the data.
    static func leftOut(_ metrics: [EvaluationMetric], dataset: String) -> String {
        "left out \(metrics.map(\.rawValue).joined(separator: ", ")): no classifier was trained on '\(dataset)'; "
            + "name one with --classifier (\(CommandText.agon("classifier list"))), or in a config with evaluate.classifier"
    }

    /// The same with weights, trained if there are none.
    func trained(
        searchPath: DataSearchPath, catalogue: ClassifierCatalogue, threads: Int, note: (String) -> Void
    ) throws -> ExtractorSource {
        switch self {
        case .recipe(let recipe, weights: nil):
            // The time left is known soon; later lines are rare.
            var next = ContinuousClock.now + .seconds(5)
            let weights = try catalogue.trainedWeights(
                of: recipe, searchPath: searchPath, threads: threads,
                report: { progress in
                    guard ContinuousClock.now >= next else { return }
                    next = .now + .seconds(30)
                    let parts = progress.classifierParts + [DurationText.short(progress.secondsLeft) + " left"]
                    note("classifier \(recipe.name): \(parts.joined(separator: ", "))")
                }, note: note)
            let accuracy = NumberText.percent(weights.accuracy)
            note("classifier \(recipe.name): accuracy \(accuracy) of \(weights.testSamples) test samples")
            return .recipe(recipe, weights: weights)
        case .recipe, .inceptionV3: return self
        }
    }

    var name: String {
        switch self {
        case .recipe(let recipe, _): recipe.name
        case .inceptionV3: InceptionV3.name
        }
    }

    /// Its name in distances.
    var architecture: String {
        switch self {
        case .recipe(let recipe, _): recipe.configuration.architecture
        case .inceptionV3: InceptionV3.name
        }
    }

    /// The SHA-256 of the weight file.
    var hash: String {
        switch self {
        case .recipe(_, let weights): weights?.hash ?? ""
        case .inceptionV3(_, let hash): hash
        }
    }

    var input: ImageShape {
        switch self {
        case .recipe(let recipe, _):
            let shape = recipe.configuration.input
            return ImageShape(height: shape[0], width: shape[1], channels: shape[2])
        case .inceptionV3: return ImageShape(height: InceptionV3.side, width: InceptionV3.side, channels: 3)
        }
    }

    /// Throws `ClassifierError.doesNotFit` for images with other channels.
    func check(_ image: ImageShape, of owner: String) throws {
        guard image.channels == input.channels else {
            throw ClassifierError.doesNotFit(
                classifier: name,
                reason: "it reads \(Self.kind(input.channels)) images, those of \(owner) are "
                    + "\(Self.kind(image.channels)); "
                    + "choose another with --classifier (in a config: evaluate.classifier)")
        }
    }

    /// Throws `ClassifierError.doesNotFit` unless it classifies grey digits.
    func checkReadsDigits() throws {
        let classes: Int
        switch self {
        case .recipe(let recipe, _): classes = try recipe.network().outputShape[0]
        case .inceptionV3(let weights, _): classes = weights.classes
        }
        guard input.channels == 1, classes == 10 else {
            throw ClassifierError.doesNotFit(
                classifier: name,
                reason: "the modes of stacked digits need a classifier of grey digits, "
                    + "this one has \(classes) classes of \(Self.kind(input.channels)) images")
        }
    }

    private static func kind(_ channels: Int) -> String {
        channels == 1 ? "grey" : channels == 3 ? "colour" : "\(channels)-channel"
    }

    /// The network ready to run.
    ///
    /// Throws `RunError.badWeights`, `TensorsError`, `GraphError`.
    func load(pool: WorkerPool) throws -> FeatureExtractor {
        switch self {
        case .recipe(let recipe, let weights):
            guard let weights else { preconditionFailure("classifier '\(recipe.name)' is not trained") }
            return try FeatureExtractor.load(recipe, weights: weights, pool: pool)
        case .inceptionV3(let weights, let hash):
            return try FeatureExtractor.load(weights, hash: hash, pool: pool)
        }
    }
}
