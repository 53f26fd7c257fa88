import AgonAdversarial
import AgonConfiguration
import AgonGraph
import AgonLayers

/// The networks of an experiment and the graphs of its training iteration, with initial values.
public struct ExperimentNetworks {
    public let gan: GANNetworks
    public let data: DataShapes
    public let phases: [IterationPhase]
    /// Everything that changes during training, in order of creation: the contents of a checkpoint.
    public let variables: [Variable]
    /// Older weights that come back now and then; nil for none.
    public let past: PastWeights?

    /// - Parameters:
    ///   - data: the shapes of the data; if unknown, those of the generator's output.
    ///   - channels: the channels of the images, if nothing else is known of the data.
    ///   - replays: whether random numbers are inputs, to replay a recorded training.
    ///
    /// Throws `ConfigError` with the line of the invalid layer or setting.
    public init(
        _ experiment: Experiment, data: DataShapes? = nil, channels: Int? = nil, replays: Bool = false
    ) throws {
        let configuration = experiment.configuration
        (gan, self.data, phases) = try experiment.locating {
            let gan = try GANNetworks(
                generator: configuration.generator, discriminators: configuration.discriminators,
                isList: configuration.listsDiscriminators, configuration: configuration.training, data: data,
                channels: channels, seed: configuration.seed)
            let shapes = data ?? DataShapes(sample: gan.sides[0].generator.outputShape)
            let setting = try AdversarialSetting(
                gan: gan, data: shapes, configuration: configuration.training, randomNumbersAreInputs: replays,
                reportsGradientNorms: configuration.reportsGradientNorms)
            return (gan, shapes, try setting.phases())
        }
        past = configuration.training.tricks.checkpointSwap.map { [gan] in PastWeights($0, of: gan) }
        variables = Self.variables(of: gan.all, phases) + (past?.copies ?? [])
    }

    /// Whether the networks are built for the channels of the data, which must be known then.
    package static func followData(_ experiment: Experiment) -> Bool {
        ["generator", "discriminator", "discriminators"].contains { key in
            experiment.resolved[key].map(ChannelCount.followsData) ?? false
        }
    }

    /// The generator for samples: the averaged one, if any.
    package func sampledGenerator(side: Int) -> Network { gan.sides[side].average ?? gan.sides[side].generator }

    private static func variables(of networks: [Network], _ phases: [IterationPhase]) -> [Variable] {
        var known: Set<VariableID> = []
        var names: Set<String> = []
        var variables: [Variable] = []
        let found =
            networks.flatMap(\.variables)
            + phases.flatMap(\.graphs).flatMap { $0.variables + $0.updateRules.flatMap(\.states) }
        for variable in found where known.insert(variable.id).inserted {
            precondition(names.insert(variable.name).inserted, "two variables are called '\(variable.name)'")
            variables.append(variable)
        }
        return variables
    }
}
