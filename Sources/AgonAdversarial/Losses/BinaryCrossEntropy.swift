import AgonGraph

/// Binary cross-entropy of logits against a label in [0, 1]: the mean of `softplus(x) - label * x`, that is of
/// `-label * log σ(x) - (1 - label) * log(1 - σ(x))`. Logits of any shape; the result is a scalar.
///
/// On logits no exponential overflows and the logarithm never sees zero.
/// Goodfellow et al., "Generative Adversarial Nets", NIPS 2014, arXiv:1406.2661, eq. 1.
public func binaryCrossEntropy(_ graph: ComputeGraph, logits: Value, label: Float) -> Value {
    if label == 1 { return graph.mean(graph.softplus(graph.affine(logits, scale: -1))) }
    let cost = graph.mean(graph.softplus(logits))
    return label == 0 ? cost : graph.subtract(cost, graph.affine(graph.mean(logits), scale: label))
}

/// Binary cross-entropy of logits against labels that may differ from sample to sample.
public func binaryCrossEntropy(_ graph: ComputeGraph, logits: Value, target: Target) -> Value {
    switch target {
    case .constant(let label): binaryCrossEntropy(graph, logits: logits, label: label)
    case .perSample(let labels):
        graph.subtract(graph.mean(graph.softplus(logits)), graph.mean(graph.multiply(labels, logits)))
    }
}

/// The generator's loss that follows from the game as stated: `mean(log(1 - D(G(z))))`. Its gradient vanishes where D
/// is sure, so the non-saturating `binaryCrossEntropy(logits, label: 1)` is usual.
///
/// Goodfellow et al., "Generative Adversarial Nets", NIPS 2014, arXiv:1406.2661, eq. 1 and section 3.
public func minimaxGeneratorLoss(_ graph: ComputeGraph, logits: Value) -> Value {
    graph.affine(binaryCrossEntropy(graph, logits: logits, label: 0), scale: -1)
}
