import AgonGraph

/// The negative logarithm of the hypervolume between the losses `[K]` and a nadir point: `-sum(log(η - l_k))`, with `η`
/// constant in the gradient.
///
/// Larger losses get larger weights: the gradient is `sum(dl_k / (η - l_k))`.
/// Albuquerque et al., "Multi-objective training of Generative Adversarial Networks with multiple discriminators", ICML
/// 2019, arXiv:1901.08680, eq. 9 and 11.
public func hypervolume(_ graph: ComputeGraph, losses: Value, slack: Float) -> Value {
    hypervolume(graph, losses: losses, nadir: nadir(graph, losses: losses, slack: graph.constant(slack)))
}

func hypervolume(_ graph: ComputeGraph, losses: Value, nadir: Value) -> Value {
    graph.affine(graph.sum(graph.logarithm(graph.subtract(nadir, losses))), scale: -1)
}

/// The nadir point of losses `[K]`: `η = max(l) + (slack - 1) |max(l)| + 1e-8`. This is `slack * max(l) + 1e-8` if the
/// largest loss is positive, and stays above it otherwise (losses of critics). The slack is a scalar above 1.
func nadir(_ graph: ComputeGraph, losses: Value, slack: Value) -> Value {
    let largest = graph.append(.rowMaximum, [graph.stopGradient(losses)])
    let margin = graph.multiply(graph.apply(.absolute, largest), graph.affine(slack, offset: -1))
    return graph.add(largest, graph.affine(margin, offset: 1e-8))
}
