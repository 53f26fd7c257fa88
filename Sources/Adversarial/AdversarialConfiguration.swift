import Configuration
import Optimizers

/// The part of a config that says how two networks are trained against each other.
///
/// A section of its own or, read by the same reader, part of a larger one: keys `objective`, `optimizer` or
/// `optimizers`, `updates`, `latent`, `batchSize`. Settings that make no sense together are refused here, before any
/// network is built.
public struct AdversarialConfiguration: ConfigDecodable, Sendable {
    public let objective: any Objective
    public let optimizers: NetworkOptimizers
    /// Updates per iteration, the objective's own unless stated.
    public let updates: UpdateRatio
    public let latent: LatentConfiguration
    /// Samples in a batch, real and generated alike.
    public let batchSize: Int

    /// - Throws: `AdversarialError` for settings that do not go together.
    public init(
        objective: any Objective, optimizers: NetworkOptimizers, updates: UpdateRatio? = nil,
        latent: LatentConfiguration = LatentConfiguration(), batchSize: Int = 64
    ) throws(AdversarialError) {
        precondition(batchSize > 0, "a batch of \(batchSize)")
        self.objective = objective
        self.optimizers = optimizers
        self.updates = updates ?? objective.defaultUpdates
        self.latent = latent
        self.batchSize = batchSize
        try objective.check(self)
    }

    public init(from reader: ConfigReader) throws {
        let objective = try reader.section("objective", Self.registry, "What the networks minimise.")
        let optimizers = try NetworkOptimizers(from: reader)
        let updates = try reader.optionalSection(
            "updates", UpdateRatio.self, "Updates of each network in an iteration; the objective's own unless stated.")
        let latent = try reader.section(
            "latent", LatentConfiguration.self, default: [:], "The random vectors that the generator starts from.")
        let batchSize = try reader.integer("batchSize", in: 1...1_048_576, default: 64, "Samples in a batch.")
        do {
            try self.init(
                objective: objective, optimizers: optimizers, updates: updates, latent: latent, batchSize: batchSize)
        } catch {
            throw reader.fail(error.key, error.reason)
        }
    }

    /// The objectives that a config can name; programs may register more.
    public static let registry: VariantRegistry<any Objective> = {
        let registry = VariantRegistry<any Objective>(schemaName: "Objective", noun: "objective")
        registry.register(SelfGANObjective.name, "One loss and one step for both networks.") {
            try SelfGANObjective(from: $0)
        }
        registry.register(ClassicObjective.name, "Binary cross-entropy, non-saturating or minimax.") {
            try ClassicObjective(from: $0)
        }
        registry.register(LeastSquaresObjective.name, "Least squares of scores.") {
            try LeastSquaresObjective(from: $0)
        }
        registry.register(
            WassersteinGradientPenaltyObjective.name, "A critic of Wasserstein distance, held to slope 1 by a penalty."
        ) {
            try WassersteinGradientPenaltyObjective(from: $0)
        }
        return registry
    }()
}
