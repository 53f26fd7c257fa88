import AgonGraph

/// The discriminator's hinge loss: `mean(max(0, 1 - D(x))) + mean(max(0, 1 + D(G(z))))`.
///
/// Lim and Ye, "Geometric GAN", 2017, arXiv:1705.02894, eq. 14; Miyato et al., "Spectral Normalization for Generative
/// Adversarial Networks", ICLR 2018, arXiv:1802.05957, eq. 17.
public func hingeDiscriminatorLoss(_ graph: ComputeGraph, real: Value, generated: Value) -> Value {
    func hinge(_ x: Value) -> Value { graph.mean(graph.apply(.leakyReLU(slope: 0), x)) }
    return graph.add(hinge(graph.affine(real, scale: -1, offset: 1)), hinge(graph.affine(generated, offset: 1)))
}

/// The generator's loss against a hinge discriminator: `-mean(D(G(z)))`.
public func hingeGeneratorLoss(_ graph: ComputeGraph, generated: Value) -> Value {
    graph.affine(graph.mean(generated), scale: -1)
}
