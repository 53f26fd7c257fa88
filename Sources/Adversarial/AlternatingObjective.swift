import Configuration
import Graph
import Layers
import Tensors

/// An objective in which the networks take turns, each with a loss and an optimizer of its own.
///
/// When each is updated once an iteration both updates stand in one graph, so that what they share (the generated
/// images and, before either is moved, their scores) is computed once. Otherwise each network has a phase of its own.
public protocol AlternatingObjective: Objective {
    var alternation: Alternation { get }
    /// The discriminator's loss, a scalar. The images do not carry gradients to the generator.
    func discriminatorLoss(_ pass: DiscriminatorPass) throws -> Value
    /// The generator's loss from the scores of its images, a scalar.
    func generatorLoss(scores: Value, in graph: ComputeGraph) -> Value
}

/// What a discriminator's loss is made from.
public struct DiscriminatorPass {
    public let setting: AdversarialSetting
    public let graph: ComputeGraph
    public let real: Value, generated: Value
    public let realScores: Value, generatedScores: Value
}

/// In which order the networks take turns, and on which images.
public struct Alternation: Hashable, Sendable {
    public enum Order: String, CaseIterable, Sendable {
        case generatorFirst = "generator-first"
        case discriminatorFirst = "discriminator-first"
    }

    public enum Latents: String, CaseIterable, Sendable {
        /// The two networks are updated on the same generated images.
        case shared
        /// Each update draws images of its own.
        case fresh
    }

    public let order: Order
    /// Nil: shared where updates are 1:1.
    public let latents: Latents?

    public init(order: Order = .generatorFirst, latents: Latents? = nil) {
        self.order = order
        self.latents = latents
    }

    init(from reader: ConfigReader) throws {
        self.init(
            order: try reader.choice("order", default: .generatorFirst, "Which network is updated first."),
            latents: try reader.optionalChoice(
                "latents", "Whether both networks see the same generated images; shared where updates are 1:1."))
    }
}

extension AlternatingObjective {
    public func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        if alternation.latents == .shared, configuration.updates != .even {
            throw .sharedLatents(updates: configuration.updates)
        }
    }

    public func phases(for setting: AdversarialSetting) throws -> [TrainingPhase] {
        let updates = setting.configuration.updates
        if updates == .even { return [try joinedPhase(for: setting)] }

        let critic = ComputeGraph()
        try updateDiscriminator(
            on: try setting.images(
                from: setting.latents(stream: "latent.discriminator", in: critic), call: "discriminator", in: critic),
            setting, in: critic)
        let maker = ComputeGraph()
        try updateGenerator(
            on: try setting.images(
                from: setting.latents(stream: "latent.generator", in: maker), call: "generator", in: maker),
            setting, in: maker)
        let phases = [
            TrainingPhase(
                name: "discriminator", graph: critic, repeats: updates.discriminator, usesRealBatch: true),
            TrainingPhase(name: "generator", graph: maker, repeats: updates.generator, usesRealBatch: false),
        ]
        return alternation.order == .discriminatorFirst ? phases : phases.reversed()
    }

    private func joinedPhase(for setting: AdversarialSetting) throws -> TrainingPhase {
        let graph = ComputeGraph()
        func images(for network: String) throws -> Value {
            try setting.images(
                from: setting.latents(stream: "latent.\(network)", in: graph), call: network, in: graph)
        }
        let shared =
            try alternation.latents == .fresh
            ? nil : setting.images(from: setting.latents(stream: "latent", in: graph), call: "generated", in: graph)
        switch alternation.order {
        case .generatorFirst:
            try updateGenerator(on: shared ?? images(for: "generator"), setting, in: graph)
            try updateDiscriminator(on: shared ?? images(for: "discriminator"), setting, in: graph)
        case .discriminatorFirst:
            try updateDiscriminator(on: shared ?? images(for: "discriminator"), setting, in: graph)
            try updateGenerator(on: shared ?? images(for: "generator"), setting, in: graph)
        }
        return TrainingPhase(name: "step", graph: graph, usesRealBatch: true)
    }

    private func updateDiscriminator(on images: Value, _ setting: AdversarialSetting, in graph: ComputeGraph) throws {
        let real = setting.realBatch(in: graph)
        // Images made by a generator that this very step has moved would lead back through its update.
        let generated = graph.stopGradient(images)
        let pass = DiscriminatorPass(
            setting: setting, graph: graph, real: real, generated: generated,
            realScores: try setting.scores(of: real, call: "real", in: graph),
            generatedScores: try setting.scores(of: generated, call: "generated", in: graph))
        let loss = try discriminatorLoss(pass)
        graph.output("loss.discriminator", loss)
        graph.output("score.real", meanScore(pass.realScores, in: graph))
        graph.output("score.generated", meanScore(pass.generatedScores, in: graph))
        try setting.minimize(
            loss, moving: [setting.discriminator], with: setting.configuration.optimizers.discriminator, in: graph)
    }

    private func updateGenerator(on images: Value, _ setting: AdversarialSetting, in graph: ComputeGraph) throws {
        let scores = try setting.scores(of: images, call: "generator", in: graph)
        let loss = generatorLoss(scores: scores, in: graph)
        graph.output("loss.generator", loss)
        try setting.minimize(
            loss, moving: [setting.generator], with: setting.configuration.optimizers.generator, in: graph)
    }
}

extension Objective {
    /// The mean score as it is logged: a probability where scores are logits.
    public func meanScore(_ scores: Value, in graph: ComputeGraph) -> Value {
        graph.mean(self.scores == .logits ? graph.sigmoid(scores) : scores)
    }
}
