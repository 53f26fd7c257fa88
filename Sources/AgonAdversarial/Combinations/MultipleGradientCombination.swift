import AgonConfiguration
import AgonGraph
import AgonTensors

/// `sum(w_k l_k)` with nonnegative weights that sum to 1 and minimise the norm of the weighted sum of the losses'
/// gradients. To first order, a step along this sum raises no loss.
///
/// The weights are exact (Wolfe's minimum-norm point on the Gram matrix of the gradients).
/// Désidéri, "Multiple-gradient descent algorithm (MGDA) for multiobjective optimization", Comptes Rendus Mathématique
/// 350, 2012; Albuquerque et al., arXiv:1901.08680, section 3.2. Their code divides gradients by their norms before it
/// compares them, and minimises the weighted sum; their slides compare raw gradients, and step along `w*/‖w*‖`, the
/// direction of the minimum-norm sum `w*`.
public struct MultipleGradientCombination: DiscriminatorCombination {
    public static let name = "mgd"

    /// The gradients whose minimum-norm sum is computed.
    public enum Gradients: String, CaseIterable, Sendable {
        case raw
        /// Divided by their norms.
        case normalised
    }

    /// The gradient that the optimizer receives.
    public enum Direction: String, CaseIterable, Sendable {
        /// The gradient of the weighted sum of the losses.
        case sum
        /// The same, divided by its norm.
        case normalised
    }

    public let gradients: Gradients
    public let direction: Direction

    public init(gradients: Gradients = .normalised, direction: Direction = .sum) {
        self.gradients = gradients
        self.direction = direction
    }

    init(from reader: ConfigReader) throws {
        gradients = try reader.choice(
            "gradients", default: .normalised, "Whether gradients are compared unchanged or divided by their norms.")
        direction = try reader.choice(
            "direction", default: .sum, "Whether the optimizer gets the weighted sum, or the sum divided by its norm.")
    }

    public func combine(_ game: GeneratorGame) throws -> CombinedLoss {
        let graph = game.graph
        let gram = graph.gram(try game.gradients())
        let compared = gradients == .raw ? gram : cosines(of: gram, game.losses.count, in: graph)
        let weights = graph.minimumNormWeights(compared)
        guard direction == .normalised else { return game.weighted(by: weights) }
        let length = graph.affine(norm(ofSumWeightedBy: weights, gram, in: graph), offset: 1e-12)
        return CombinedLoss(
            loss: game.weighted(by: graph.divide(weights, length)).loss, weights: graph.stopGradient(weights))
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

/// The smallest norm among the convex combinations of the losses' gradients: zero if no direction lowers all losses at
/// once.
///
/// Désidéri, 2012; Albuquerque et al., arXiv:1901.08680, section 5 (norm of the steepest descent direction).
func steepestDirectionNorm(_ game: GeneratorGame) throws -> Value {
    let graph = game.graph
    let gram = graph.gram(try game.gradients())
    return norm(ofSumWeightedBy: graph.minimumNormWeights(gram), gram, in: graph)
}

/// The norm of the sum of vectors with weights `[K]`, from the vectors' Gram matrix `[K, K]`.
private func norm(ofSumWeightedBy weights: Value, _ gram: Value, in graph: ComputeGraph) -> Value {
    let column = graph.reshape(weights, [weights.shape[0], 1])
    let square = graph.sum(graph.multiply(graph.matmul(gram, column), column))
    // Rounding may give a slightly negative value.
    return graph.squareRoot(graph.apply(.leakyReLU(slope: 0), square))
}
