import AgonGraph

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The forms of SelfGAN's loss: the paper's formula or the published code, for GPU or for TPU, and the loss that
/// actually ran on TPUs.
public enum SelfGANForm: String, CaseIterable, Sendable {
    case gpuPaper = "gpu-paper"
    case gpuCode = "gpu-code"
    case tpuPaper = "tpu-paper"
    /// The GPU code that emulates the TPU's loss.
    case tpuCode = "tpu-code"
    /// The loss that Keras computed on TPUs: the weights of `tpu-code`, with losses whose arguments were exchanged.
    case tpuKeras = "tpu-keras"
}

/// SelfGAN's terms: the distance of D's scores from their targets for generated images (target: real), real images, and
/// images generated in the previous step (target: fake).
public struct SelfGANTerms {
    /// The distance between scores and targets.
    public enum Measure: String, CaseIterable, Sendable {
        /// Cross-entropy of logits; a score is `σ(logit)`.
        case binaryCrossEntropy = "binary-cross-entropy"
        /// `mean((score - target)²)`, as in the published image-to-image networks.
        case leastSquares = "least-squares"
    }

    /// The mean losses `lg`, `lr`, `lf`, scalars.
    public let generatedLoss: Value, realLoss: Value, previousLoss: Value
    /// The mean scores, scalars.
    public let generatedScore: Value, realScore: Value, previousScore: Value
    let measure: Measure

    /// - Parameter exchangesArguments: whether scores and targets are exchanged in the cross-entropy, as in the Keras
    ///   form; targets must then be constant.
    public init(
        _ graph: ComputeGraph, generated: Value, real: Value, previous: Value,
        measure: Measure = .binaryCrossEntropy, realTarget: Target = .constant(1),
        previousTarget: Target = .constant(0), exchangesArguments: Bool = false
    ) {
        func loss(_ scores: Value, _ target: Target) -> Value {
            if exchangesArguments {
                guard case .constant(let label) = target else { preconditionFailure("exchanged labels vary") }
                return exchangedCrossEntropy(graph, logits: scores, label: label)
            }
            switch measure {
            case .binaryCrossEntropy: return binaryCrossEntropy(graph, logits: scores, target: target)
            case .leastSquares: return graph.affine(leastSquares(graph, scores: scores, target: target), scale: 2)
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

/// The cross-entropy of Keras's `binary_crossentropy(y_true, y_pred)` with exchanged arguments: D's probability `p` as
/// the truth and the label as the prediction. It is linear in `p`: the mean of `-p log(y) - (1 - p) log(1 - y)`, where
/// `y` is the label clamped to [1e-7, 1 - 1e-7] in single precision. So a label of 1 costs `15.94 (1 - p)`, a label of
/// 0 `16.12 p`.
func exchangedCrossEntropy(_ graph: ComputeGraph, logits: Value, label: Float) -> Value {
    let prediction = Double(min(max(label, 1e-7), 1 - 1e-7))
    let (ofReal, ofFalse) = (-log(prediction), -log(1 - prediction))
    return graph.affine(graph.mean(graph.sigmoid(logits)), scale: Float(ofReal - ofFalse), offset: Float(ofFalse))
}

/// The weights of SelfGAN's terms: `vr`, `vg` and `vf` of `selfGANLoss`.
public struct SelfGANWeights {
    /// Nil in the GPU forms, where the loss on real images has weight 1.
    public let real: Value?
    public let generated: Value, previous: Value

    public init(_ graph: ComputeGraph, form: SelfGANForm, terms: SelfGANTerms) {
        func magnitude(_ weight: Value) -> Value {
            terms.measure == .binaryCrossEntropy ? weight : graph.apply(.absolute, weight)
        }
        func doubt(_ score: Value) -> Value { magnitude(graph.affine(score, scale: -1, offset: 1)) }
        switch form {
        case .gpuPaper, .tpuPaper:
            (generated, previous) = (terms.generatedLoss, terms.previousLoss)
            real = form == .tpuPaper ? terms.realLoss : nil
        case .gpuCode, .tpuCode, .tpuKeras:
            (generated, previous) = (doubt(terms.generatedScore), magnitude(terms.previousScore))
            real = form == .gpuCode ? nil : doubt(terms.realScore)
        }
    }
}

/// SelfGAN's single loss for both networks, a scalar. With the mean losses `lg`, `lr`, `lf` and mean scores `pg`, `pr`,
/// `pf` on generated, real and previous images:
///
///     gpu-paper   (lr + 0.1 lg lg + 0.9 lf lf) / 2
///     gpu-code    (lr + 0.1 vg lg + 0.9 vf lf) / 2
///     tpu-paper   (lr lr + lg lg + lf lf) / (lr + lg + lf)
///     tpu-code    (vr lr + vg lg + vf lf) / (vr + vg + vf)
///     tpu-keras   as tpu-code, with losses that are linear in the probabilities
///
/// with `vr = 1 - pr`, `vg = 1 - pg`, `vf = pf`, or their magnitudes if scores are not probabilities. The weights are
/// part of the loss: gradients flow through them.
/// Hecong Wu, "SelfGAN - Not A GAN But Punch Itself", 2019, viXra:1902.0445.
public func selfGANLoss(
    _ graph: ComputeGraph, form: SelfGANForm, terms: SelfGANTerms, weights: SelfGANWeights
) -> Value {
    let generated = graph.multiply(weights.generated, terms.generatedLoss)
    let previous = graph.multiply(weights.previous, terms.previousLoss)
    guard let real = weights.real else {
        let weighted = graph.sum(of: [
            terms.realLoss, graph.affine(generated, scale: 0.1), graph.affine(previous, scale: 0.9),
        ])
        return graph.affine(weighted, scale: 0.5)
    }
    return graph.divide(
        graph.sum(of: [graph.multiply(real, terms.realLoss), generated, previous]),
        graph.sum(of: [real, weights.generated, weights.previous]))
}

/// SelfGAN's single loss from the three sets of logits.
public func selfGANLoss(
    _ graph: ComputeGraph, form: SelfGANForm, generated: Value, real: Value, previous: Value
) -> Value {
    let terms = SelfGANTerms(
        graph, generated: generated, real: real, previous: previous, exchangesArguments: form == .tpuKeras)
    return selfGANLoss(graph, form: form, terms: terms, weights: SelfGANWeights(graph, form: form, terms: terms))
}
