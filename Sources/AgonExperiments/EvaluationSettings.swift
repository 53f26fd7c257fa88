import AgonConfiguration
import AgonDatasets

/// The section `evaluate` of a config: what is measured of a generator, when, and against what.
///
/// Nothing of it changes the training: its random numbers are its own.
public struct EvaluationSettings: ConfigDecodable, Sendable {
    /// Which of the generator's weights are measured.
    public enum Weights: String, CaseIterable, Sendable {
        /// Their moving averages, where the config keeps some.
        case average
        case raw
    }

    /// Steps from one evaluation to the next; the last step has one too.
    public let every: Int
    /// Generated samples.
    public let samples: Int
    /// Generated samples of mode coverage.
    public let modeSamples: Int
    /// Real samples at most, drawn from the split independently of the run.
    public let realSamples: Int
    public let split: DatasetSplit
    /// Nil: the one that was trained on the dataset.
    public let classifier: ClassifierReference?
    /// Empty: all that fit the data.
    public let metrics: [EvaluationMetric]
    public let weights: Weights
    /// Of the latent vectors. The same for all runs, whatever their seeds, so that their values are comparable.
    public let seed: UInt64

    public init(from reader: ConfigReader) throws {
        every = try reader.integer(
            "every", in: 1..., default: 1000, "Steps from one evaluation to the next; the last step has one too.")
        samples = try reader.integer("samples", in: 2...10_000_000, default: 1000, "Generated samples.")
        modeSamples = try reader.integer(
            "modeSamples", in: 1...10_000_000, default: 26_000, "Generated samples of the metric 'modes'.")
        realSamples = try reader.integer(
            "realSamples", in: 2...10_000_000, default: 10_000, "Real samples, at most; fewer if there are fewer.")
        split = try reader.choice(
            "split", default: DatasetSplit.test, "The real samples that generated ones are compared with.")
        classifier = try ClassifierReference.read(from: reader)
        metrics = try reader.choices(
            "metrics", EvaluationMetric.allCases.map(\.rawValue), default: [],
            "What is measured; an empty list: all that fit the data."
        ).compactMap(EvaluationMetric.init)
        weights = try reader.choice(
            "weights", default: Weights.average,
            "Whether the averages of the generator's weights are measured, where there are some.")
        seed = UInt64(
            try reader.integer(
                "seed", in: 0..., default: 0, "Seed of the latent vectors, the same for all runs that are compared."))
    }
}

extension EvaluationSettings {
    /// Whether a value such as `fid-lenet` may be among those that are measured; what fits the data is not known here.
    package func mayMeasure(_ name: String) -> Bool {
        guard let metric = EvaluationMetric.giving(name) else { return false }
        return metrics.isEmpty || metrics.contains(metric)
    }
}

/// A classifier as configs name it.
public enum ClassifierReference: Hashable, Sendable {
    /// A name, or the path of a classifier's config.
    case named(String)
    /// InceptionV3 with weights in a safetensors file.
    case inceptionV3(weights: String)

    static func read(from reader: ConfigReader) throws -> ClassifierReference? {
        let node = try reader.optionalNode(
            "classifier",
            "A classifier's name (lenet-mnist) or config, or {\"type\": \"inceptionv3\", \"weights\": FILE} or that "
                + "FILE.safetensors alone; if not given, the one that was trained on the dataset.")
        guard let node else { return nil }
        if let name = node.string {
            guard !name.isEmpty else { throw reader.fail("classifier", "expected a name, found an empty string") }
            return name.hasSuffix(".safetensors") ? .inceptionV3(weights: name) : .named(name)
        }
        guard let object = node.object, object["type"]?.string == "inceptionv3",
            let weights = object["weights"]?.string, object.keys.allSatisfy({ $0 == "type" || $0 == "weights" })
        else {
            throw reader.fail(
                "classifier",
                "expected a classifier's name or {\"type\": \"inceptionv3\", \"weights\": FILE}, found \(node.summary)")
        }
        return .inceptionV3(weights: weights)
    }
}
