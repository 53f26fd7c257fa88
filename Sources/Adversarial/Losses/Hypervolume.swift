import Graph

/// The negative logarithm of the hypervolume between the losses `[K]` and a nadir point: `-sum(log(η - l_k))` with
/// `η = slack * max(l) + 1e-8`, constant in the gradient. Losses above zero and a slack above 1 keep the logarithm
/// defined.
///
/// Larger losses weigh more: the gradient is `sum(dl_k / (η - l_k))`.
/// Albuquerque et al., "Multi-objective training of Generative Adversarial Networks with multiple discriminators", ICML
/// 2019, arXiv:1901.08680, eq. 9 and 11.
public func hypervolume(_ graph: ComputeGraph, losses: Value, slack: Float) -> Value {
    let largest = graph.append(.rowMaximum, [graph.stopGradient(losses)])
    let nadir = graph.affine(largest, scale: slack, offset: 1e-8)
    return graph.affine(graph.sum(graph.logarithm(graph.subtract(nadir, losses))), scale: -1)
}
