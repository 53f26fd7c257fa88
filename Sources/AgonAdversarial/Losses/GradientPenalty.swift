import AgonGraph
import AgonTensors

/// The squared norm of the gradient of each sample's score with respect to the sample: `[N, 1, ...]` of `‖∂D(x)/∂x‖²`.
///
/// - Parameter scores: the critic's output on `samples`; each score must depend only on its own sample.
/// - Throws: `GraphError.noDerivative` when the critic has an operation without a derivative.
public func squaredGradientNorms(_ graph: ComputeGraph, scores: Value, samples: Value) throws -> Value {
    let gradient = try graph.gradients(of: graph.sum(scores), withRespectTo: [samples])[0]
    return graph.sumPerSample(graph.square(gradient))
}

/// The penalty on gradient norms other than 1 of a critic at `samples`: `weight * mean((‖∂D(x)/∂x‖ - 1)²)`.
///
/// Its gradients with respect to the critic's parameters are second derivatives.
/// Gulrajani et al., "Improved Training of Wasserstein GANs", NIPS 2017, arXiv:1704.00028, eq. 3.
/// - Throws: `GraphError.noDerivative`.
public func gradientPenalty(_ graph: ComputeGraph, scores: Value, samples: Value, weight: Float) throws -> Value {
    let squares = try squaredGradientNorms(graph, scores: scores, samples: samples)
    // The square root has no derivative at zero, which occurs where a critic's gradient vanishes at a sample.
    let norms = graph.squareRoot(graph.affine(squares, offset: 1e-12))
    return graph.affine(graph.mean(graph.square(graph.affine(norms, offset: -1))), scale: weight)
}

/// The penalty on a discriminator's gradient at real images: `gamma / 2 * mean(‖∂D(x)/∂x‖²)`.
///
/// Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018, arXiv:1801.04406,
/// eq. 9.
/// - Throws: `GraphError.noDerivative`.
public func zeroCenteredPenalty(_ graph: ComputeGraph, scores: Value, samples: Value, gamma: Float) throws -> Value {
    let squares = try squaredGradientNorms(graph, scores: scores, samples: samples)
    return graph.affine(graph.mean(squares), scale: gamma / 2)
}

/// Points between real and generated samples: `alpha * real + (1 - alpha) * generated`.
///
/// - Parameter alpha: the weight of the real sample, `[N]`.
public func interpolated(_ graph: ComputeGraph, real: Value, generated: Value, alpha: Value) -> Value {
    let samples = real.shape[0]
    let share = graph.reshape(alpha, Shape([samples] + [Int](repeating: 1, count: real.shape.rank - 1)))
    return graph.add(generated, graph.multiply(share, graph.subtract(real, generated)))
}
