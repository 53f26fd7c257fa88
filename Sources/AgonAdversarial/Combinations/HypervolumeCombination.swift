import AgonConfiguration
import AgonGraph

/// The hypervolume of the losses up to a nadir point: `-sum(log(η - l_k))`, `η` a little above the largest loss. Its
/// gradient weighs each loss by `1 / (η - l_k)`.
///
/// Albuquerque et al., "Multi-objective training of Generative Adversarial Networks with multiple discriminators", ICML
/// 2019, arXiv:1901.08680, eq. 9-11.
public struct HypervolumeCombination: DiscriminatorCombination {
    public static let name = "hypervolume"

    /// `η = slack * max(l)`.
    public let slack: Double

    public init(slack: Double = 1.1) { self.slack = slack }

    init(from reader: ConfigReader) throws {
        // Any nearer to 1, η may round to the largest loss in single precision, whose weight is then infinite.
        slack = try reader.number(
            "slack", in: 1.0001..., default: 1.1,
            "The nadir point over the largest loss; nearer 1, the worst discriminator counts more.")
    }

    public func combine(_ game: GeneratorGame) -> CombinedLoss {
        let graph = game.graph
        let losses = game.lossVector
        let distances = graph.subtract(nadir(graph, losses: losses, slack: Float(slack)), losses)
        let pulls = graph.reciprocal(distances)
        return CombinedLoss(
            loss: hypervolume(graph, losses: losses, slack: Float(slack)),
            weights: graph.divide(pulls, graph.sum(pulls)))
    }
}
