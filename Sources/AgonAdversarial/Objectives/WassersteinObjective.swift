import AgonConfiguration
import AgonGraph
import AgonLayers

/// A critic that estimates the Wasserstein distance; its weights are clipped after each update. D minimises
/// `mean(D(G(z))) - mean(D(x))`, G `-mean(D(G(z)))`. The critic is updated first, several times per generator update.
///
/// Arjovsky, Chintala and Bottou, "Wasserstein GAN", ICML 2017, arXiv:1701.07875, algorithm 1.
public struct WassersteinObjective: AlternatingObjective {
    public static let name = "wgan"

    /// The bound `c` of the critic's weights; nil disables clipping, for use with a penalty.
    public let clip: Double?

    public init(clip: Double? = 0.01) { self.clip = clip }

    init(from reader: ConfigReader) throws {
        let bound = try reader.number(
            "clip", in: 0..., default: 0.01,
            "The critic's weights are clipped to ± this value; 0 disables clipping, for use with a penalty.")
        clip = bound > 0 ? bound : nil
    }

    public var defaultUpdates: UpdateRatio { UpdateRatio(discriminator: 5, generator: 1) }
    public var scores: ScoreKind { .unbounded }
    public var alternation: Alternation { Alternation(order: .discriminatorFirst, latents: .fresh) }

    public func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        switch (clip, configuration.penalty) {
        case (nil, nil): throw .unboundedCritic(objective: Self.name)
        case (_?, _?): throw .twoBounds(objective: Self.name)
        default: break
        }
    }

    public func discriminatorLoss(_ pass: DiscriminatorPass) -> Value {
        let loss = wassersteinCriticLoss(pass.graph, real: pass.realScores, generated: pass.generatedScores)
        pass.note("distance", pass.graph.affine(loss, scale: -1))
        return loss
    }

    public func generatorLoss(scores: Value, in graph: ComputeGraph) -> Value {
        wassersteinGeneratorLoss(graph, generated: scores)
    }

    public func constrain(_ discriminator: Network, in graph: ComputeGraph) {
        guard let clip else { return }
        for parameter in discriminator.parameters {
            graph.assign(
                graph.apply(.clamp(low: -Float(clip), high: Float(clip)), graph.read(parameter)), to: parameter)
        }
    }
}
