import AgonConfiguration
import AgonOptimizers

/// The part of a config that says how two networks are trained against each other.
///
/// A section of its own or, read by the same reader, part of a larger one: keys `objective`, `optimizer` or
/// `optimizers`, `updates`, `latent`, `batchSize`, `task`, `ensemble`, `penalty`, `tricks`. Settings that make no sense
/// together are refused here, before any network is built.
public struct AdversarialConfiguration: ConfigDecodable, Sendable {
    public let objective: any Objective
    public let optimizers: NetworkOptimizers
    /// Updates per iteration, the objective's own unless stated.
    public let updates: UpdateRatio
    public let latent: LatentConfiguration
    /// Samples in a batch, real and generated alike.
    public let batchSize: Int
    public let task: any GANTask
    public let ensemble: Ensemble
    public let penalty: (any DiscriminatorPenalty)?
    public let tricks: Tricks

    /// - Throws: `AdversarialError` for settings that do not go together.
    public init(
        objective: any Objective, optimizers: NetworkOptimizers, updates: UpdateRatio? = nil,
        latent: LatentConfiguration = LatentConfiguration(), batchSize: Int = 64, task: any GANTask = GenerationTask(),
        ensemble: Ensemble = Ensemble(), penalty: (any DiscriminatorPenalty)? = nil, tricks: Tricks = Tricks()
    ) throws(AdversarialError) {
        precondition(batchSize > 0, "a batch of \(batchSize)")
        self.objective = objective
        self.optimizers = optimizers
        self.updates = updates ?? objective.defaultUpdates
        self.latent = latent
        self.batchSize = batchSize
        self.task = task
        self.ensemble = ensemble
        self.penalty = penalty
        self.tricks = tricks
        try objective.check(self)
        if objective.scores == .categories {
            let name = type(of: objective).name
            if let penalty { throw .penaltyOfCategories(objective: name, penalty: type(of: penalty).name) }
            if ensemble.combination.readsScores {
                throw .combinationOfCategories(objective: name, combination: type(of: ensemble.combination).name)
            }
        }
        try tricks.check(self)
        try tricks.updateRule?.check(stated: updates)
    }

    /// Checks that there are discriminators to combine.
    ///
    /// - Parameter count: those that judge the same samples.
    /// - Throws: `AdversarialError`.
    public func check(discriminators count: Int) throws(AdversarialError) {
        if count == 1, !(ensemble.combination is any UniformCombination) {
            throw .oneDiscriminator(combination: type(of: ensemble.combination).name)
        }
    }

    public init(from reader: ConfigReader) throws {
        let objective = try reader.section("objective", Self.registry, "What the networks minimise.")
        let optimizers = try NetworkOptimizers(from: reader)
        let updates = try reader.optionalSection(
            "updates", UpdateRatio.self, "Updates of each network in an iteration; the objective's own unless stated.")
        let task = try reader.section(
            "task", GANTaskRegistry.tasks, default: "generation", "What is to be made from what.")
        // Where it has no effect, resolved settings do not state it, and it may only be stated as it is by default.
        let latent =
            task.usesLatents || reader.has("latent")
            ? try reader.section(
                "latent", LatentConfiguration.self, default: [:], "The random vectors that the generator starts from.")
            : LatentConfiguration()
        let unused = AdversarialError.unusedLatents(task: type(of: task).name)
        try reader.require(task.usesLatents || latent == LatentConfiguration(), unused.key, unused.reason)
        let batchSize = try reader.integer("batchSize", in: 1...1_048_576, default: 64, "Samples in a batch.")
        let ensemble = try reader.section(
            "ensemble", Ensemble.self, default: [:], "Several discriminators, and how the generator answers them.")
        let penalty = try reader.optionalSection(
            "penalty", PenaltyRegistry.penalties, "A penalty on the discriminators' slope.")
        let tricks = try reader.section(
            "tricks", Tricks.self, default: [:], "What practitioners add to a game to make it train.")
        do {
            try self.init(
                objective: objective, optimizers: optimizers, updates: updates, latent: latent, batchSize: batchSize,
                task: task, ensemble: ensemble, penalty: penalty, tricks: tricks)
        } catch {
            throw reader.fail(at: error.place, error.reason)
        }
    }

    /// The objectives that a config can name; programs may register more.
    public static let registry: VariantRegistry<any Objective> = {
        let registry = VariantRegistry<any Objective>(schemaName: "Objective", noun: "objective")
        registry.register(SelfGANObjective.name, "One loss and one step for both networks.") {
            try SelfGANObjective(from: $0)
        }
        registry.register(StandardGANObjective.name, "Binary cross-entropy, non-saturating or minimax.") {
            try StandardGANObjective(from: $0)
        }
        registry.register(LeastSquaresObjective.name, "Least squares of scores.") {
            try LeastSquaresObjective(from: $0)
        }
        registry.register(HingeObjective.name, "Scores beyond a margin.") { try HingeObjective(from: $0) }
        registry.register(RelativisticObjective.name, "Scores against the mean score of the other kind (RaGAN).") {
            try RelativisticObjective(from: $0)
        }
        registry.register(WassersteinObjective.name, "A critic of Wasserstein distance with clipped weights.") {
            try WassersteinObjective(from: $0)
        }
        registry.register(CategoricalObjective.name, "CatGAN: sorting into categories, without labels or with some.") {
            try CategoricalObjective(from: $0)
        }
        registry.register(
            WassersteinGradientPenaltyObjective.name, "A critic of Wasserstein distance, held to slope 1 by a penalty."
        ) {
            try WassersteinGradientPenaltyObjective(from: $0)
        }
        return registry
    }()
}
