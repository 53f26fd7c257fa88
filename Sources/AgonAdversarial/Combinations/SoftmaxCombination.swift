import AgonConfiguration
import AgonGraph

/// `sum(w_k l_k)` with `w = softmax(alpha l)`, constant in the gradient: discriminators that better detect the
/// generator's samples get larger weights.
///
/// Durugkar, Gemp and Mahadevan, "Generative Multi-Adversarial Networks", ICLR 2017, arXiv:1611.01673, section 4.1.
public struct SoftmaxCombination: DiscriminatorCombination {
    public static let name = "gman"

    public let alpha: Double

    public init(alpha: Double = 0.8) { self.alpha = alpha }

    init(from reader: ConfigReader) throws { alpha = try readAlpha(from: reader) }

    public func combine(_ game: GeneratorGame) -> CombinedLoss {
        game.weighted(by: softmaxWeights(game.graph, criteria: game.lossVector, alpha: Float(alpha)))
    }
}

/// `sum(w_k l_k)` with `w = softmax(alpha g)`, where `g_k` is the norm of the generator's gradient of `l_k`.
///
/// The form of GMAN in the comparison of Albuquerque et al., arXiv:1901.08680, section 5.
public struct GradientSoftmaxCombination: DiscriminatorCombination {
    public static let name = "gman-grad"

    public let alpha: Double

    public init(alpha: Double = 0.8) { self.alpha = alpha }

    init(from reader: ConfigReader) throws { alpha = try readAlpha(from: reader) }

    public func combine(_ game: GeneratorGame) throws -> CombinedLoss {
        let graph = game.graph
        let norms = try game.gradients().map { graph.reshape(graph.norm(of: $0), [1]) }
        return game.weighted(
            by: softmaxWeights(graph, criteria: graph.concatenate(norms, axis: 0), alpha: Float(alpha)))
    }
}

private func readAlpha(from reader: ConfigReader) throws -> Double {
    try reader.number("alpha", in: 0..., default: 0.8, "How sharply the weights differ; 0 makes all weights equal.")
}
