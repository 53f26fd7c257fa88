import AgonConfiguration
import AgonDatasets
import AgonLayers
import AgonOptimizers
import AgonTensors

/// A classifier as its config states it: network, data and how it is trained. Metrics take its outputs as features.
public struct ClassifierConfiguration: ConfigDecodable, Sendable {
    /// By which experiments call it.
    public let name: String
    public let description: String?
    /// What distances say of it: `fid-lenet`.
    public let architecture: String
    public let seed: UInt64
    /// Updates, each on a batch.
    public let steps: Int
    /// The training samples; accuracy is measured on the same set's test samples.
    public let dataset: DatasetConfiguration
    public let batchSize: Int
    public let optimizer: OptimizerConfiguration
    /// Height, width and channels of an image.
    public let input: Shape
    /// Ends in a logit for each class.
    public let network: NetworkConfiguration
    /// Updates from one saved state to the next, from which an interrupted training goes on.
    public let checkpointEvery: Int

    public init(from reader: ConfigReader) throws {
        let name = try reader.string("name", "By which experiments call the classifier.")
        self.name = name
        try reader.require(
            Self.isFileName(name), "name", "'\(name)' is no file name; use letters, digits, '.', '_' and '-'")
        description = try reader.optionalString("description", "What the classifier is, in a sentence or two.")
        let architecture = try reader.string(
            "architecture", "What distances say of it: \"lenet\" makes fid-lenet, kid-lenet.")
        self.architecture = architecture
        try reader.require(
            Self.isFileName(architecture), "architecture", "'\(architecture)': use letters, digits, '.', '_' and '-'")
        seed = UInt64(try reader.integer("seed", in: 0..., default: 0, "Seed of weights, dropout and batches."))
        steps = try reader.integer("steps", in: 1...1_000_000_000, "Updates, each on a batch.")
        dataset = try reader.section(
            "dataset", "The training samples; the same set's test samples measure the accuracy.")
        batchSize = try reader.integer("batchSize", in: 1...1_048_576, default: 64, "Samples in a batch.")
        optimizer = try reader.section("optimizer", "How the cross-entropy is minimised.")
        input = Shape(
            try reader.integers("input", count: 3, in: 1...16384, "Height, width and channels of an image."))
        network = try reader.section("network", "The layers, from an image to a logit for each class.")
        checkpointEvery = try reader.integer(
            "checkpointEvery", in: 1..., default: 500,
            "Updates from one saved state to the next, from which an interrupted training goes on.")
        let split = dataset.split
        try reader.require(split == .train, "dataset", "a classifier learns the split 'train', not '\(split.rawValue)'")
    }

    private static func isFileName(_ text: String) -> Bool {
        !text.isEmpty && !text.hasPrefix(".") && !text.hasPrefix("-")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// The published JSON Schema of classifiers' configs.
    public static func schema() throws -> ConfigNode {
        try JSONSchema.describe(Self.self, title: "A classifier of Agon", id: "schema.json", partial: true)
    }
}

/// A classifier's config that was read, with every default written out.
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

    /// The identity of what is trained: the SHA-256 of the config without what does not change the weights.
    public var digest: String {
        guard var object = resolved.object else { return resolved.digest }
        for key in ["name", "description", "architecture", "checkpointEvery"] { object[key] = nil }
        return ConfigNode(object).digest
    }

    /// Samples of its data as they are in evaluation, without random transforms.
    func openSamples(of split: DatasetSplit, searchPath: DataSearchPath) throws -> any Dataset {
        guard let node = resolved["dataset"] else { preconditionFailure("a classifier without data") }
        return try DatasetConfiguration.steady(node, split: split).configuration.open(searchPath: searchPath)
    }
}

extension DatasetConfiguration {
    /// A dataset's section for measuring: another split, and what is random in training fixed. Random crops become
    /// centred ones, and nothing is mirrored.
    ///
    /// - Parameter takesAll: whether a limit on the number of samples is lifted.
    ///
    /// Throws `ConfigError`.
    static func steady(
        _ node: ConfigNode, split: DatasetSplit, takesAll: Bool = false
    ) throws -> (configuration: DatasetConfiguration, node: ConfigNode) {
        guard var object = node.object else { preconditionFailure("\(node.summary) is no dataset's section") }
        object["split"] = ConfigNode(split.rawValue)
        object["range"] = nil
        object["order"] = nil
        if takesAll { object["limit"] = nil }
        if let transforms = object["transforms"]?.array {
            object["transforms"] = ConfigNode(
                transforms.compactMap { transform -> ConfigNode? in
                    switch transform.string ?? transform["type"]?.string {
                    case "mirror": return nil
                    case "random-crop":
                        var crop = ConfigObject()
                        crop["type"] = "center-crop"
                        crop["size"] = transform["size"]
                        return ConfigNode(crop)
                    default: return transform
                    }
                })
        }
        let (configuration, resolved) = try ConfigReader.decode(
            DatasetConfiguration.self, from: ConfigNode(.object(object), source: node.source),
            path: ConfigPath.root.key("dataset"))
        return (configuration, resolved)
    }
}
