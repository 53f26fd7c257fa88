import Adversarial
import Configuration
import Graph
import Layers
import Tensors

/// The networks of an experiment and the graphs of its training iteration, with first values.
public struct ExperimentNetworks {
    public let generator: Network
    public let discriminator: Network
    public let phases: [TrainingPhase]
    /// Everything that changes in training, in the order of its making: what a checkpoint holds.
    public let variables: [Variable]

    /// - Parameter imageShape: the shape of a real sample; that of the generator's output when it is not known.
    ///
    /// Throws `ConfigError` with the line of the layer or setting that does not fit.
    public init(_ experiment: Experiment, imageShape: Shape? = nil) throws {
        let configuration = experiment.configuration
        let latentSize = configuration.training.latent.size
        (generator, discriminator, phases) = try experiment.locating {
            let generator = try Network(
                name: "generator", configuration: configuration.generator, input: [latentSize],
                seed: configuration.seed)
            let imageShape = imageShape ?? generator.outputShape
            let discriminator = try Network(
                name: "discriminator", configuration: configuration.discriminator, input: imageShape,
                seed: configuration.seed)
            let setting = try AdversarialSetting(
                generator: generator, discriminator: discriminator, imageShape: imageShape,
                configuration: configuration.training)
            return (generator, discriminator, try setting.phases())
        }
        variables = Self.variables(of: [generator, discriminator], phases)
    }

    private static func variables(of networks: [Network], _ phases: [TrainingPhase]) -> [Variable] {
        var known: Set<VariableID> = []
        var names: Set<String> = []
        var variables: [Variable] = []
        let found =
            networks.flatMap(\.variables)
            + phases.flatMap { $0.graph.variables + $0.graph.updateRules.flatMap(\.states) }
        for variable in found where known.insert(variable.id).inserted {
            precondition(names.insert(variable.name).inserted, "two variables are called '\(variable.name)'")
            variables.append(variable)
        }
        return variables
    }

    /// Real batches that one iteration takes.
    public var batchesPerStep: Int { phases.reduce(0) { $0 + ($1.usesRealBatch ? $1.repeats : 0) } }
}
