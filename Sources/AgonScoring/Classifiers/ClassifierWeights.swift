import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonRuns
import AgonTensors
import AgonTraining

/// The file of a trained classifier: weights and running statistics in PyTorch's names and layouts, described by
/// metadata. On one machine its bytes depend only on the config.
public struct ClassifierWeights: Sendable {
    static let format = "agon-classifier-1"

    public let path: String
    public let name: String
    /// Digest of its training config.
    public let config: String
    /// The fraction of test samples classified correctly.
    public let accuracy: Double
    public let testSamples: Int
    public let steps: Int
    /// The SHA-256 of the file.
    public let hash: String
    private let file: SafetensorsFile

    /// Throws `TensorsError`, `RunError.badWeights`, `ConfigError.unreadableFile`.
    public init(path: String) throws {
        file = try SafetensorsFile(path: path)
        let metadata = file.metadata
        guard metadata["format"] == Self.format, let name = metadata["name"], let config = metadata["config"],
            let accuracy = metadata["accuracy"].flatMap(Double.init), let steps = metadata["steps"].flatMap(Int.init),
            let testSamples = metadata["testSamples"].flatMap(Int.init)
        else {
            throw RunError.badWeights(
                path: path, problem: "its metadata are not those of a classifier ('\(Self.format)')")
        }
        self.path = path
        self.name = name
        self.config = config
        self.accuracy = accuracy
        self.testSamples = testSamples
        self.steps = steps
        hash = try SHA256.hex(ofFile: path)
    }

    static func write(
        _ network: Network, recipe: ClassifierRecipe, accuracy: Double, testSamples: Int, path: String
    ) throws {
        try SafetensorsFile.write(
            path: path, network.variables.map { SafetensorsFile.Content(name: $0.name, tensor: $0.exported()) },
            metadata: [
                "format": format, "name": recipe.name, "config": recipe.digest,
                "dataset": recipe.configuration.dataset.name, "accuracy": "\(accuracy)",
                "testSamples": String(testSamples), "steps": String(recipe.configuration.steps),
                "seed": String(recipe.configuration.seed),
            ])
    }

    /// Loads the file's values into a network's variables.
    package func restore(_ network: Network) throws { try InitialWeights.load(path, into: network.variables) }
}
