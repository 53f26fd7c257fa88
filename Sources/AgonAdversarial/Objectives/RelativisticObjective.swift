import AgonConfiguration
import AgonGraph
import Foundation

/// Relativistic average loss: each image's score is compared with the mean score of the other kind, by cross-entropy or
/// by a hinge. With `r = D(x) - mean D(G(z))` and `f = D(G(z)) - mean D(x)`:
///
/// - cross-entropy: D minimises `BCE(r, 1) + BCE(f, 0)`, G `BCE(f, 1) + BCE(r, 0)`; with `mean`, the mean of both
///   terms;
/// - hinge: D minimises `mean max(0, 1 - r) + mean max(0, 1 + f)`, G the same with r and f exchanged.
///
/// Jolicoeur-Martineau, "The relativistic discriminator: a key element missing from standard GAN", ICLR 2019,
/// arXiv:1807.00734, section 4.2 (RaSGAN) and appendix (RaHingeGAN).
public struct RelativisticObjective: AlternatingObjective {
    public static let name = "relativistic"

    public enum Loss: String, CaseIterable, Sendable {
        case crossEntropy = "cross-entropy"
        case hinge
    }

    public let loss: Loss
    /// How the two terms of a loss are combined.
    public let reduction: BatchReduction
    public let alternation: Alternation

    public init(
        loss: Loss = .crossEntropy, reduction: BatchReduction = .mean, alternation: Alternation = Alternation()
    ) {
        self.loss = loss
        self.reduction = reduction
        self.alternation = alternation
    }

    init(from reader: ConfigReader) throws {
        self.init(
            loss: try reader.choice("loss", default: .crossEntropy, "The loss applied to score differences."),
            reduction: try reader.choice("reduction", default: .mean, "Mean or sum of the two terms of a loss."),
            alternation: try Alternation(from: reader))
    }

    public var scores: ScoreKind { .unbounded }
    public var generatorLossMayBeNegative: Bool { false }
    public var guessingLoss: Double? { (reduction == .mean ? 1 : 2) * (loss == .hinge ? 1 : log(2)) }
    public var generatorComparesWithReal: Bool { true }

    public func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        try alternation.check(configuration)
        if configuration.ensemble.measuresSteepestDirection {
            throw .noCommonDirection(objective: Self.name)
        }
    }

    public func discriminatorLoss(_ pass: DiscriminatorPass) -> Value {
        terms(real: pass.realScores, generated: pass.generatedScores, in: pass.graph)
    }

    public func generatorLoss(scores: Value, in graph: ComputeGraph) -> Value {
        preconditionFailure("a relativistic loss needs the scores of real samples")
    }

    public func generatorLoss(scores: Value, real: Value, in graph: ComputeGraph) -> Value {
        terms(real: scores, generated: real, in: graph)
    }

    /// The loss with the first scores labelled real and the second labelled generated.
    private func terms(real: Value, generated: Value, in graph: ComputeGraph) -> Value {
        let above = graph.subtract(real, graph.mean(generated))
        let below = graph.subtract(generated, graph.mean(real))
        let sum: Value
        switch loss {
        case .crossEntropy:
            sum = graph.add(
                binaryCrossEntropy(graph, logits: above, label: 1), binaryCrossEntropy(graph, logits: below, label: 0))
        case .hinge: sum = hingeDiscriminatorLoss(graph, real: above, generated: below)
        }
        return reduction == .mean ? graph.affine(sum, scale: 0.5) : sum
    }
}
