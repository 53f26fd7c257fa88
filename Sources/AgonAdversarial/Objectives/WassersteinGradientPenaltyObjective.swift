import AgonConfiguration
import AgonGraph

/// A critic that estimates the Wasserstein distance, with a penalty that keeps its gradient norm near 1 between real
/// and generated images: D minimises `mean(D(G(z))) - mean(D(x)) + λ mean((‖∂D(x̂)/∂x̂‖ - 1)²)`, G `-mean(D(G(z)))`.
///
/// `x̂ = α x + (1 - α) G(z)` with `α` uniform in [0, 1) per sample. The critic is updated first, several times per
/// generator update, on new images each time.
/// Gulrajani et al., "Improved Training of Wasserstein GANs", NIPS 2017, arXiv:1704.00028, algorithm 1.
public struct WassersteinGradientPenaltyObjective: AlternatingObjective {
    public static let name = "wgan-gp"

    /// The penalty's weight `λ`.
    public let gradientPenalty: Double

    public init(gradientPenalty: Double = 10) { self.gradientPenalty = gradientPenalty }

    init(from reader: ConfigReader) throws {
        self.init(
            gradientPenalty: try reader.number(
                "gradientPenalty", in: .positive, default: 10, "Weight of the penalty on gradient norms other than 1."))
    }

    public var defaultUpdates: UpdateRatio { UpdateRatio(discriminator: 5, generator: 1) }
    public var scores: ScoreKind { .unbounded }
    public var scoresSamplesApart: Bool { true }
    public var alternation: Alternation { Alternation(order: .discriminatorFirst, latents: .fresh) }

    public func discriminatorLoss(_ pass: DiscriminatorPass) throws -> Value {
        let graph = pass.graph
        let penalty = try InterpolationPenalty(weight: gradientPenalty).value(pass)
        let distance = wassersteinCriticLoss(graph, real: pass.realScores, generated: pass.generatedScores)
        pass.note("loss.penalty", penalty)
        pass.note("distance", graph.affine(distance, scale: -1))
        return graph.add(distance, penalty)
    }

    public func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        if configuration.penalty != nil { throw .twoPenalties(objective: Self.name) }
    }

    public func generatorLoss(scores: Value, in graph: ComputeGraph) -> Value {
        wassersteinGeneratorLoss(graph, generated: scores)
    }
}
