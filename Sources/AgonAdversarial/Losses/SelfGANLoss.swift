import AgonGraph

/// The four forms of SelfGAN's loss: as its paper states it or as its code computes it, for GPU and for TPU.
public enum SelfGANForm: String, CaseIterable, Sendable {
    case gpuPaper = "gpu-paper"
    case gpuCode = "gpu-code"
    case tpuPaper = "tpu-paper"
    case tpuCode = "tpu-code"
}

/// SelfGAN's terms: how far D's scores of generated images (to be real), of real images and of the images generated in
/// the step before (to be false) are from what they should be.
public struct SelfGANTerms {
    /// The distance between scores and targets.
    public enum Measure: String, CaseIterable, Sendable {
        /// Of logits; a score is `σ(logit)`.
        case binaryCrossEntropy = "binary-cross-entropy"
        /// `mean((score - target)²)`, as the published image-to-image networks have it.
        case leastSquares = "least-squares"
    }

    /// The mean losses `lg`, `lr`, `lf`, scalars.
    public let generatedLoss: Value, realLoss: Value, previousLoss: Value
    /// The mean scores, scalars.
    public let generatedScore: Value, realScore: Value, previousScore: Value
    let measure: Measure

    public init(
        _ graph: ComputeGraph, generated: Value, real: Value, previous: Value,
        measure: Measure = .binaryCrossEntropy, realTarget: Target = .constant(1), previousTarget: Target = .constant(0)
    ) {
        func loss(_ scores: Value, _ target: Target) -> Value {
            switch measure {
            case .binaryCrossEntropy: binaryCrossEntropy(graph, logits: scores, target: target)
            case .leastSquares: graph.affine(leastSquares(graph, scores: scores, target: target), scale: 2)
            }
        }
        func score(_ scores: Value) -> Value {
            graph.mean(measure == .binaryCrossEntropy ? graph.sigmoid(scores) : scores)
        }
        generatedLoss = loss(generated, .constant(1))
        realLoss = loss(real, realTarget)
        previousLoss = loss(previous, previousTarget)
        generatedScore = score(generated)
        realScore = score(real)
        previousScore = score(previous)
        self.measure = measure
    }
}

/// SelfGAN's one loss for both networks, a scalar. With the mean losses `lg`, `lr`, `lf` and mean scores `pg`, `pr`, `pf`
/// on generated, real and previous images:
///
///     gpu-paper   (lr + 0.1 lg² + 0.9 lf²) / 2
///     gpu-code    (lr + 0.1 vg lg + 0.9 vf lf) / 2
///     tpu-paper   (lr² + lg² + lf²) / (lr + lg + lf)
///     tpu-code    (vr lr + vg lg + vf lf) / (vr + vg + vf)
///
/// with `vr = 1 - pr`, `vg = 1 - pg`, `vf = pf`, or their magnitudes where scores are no probabilities. The weights are
/// part of the loss: gradients flow through them.
/// Hecong Wu, "SelfGAN - Not A GAN But Punch Itself", 2019, viXra:1902.0445.
public func selfGANLoss(_ graph: ComputeGraph, form: SelfGANForm, terms: SelfGANTerms) -> Value {
    let (lg, lr, lf) = (terms.generatedLoss, terms.realLoss, terms.previousLoss)
    func magnitude(_ weight: Value) -> Value {
        terms.measure == .binaryCrossEntropy ? weight : graph.apply(.absolute, weight)
    }
    func doubt(_ score: Value) -> Value { magnitude(graph.affine(score, scale: -1, offset: 1)) }
    func sum(_ values: Value...) -> Value { graph.sum(of: values) }
    let previousWeight = magnitude(terms.previousScore)

    switch form {
    case .gpuPaper:
        let weighted = sum(lr, graph.affine(graph.square(lg), scale: 0.1), graph.affine(graph.square(lf), scale: 0.9))
        return graph.affine(weighted, scale: 0.5)
    case .gpuCode:
        let generated = graph.multiply(doubt(terms.generatedScore), lg)
        let previous = graph.multiply(previousWeight, lf)
        let weighted = sum(lr, graph.affine(generated, scale: 0.1), graph.affine(previous, scale: 0.9))
        return graph.affine(weighted, scale: 0.5)
    case .tpuPaper:
        return graph.divide(sum(graph.square(lr), graph.square(lg), graph.square(lf)), sum(lr, lg, lf))
    case .tpuCode:
        let (vr, vg) = (doubt(terms.realScore), doubt(terms.generatedScore))
        let weighted = sum(graph.multiply(vr, lr), graph.multiply(vg, lg), graph.multiply(previousWeight, lf))
        return graph.divide(weighted, sum(vr, vg, previousWeight))
    }
}

/// SelfGAN's one loss from the three sets of logits.
public func selfGANLoss(
    _ graph: ComputeGraph, form: SelfGANForm, generated: Value, real: Value, previous: Value
) -> Value {
    let terms = SelfGANTerms(graph, generated: generated, real: real, previous: previous)
    return selfGANLoss(graph, form: form, terms: terms)
}
