import AgonGraph

/// Binary cross-entropy of logits against a label in [0, 1]: the mean of `softplus(x) - label * x`, which equals
/// `-label * log σ(x) - (1 - label) * log(1 - σ(x))`. Logits may have any shape; the result is a scalar.
///
/// Computed from logits, no exponential overflows and the logarithm never gets zero.
/// Goodfellow et al., "Generative Adversarial Nets", NIPS 2014, arXiv:1406.2661, eq. 1.
public func binaryCrossEntropy(_ graph: ComputeGraph, logits: Value, label: Float) -> Value {
    if label == 1 { return graph.mean(graph.softplus(graph.affine(logits, scale: -1))) }
    let cost = graph.mean(graph.softplus(logits))
    return label == 0 ? cost : graph.subtract(cost, graph.affine(graph.mean(logits), scale: label))
}

/// Binary cross-entropy of logits against labels that may differ between samples.
public func binaryCrossEntropy(_ graph: ComputeGraph, logits: Value, target: Target) -> Value {
    switch target {
    case .constant(let label): binaryCrossEntropy(graph, logits: logits, label: label)
    case .perSample(let labels):
        graph.subtract(graph.mean(graph.softplus(logits)), graph.mean(graph.multiply(labels, logits)))
    }
}

/// The generator's loss in the original minimax game: `mean(log(1 - D(G(z))))`. Its gradient vanishes where D is
/// confident, so the non-saturating `binaryCrossEntropy(logits, label: 1)` is more common.
///
/// Goodfellow et al., "Generative Adversarial Nets", NIPS 2014, arXiv:1406.2661, eq. 1 and section 3.
public func minimaxGeneratorLoss(_ graph: ComputeGraph, logits: Value) -> Value {
    graph.affine(binaryCrossEntropy(graph, logits: logits, label: 0), scale: -1)
}
