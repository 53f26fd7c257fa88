import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonGraph
import AgonLayers
import AgonText

/// A loaded config: its settings, the resolved values with all defaults, and their source locations.
public struct Experiment: Sendable {
    public let configuration: ExperimentConfiguration
    /// The resolved config; decoding it gives the same experiment.
    public let resolved: ConfigNode
    /// The config of each stage with its first step; empty if there is only one stage.
    package let stages: [(start: Int, experiment: Experiment)]

    /// Reads a config with the files it extends.
    ///
    /// - Parameters:
    ///   - overrides: `path=value` arguments, applied in order.
    ///   - settings: values that override the config and the overrides.
    ///   - steps: overrides the number of steps; `seed` likewise.
    ///
    /// Throws `ConfigError`.
    public static func load(
        path: String, overrides: [String] = [], settings: [ConfigSetting] = [], steps: Int? = nil, seed: Int? = nil
    ) throws -> Experiment {
        let numbers = [("steps", steps), ("seed", seed)].compactMap { key, value in
            value.map {
                ConfigSetting(
                    path: .root.key(key),
                    value: ConfigNode(.number(String($0)), source: ConfigSource(file: "--\(key) \($0)")))
            }
        }
        let file = try ConfigNode.load(path: path)
        if let kind = FileKind(of: file), kind != .experiment {
            throw ConfigError.unfit(
                ConfigSource(file: path), .root,
                "\(kind.noun), not \(FileKind.experiment.noun); use it with: \(kind.command(for: path))")
        }
        let node = try file.applying(overrides)
        return try Experiment((settings + numbers).reduce(node) { try $0.setting($1.value, at: $1.path) })
    }

    public init(_ node: ConfigNode) throws {
        let (configuration, resolved) = try ConfigReader.decode(ExperimentConfiguration.self, from: node)
        self.configuration = configuration
        self.resolved = resolved
        stages = try Self.stages(of: configuration, resolved: resolved)
    }

    /// The identity of what is computed: the SHA-256 of the values that a step depends on.
    public var digest: String { identity(of: Self.effectsOnSteps).digest }

    /// The values that must not change when a run is resumed.
    private static let effectsOnSteps: Set<ConfigEffect> = [.result, .chance]

    /// The values that have one of the effects, without those equal to their defaults. A stage contributes the
    /// values of its whole config.
    package func identity(of effects: Set<ConfigEffect>) -> ConfigNode {
        let identity = resolved.identity(of: effects)
        guard !stages.isEmpty, var object = identity.object else { return identity }
        object["stages"] = ConfigNode(
            stages.dropFirst().map { stage in
                ["from": ConfigNode(stage.start), "set": stage.experiment.identity(of: effects)]
            })
        return ConfigNode(object)
    }

    /// The values that affect steps and differ from another experiment.
    package func differences(from other: Experiment) -> [ConfigDifference] {
        let (first, second) = (identity(of: Self.effectsOnSteps), other.identity(of: Self.effectsOnSteps))
        let differences = ConfigDifference.between(first, second)
        let paths = differences.map(\.path)
        // A difference in all stages is reported once.
        return differences.filter { difference in
            let path = difference.path
            guard path.steps.first == .key("stages"), path.steps.count > 3 else { return true }
            return !paths.contains(ConfigPath(Array(path.steps.dropFirst(3))))
        }
    }

    /// The sections and keys of a config that may change when a run is resumed.
    package static var keysWithoutEffectOnSteps: [String] {
        ConfigReader.keys(of: ExperimentConfiguration.self, affecting: [.length, .measurement, .nothing])
    }

    /// The metrics measured during training, in any stage.
    package var evaluations: [EvaluationSettings] {
        (stages.isEmpty ? [self] : stages.map(\.experiment)).compactMap(\.configuration.evaluation)
    }

    // MARK: Errors of lower modules, with file and line

    /// Runs `body`; converts errors about a part of the config to `ConfigError` with its line.
    package func locating<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as AdversarialError {
            throw ConfigError.unfit(resolved.source(at: error.place), error.place, error.reason)
        } catch let error as LayerError {
            throw ConfigError.unfit(resolved.source(at: error.place), .root, "\(error)")
        } catch let error as GraphError {
            throw ConfigError.unfit(error.place.map { resolved.source(at: $0) } ?? resolved.source, .root, "\(error)")
        } catch let error as DatasetError {
            guard let place = error.configPath else { throw error }
            throw ConfigError.unfit(resolved.source(at: place), place, "\(error)")
        }
    }
}

extension DatasetError {
    /// The part of a config to change, if the data themselves are valid.
    fileprivate var configPath: ConfigPath? {
        let dataset = ConfigPath.root.key("dataset")
        switch self {
        case .unfitSetting(let key, _): return dataset.key(key)
        case .unknownDataset: return dataset.key("name")
        case .noTestSplit, .noHoldout: return dataset.key("split")
        case .noLabels(_, let key): return dataset.key(key)
        case .unknownClass: return dataset.key("classes")
        case .emptySelection, .notDigits: return dataset
        case .impossibleCrop: return dataset.key("transforms")
        case .batchTooLarge: return ConfigPath.root.key("batchSize")
        default: return nil
        }
    }
}
