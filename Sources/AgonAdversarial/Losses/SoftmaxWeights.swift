import AgonGraph

/// The weights of GMAN's generator loss `sum(w_k l_k)`: `w = softmax(alpha * l)` of the losses `[K]` (or of other
/// criteria), constant in the gradient.
///
/// Durugkar, Gemp and Mahadevan, "Generative Multi-Adversarial Networks", ICLR 2017, arXiv:1611.01673, section 4.1.
public func softmaxWeights(_ graph: ComputeGraph, criteria: Value, alpha: Float) -> Value {
    graph.stopGradient(graph.softmax(graph.affine(criteria, scale: alpha)))
}
