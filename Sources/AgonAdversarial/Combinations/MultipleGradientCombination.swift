import AgonConfiguration
import AgonGraph
import AgonTensors

/// `sum(w_k l_k)` with the weights, at least 0 and of sum 1, for which the sum of the losses' normalised gradients is
/// shortest: along it no loss rises, to first order.
///
/// The weights are exact (Wolfe's minimum-norm point on the Gram matrix of the gradients).
/// Désidéri, "Multiple-gradient descent algorithm (MGDA) for multiobjective optimization", Comptes Rendus Mathématique
/// 350, 2012; Albuquerque et al., arXiv:1901.08680, section 3.2. Gradients are divided by their norms, as in the code of
/// the latter.
public struct MultipleGradientCombination: DiscriminatorCombination {
    public static let name = "mgd"

    public init() {}

    public func combine(_ game: GeneratorGame) throws -> CombinedLoss {
        let graph = game.graph
        let gram = graph.gram(try game.gradients())
        return game.weighted(by: graph.minimumNormWeights(cosines(of: gram, game.losses.count, in: graph)))
    }

    /// `g_i · g_j / (‖g_i‖ ‖g_j‖)`, `[K, K]`.
    private func cosines(of gram: Value, _ count: Int, in graph: ComputeGraph) -> Value {
        let lengths = graph.squareRoot(graph.affine(squaredNorms(of: gram, count, in: graph), offset: 1e-30))
        return graph.divide(
            graph.divide(gram, graph.reshape(lengths, [count, 1])), graph.reshape(lengths, [1, count]))
    }
}

/// The diagonal of a Gram matrix, `[K]`.
private func squaredNorms(of gram: Value, _ count: Int, in graph: ComputeGraph) -> Value {
    let flat = graph.reshape(gram, [count * count])
    return graph.concatenate(
        (0..<count).map { graph.slice(flat, axis: 0, start: $0 * (count + 1), count: 1) }, axis: 0)
}

/// The norm of the shortest vector among the convex combinations of the losses' gradients: zero where no direction
/// lowers all losses at once.
///
/// Désidéri, 2012; Albuquerque et al., arXiv:1901.08680, section 5 (norm of the steepest descent direction).
func steepestDirectionNorm(_ game: GeneratorGame) throws -> Value {
    let graph = game.graph
    let count = game.losses.count
    let gram = graph.gram(try game.gradients())
    let weights = graph.minimumNormWeights(gram)
    let column = graph.reshape(weights, [count, 1])
    let square = graph.sum(graph.multiply(graph.matmul(gram, column), column))
    // Rounding may leave a little less than nothing.
    return graph.squareRoot(graph.apply(.leakyReLU(slope: 0), square))
}
