import AgonConfiguration

/// The part of a config that describes how two networks are trained against each other.
///
/// It is a section on its own, or part of a larger section that uses the same reader. Keys: `objective`, `optimizer` or
/// `optimizers`, `updates`, `latent`, `batchSize`, `task`, `ensemble`, `penalty`, `tricks`. Incompatible settings are
/// rejected here, before any network is built.
public struct AdversarialConfiguration: ConfigDecodable, Sendable {
    public let objective: any Objective
    public let optimizers: NetworkOptimizers
    /// Updates per iteration; the objective's default unless stated.
    public let updates: UpdateRatio
    public let latent: LatentConfiguration
    /// The number of samples in a batch, the same for real and generated samples.
    public let batchSize: Int
    public let task: any GANTask
    public let ensemble: Ensemble
    public let penalty: (any DiscriminatorPenalty)?
    public let tricks: Tricks

    /// - Throws: `AdversarialError` for incompatible settings.
    public init(
        objective: any Objective, optimizers: NetworkOptimizers, updates: UpdateRatio? = nil,
        latent: LatentConfiguration = LatentConfiguration(), batchSize: Int = 64, task: any GANTask = GenerationTask(),
        ensemble: Ensemble = Ensemble(), penalty: (any DiscriminatorPenalty)? = nil, tricks: Tricks = Tricks()
    ) throws(AdversarialError) {
        precondition(batchSize > 0, "the batch size must be positive, found \(batchSize)")
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
    /// - Parameter count: the number of discriminators that judge the same samples.
    /// - Throws: `AdversarialError`.
    public func check(discriminators count: Int) throws(AdversarialError) {
        if count == 1, !(ensemble.combination is any UniformCombination) {
            throw .oneDiscriminator(combination: type(of: ensemble.combination).name)
        }
    }

    public init(from reader: ConfigReader) throws {
        let objective = try reader.section("objective", Self.registry, "The objective that the networks minimise.")
        let optimizers = try NetworkOptimizers(from: reader)
        let updates: UpdateRatio? = try reader.optionalSection(
            "updates", "Updates of each network per iteration; default: the objective's ratio.")
        let task = try reader.section(
            "task", GANTaskRegistry.tasks, default: "generation", "What the generator makes, and from what input.")
        // If the latent section has no effect, resolved settings omit it, and a config may only state its default.
        let latent =
            task.usesLatents || reader.has("latent")
            ? try reader.section(
                "latent", default: [:], "The random input vectors of the generator.")
            : LatentConfiguration()
        let unused = AdversarialError.unusedLatents(task: type(of: task).name)
        try reader.require(task.usesLatents || latent == LatentConfiguration(), unused.key, unused.reason)
        let batchSize = try reader.integer("batchSize", in: 1...1_048_576, default: 64, "Samples in a batch.")
        let ensemble: Ensemble = try reader.section(
            "ensemble", default: [:], "Several discriminators, and how their losses are combined.")
        let penalty = try reader.optionalSection(
            "penalty", PenaltyRegistry.penalties, "A penalty on the gradient of the discriminators.")
        let tricks: Tricks = try reader.section(
            "tricks", default: [:], "Practical techniques that stabilise GAN training.")
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
        registry.register(SelfGANObjective.name, "A single loss and a single step for both networks.") {
            try SelfGANObjective(from: $0)
        }
        registry.register(StandardGANObjective.name, "Binary cross-entropy, non-saturating or minimax.") {
            try StandardGANObjective(from: $0)
        }
        registry.register(LeastSquaresObjective.name, "Squared distance between scores and targets.") {
            try LeastSquaresObjective(from: $0)
        }
        registry.register(HingeObjective.name, "Hinge loss with margin 1.") { try HingeObjective(from: $0) }
        registry.register(RelativisticObjective.name, "Scores relative to the mean score of the other kind (RaGAN).") {
            try RelativisticObjective(from: $0)
        }
        registry.register(WassersteinObjective.name, "A Wasserstein critic with clipped weights.") {
            try WassersteinObjective(from: $0)
        }
        registry.register(CategoricalObjective.name, "CatGAN: categories are learned with no or few labels.") {
            try CategoricalObjective(from: $0)
        }
        registry.register(
            WassersteinGradientPenaltyObjective.name, "A Wasserstein critic with a gradient penalty."
        ) {
            try WassersteinGradientPenaltyObjective(from: $0)
        }
        return registry
    }()
}
