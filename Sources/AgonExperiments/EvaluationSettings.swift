import AgonConfiguration
import AgonDatasets

/// The section `evaluate` of a config: which metrics of a generator to measure, when, and against what.
///
/// Evaluation has its own random numbers and does not affect training, except that the slack of a hypervolume may grow
/// by the measured distances (`SlackGrowth`).
public struct EvaluationSettings: ConfigDecodable, Sendable {
    /// The generator weights to measure.
    public enum Weights: String, CaseIterable, Sendable {
        /// Their moving averages, if the config keeps them.
        case average
        case raw
    }

    /// The numbers of batches that standing statistics may take.
    public static let standingBatches = 1...1000

    /// Steps between evaluations; the last step is evaluated too.
    public let every: Int
    /// Generated samples.
    public let samples: Int
    /// Generated samples for mode coverage.
    public let modeSamples: Int
    /// Maximum number of real samples, drawn from the split independently of the run.
    public let realSamples: Int
    public package(set) var split: DatasetSplit
    /// Nil: the classifier trained on the dataset.
    public let classifier: ClassifierReference?
    /// Empty: all that suit the data.
    public let metrics: [EvaluationMetric]
    public let weights: Weights
    /// Batches of samples from which the generator's batch norms take their statistics before it is measured; nil: the
    /// running statistics of training.
    public let standingStatistics: Int?
    /// Seed of the latent vectors. Independent of the run's seed, so that values of runs are comparable.
    public let seed: UInt64

    public init(from reader: ConfigReader) throws {
        every = try reader.integer(
            "every", in: 1..., default: 1000, "Steps between evaluations; the last step is evaluated too.")
        samples = try reader.integer("samples", in: 2...10_000_000, default: 1000, "Generated samples.")
        modeSamples = try reader.integer(
            "modeSamples", in: 1...10_000_000, default: 26_000, "Generated samples for the metric 'modes'.")
        realSamples = try reader.integer(
            "realSamples", in: 2...10_000_000, default: 10_000, "Maximum number of real samples.")
        split = try reader.choice(
            "split", default: DatasetSplit.test, "The split of real samples to compare with.")
        classifier = try ClassifierReference.read(from: reader)
        metrics = try reader.choices(
            "metrics", EvaluationMetric.allCases.map(\.rawValue), default: [],
            "The metrics; an empty list: all that suit the data."
        ).compactMap(EvaluationMetric.init)
        weights = try reader.choice(
            "weights", default: Weights.average,
            "Whether to measure the average or the raw weights, if averages are kept.")
        standingStatistics = try reader.optionalInteger(
            "standingStatistics", in: Self.standingBatches,
            "Batches of samples from which the generator's batch norms take their statistics before it is measured; "
                + "default: the running statistics of training.")
        seed = UInt64(
            try reader.integer(
                "seed", in: 0..., default: 0, "Seed of the latent vectors; use the same for all runs to compare."))
    }
}

extension EvaluationSettings {
    /// Whether a value such as `fid-lenet` may be measured; the data may still exclude it.
    package func mayMeasure(_ name: String) -> Bool {
        EvaluationMetric.giving(name).map(measures) ?? false
    }

    /// Whether a metric is measured if it suits the data.
    func measures(_ metric: EvaluationMetric) -> Bool { metrics.isEmpty || metrics.contains(metric) }
}

/// A reference to a classifier in a config.
public enum ClassifierReference: Hashable, Sendable {
    /// A name, or the path of a classifier's config.
    case named(String)
    /// InceptionV3 with weights in a safetensors file.
    case inceptionV3(weights: String)

    /// A name, the path of a config, or that of a safetensors file of InceptionV3's weights.
    public init(_ text: String) {
        self = text.hasSuffix(".safetensors") ? .inceptionV3(weights: text) : .named(text)
    }

    static func read(from reader: ConfigReader) throws -> ClassifierReference? {
        let node = try reader.optionalNode(
            "classifier",
            "A classifier's name (lenet-mnist) or config, or {\"type\": \"inceptionv3\", \"weights\": FILE} or that "
                + "FILE.safetensors alone; default: the classifier trained on the dataset.")
        guard let node else { return nil }
        if let name = node.string {
            guard !name.isEmpty else { throw reader.fail("classifier", "expected a name, found an empty string") }
            return ClassifierReference(name)
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
