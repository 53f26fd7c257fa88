import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonGraph
import AgonLayers
import AgonTensors

/// A config that was read: what it states, every default written out, and where each value stands in the files.
public struct Experiment: Sendable {
    public let configuration: ExperimentConfiguration
    /// The config in full; decoding it gives the same experiment.
    public let resolved: ConfigNode
    /// The config of each stage with the steps before it; empty where there is one only.
    package let stages: [(start: Int, experiment: Experiment)]

    /// Reads a config with the files it extends.
    ///
    /// - Parameters:
    ///   - overrides: `path=value` arguments, applied in turn.
    ///   - steps: goes over the config's and the overrides' number of steps; `seed` likewise.
    ///
    /// Throws `ConfigError`.
    public static func load(
        path: String, overrides: [String] = [], steps: Int? = nil, seed: Int? = nil
    ) throws -> Experiment {
        let arguments = overrides + (steps.map { ["steps=\($0)"] } ?? []) + (seed.map { ["seed=\($0)"] } ?? [])
        return try Experiment(ConfigNode.load(path: path).applying(arguments))
    }

    public init(_ node: ConfigNode) throws {
        let (configuration, resolved) = try ConfigReader.decode(ExperimentConfiguration.self, from: node)
        self.configuration = configuration
        self.resolved = resolved
        stages = try Self.stages(of: configuration, resolved: resolved)
    }

    /// What may change when a run is resumed, as no step depends on it.
    package static let freeKeys = [
        "steps", "name", "description", "system", "checkpoints", "evaluate", "log.tensorboard",
    ]

    /// The identity of what is computed: the SHA-256 of the config without what may change.
    public var digest: String {
        resolved.removing(Self.freeKeys).digest
    }

    /// What is measured in the course of the training, in any of its stages.
    package var evaluations: [EvaluationSettings] {
        (stages.isEmpty ? [self] : stages.map(\.experiment)).compactMap(\.configuration.evaluation)
    }

    // MARK: Errors of lower floors, with file and line

    /// Runs `body`; errors about a part of the config become `ConfigError` with the line that states the part.
    package func locating<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as AdversarialError {
            throw ConfigError.unfit(resolved.source(at: error.place), error.place, error.reason)
        } catch let error as LayerError {
            throw located("\(error)")
        } catch let error as GraphError {
            throw located("\(error)")
        } catch let error as DatasetError {
            guard let place = error.configPath else { throw error }
            throw ConfigError.unfit(resolved.source(at: place), place, "\(error)")
        }
    }

    /// A message that starts with the path of the part it is about, such as `generator.layers[3] (conv): ...`.
    private func located(_ message: String) -> ConfigError {
        let start = message.prefix { $0 != " " && $0 != ":" }
        let source = ConfigPath(String(start)).map { resolved.source(at: $0) } ?? resolved.source
        return .unfit(source, .root, message)
    }
}

extension ConfigNode {
    /// The object without some keys; `outer.inner` stands for a key of a section.
    package func removing(_ keys: [String]) -> ConfigNode {
        guard var object else { return self }
        for key in keys {
            guard let dot = key.firstIndex(of: ".") else {
                object[key] = nil
                continue
            }
            let section = String(key[..<dot])
            object[section] = object[section]?.removing([String(key[key.index(after: dot)...])])
        }
        return ConfigNode(object)
    }
}

extension DatasetError {
    /// The part of a config that is to be changed, if the data themselves are sound.
    fileprivate var configPath: ConfigPath? {
        let dataset = ConfigPath.root.key("dataset")
        switch self {
        case .unknownDataset: return dataset.key("name")
        case .noTestSplit, .noHoldout: return dataset.key("split")
        case .noLabels, .unknownClass: return dataset.key("classes")
        case .emptySelection, .notDigits: return dataset
        case .impossibleCrop: return dataset.key("transforms")
        case .batchTooLarge: return ConfigPath.root.key("batchSize")
        default: return nil
        }
    }
}
