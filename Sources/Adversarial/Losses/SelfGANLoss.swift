import Graph

/// The four forms of SelfGAN's loss: as its paper states it or as its code computes it, for GPU and for TPU.
public enum SelfGANForm: String, CaseIterable, Sendable {
    case gpuPaper = "gpu-paper"
    case gpuCode = "gpu-code"
    case tpuPaper = "tpu-paper"
    case tpuCode = "tpu-code"
}

/// SelfGAN's terms: binary cross-entropies of the logits of D on generated images (to be real), on real images and on
/// the images generated in the step before (to be false).
public struct SelfGANTerms {
    /// The means `lg`, `lr`, `lf` of the three cross-entropies, scalars.
    public let generatedLoss: Value, realLoss: Value, previousLoss: Value
    /// The mean probabilities `mean(σ(logits))`, scalars.
    public let generatedScore: Value, realScore: Value, previousScore: Value

    public init(_ graph: ComputeGraph, generated: Value, real: Value, previous: Value) {
        generatedLoss = binaryCrossEntropy(graph, logits: generated, label: 1)
        realLoss = binaryCrossEntropy(graph, logits: real, label: 1)
        previousLoss = binaryCrossEntropy(graph, logits: previous, label: 0)
        generatedScore = graph.mean(graph.sigmoid(generated))
        realScore = graph.mean(graph.sigmoid(real))
        previousScore = graph.mean(graph.sigmoid(previous))
    }
}

/// SelfGAN's one loss for both networks, a scalar. With the mean losses `lg`, `lr`, `lf` and mean probabilities `pg`,
/// `pr`, `pf` on generated, real and previous images:
///
///     gpu-paper   (lr + 0.1 lg² + 0.9 lf²) / 2
///     gpu-code    (lr + 0.1 (1 - pg) lg + 0.9 pf lf) / 2
///     tpu-paper   (lr² + lg² + lf²) / (lr + lg + lf)
///     tpu-code    ((1 - pr) lr + (1 - pg) lg + pf lf) / ((1 - pr) + (1 - pg) + pf)
///
/// The weights are part of the loss: gradients flow through them.
/// Hecong Wu, "SelfGAN - Not A GAN But Punch Itself", 2019, viXra:1902.0445.
public func selfGANLoss(_ graph: ComputeGraph, form: SelfGANForm, terms: SelfGANTerms) -> Value {
    let (lg, lr, lf) = (terms.generatedLoss, terms.realLoss, terms.previousLoss)
    func doubt(_ score: Value) -> Value { graph.affine(score, scale: -1, offset: 1) }
    func sum(_ values: Value...) -> Value { values.dropFirst().reduce(values[0], graph.add) }

    switch form {
    case .gpuPaper:
        let weighted = sum(lr, graph.affine(graph.square(lg), scale: 0.1), graph.affine(graph.square(lf), scale: 0.9))
        return graph.affine(weighted, scale: 0.5)
    case .gpuCode:
        let generated = graph.multiply(doubt(terms.generatedScore), lg)
        let previous = graph.multiply(terms.previousScore, lf)
        let weighted = sum(lr, graph.affine(generated, scale: 0.1), graph.affine(previous, scale: 0.9))
        return graph.affine(weighted, scale: 0.5)
    case .tpuPaper:
        return graph.divide(sum(graph.square(lr), graph.square(lg), graph.square(lf)), sum(lr, lg, lf))
    case .tpuCode:
        let (vr, vg, vf) = (doubt(terms.realScore), doubt(terms.generatedScore), terms.previousScore)
        let weighted = sum(graph.multiply(vr, lr), graph.multiply(vg, lg), graph.multiply(vf, lf))
        return graph.divide(weighted, sum(vr, vg, vf))
    }
}

/// SelfGAN's one loss from the three sets of logits.
public func selfGANLoss(
    _ graph: ComputeGraph, form: SelfGANForm, generated: Value, real: Value, previous: Value
) -> Value {
    let terms = SelfGANTerms(graph, generated: generated, real: real, previous: previous)
    return selfGANLoss(graph, form: form, terms: terms)
}
