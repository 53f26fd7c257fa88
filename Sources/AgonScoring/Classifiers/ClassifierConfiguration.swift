import AgonConfiguration
import AgonDatasets
import AgonLayers
import AgonOptimizers
import AgonTensors

/// A classifier's config: network, data and training. Metrics use its outputs as features.
public struct ClassifierConfiguration: ConfigDecodable, Sendable {
    /// The name by which experiments refer to it.
    public let name: String
    public let description: String?
    /// Its name in distances: `fid-lenet`.
    public let architecture: String
    public let seed: UInt64
    /// Updates, one batch each.
    public let steps: Int
    /// The training samples; accuracy is measured on the same dataset's test samples.
    public let dataset: DatasetConfiguration
    public let batchSize: Int
    public let optimizer: OptimizerConfiguration
    /// Height, width and channels of an image.
    public let input: Shape
    /// Outputs one logit per class.
    public let network: NetworkConfiguration
    /// Updates between checkpoints, from which interrupted training resumes.
    public let checkpointEvery: Int

    public init(from reader: ConfigReader) throws {
        let name = try reader.string("name", affects: .nothing, "The name that experiments refer to.")
        self.name = name
        try reader.require(
            FileBytes.isName(name), "name", "'\(name)' is not a valid file name; use letters, digits, '.', '_' and '-'")
        description = try reader.optionalString(
            "description", affects: .nothing, "A description in one or two sentences.")
        let architecture = try reader.string(
            "architecture", affects: .nothing, "Its name in distances: \"lenet\" gives fid-lenet, kid-lenet.")
        self.architecture = architecture
        try reader.require(
            FileBytes.isName(architecture), "architecture", "'\(architecture)': use letters, digits, '.', '_' and '-'")
        seed = UInt64(
            try reader.integer("seed", in: 0..., default: 0, affects: .chance, "Seed of weights, dropout and batches."))
        steps = try reader.integer("steps", in: 1...1_000_000_000, affects: .length, "Updates, one batch each.")
        dataset = try reader.section(
            "dataset", "The training samples; accuracy is measured on the same dataset's test samples.")
        batchSize = try reader.integer("batchSize", in: 1...1_048_576, default: 64, "Samples in a batch.")
        optimizer = try reader.section("optimizer", "The optimizer of the cross-entropy.")
        input = Shape(
            try reader.integers("input", count: 3, in: 1...16384, "Height, width and channels of an image."))
        network = try reader.section("network", "The layers, from an image to one logit per class.")
        checkpointEvery = try reader.integer(
            "checkpointEvery", in: 1..., default: 500, affects: .nothing,
            "Updates between checkpoints, from which interrupted training resumes.")
        let split = dataset.split
        try reader.require(split == .train, "dataset", "a classifier learns the split 'train', not '\(split.rawValue)'")
        let range = dataset.range
        try reader.require(
            range == .signed, "dataset", "a classifier reads images in [-1, 1]; remove 'range', or set it to 'signed'")
    }

    /// The published JSON Schema of classifiers' configs.
    public static func schema() throws -> ConfigNode {
        try JSONSchema.describe(Self.self, title: "An Agon classifier", id: "schema.json", partial: true)
    }
}

/// A loaded classifier config, with all defaults.
public struct ClassifierRecipe: Sendable {
    public let configuration: ClassifierConfiguration
    public let resolved: ConfigNode

    /// Reads a config with the files it extends.
    ///
    /// Throws `ConfigError`.
    public static func load(path: String, overrides: [String] = []) throws -> ClassifierRecipe {
        try ClassifierRecipe(ConfigNode.load(path: path).applying(overrides))
    }

    public init(_ node: ConfigNode) throws {
        (configuration, resolved) = try ConfigReader.decode(ClassifierConfiguration.self, from: node)
    }

    public var name: String { configuration.name }

    /// The identity of the weights: the SHA-256 of the values they depend on.
    public var digest: String {
        resolved.identity(of: [.result, .chance, .length]).digest
    }

    /// Samples of its data for evaluation, without random transforms.
    func openSamples(of split: DatasetSplit, searchPath: DataSearchPath) throws -> any Dataset {
        try configuration.dataset.deterministic(split: split).open(searchPath: searchPath)
    }
}
