import AgonGraph

/// The critic's loss: `mean(D(G(z))) - mean(D(x))`, the negative of the Wasserstein distance it estimates.
///
/// Arjovsky, Chintala and Bottou, "Wasserstein GAN", ICML 2017, arXiv:1701.07875, eq. 3.
public func wassersteinCriticLoss(_ graph: ComputeGraph, real: Value, generated: Value) -> Value {
    graph.subtract(graph.mean(generated), graph.mean(real))
}

/// The generator's loss against a critic: `-mean(D(G(z)))`.
public func wassersteinGeneratorLoss(_ graph: ComputeGraph, generated: Value) -> Value {
    graph.affine(graph.mean(generated), scale: -1)
}
