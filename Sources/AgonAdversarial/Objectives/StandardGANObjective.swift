import AgonConfiguration
import AgonGraph
import Foundation

/// The original game: D minimises the binary cross-entropy of real and generated images. G minimises the cross-entropy
/// of its images against the label real (non-saturating) or the negative of D's loss (minimax). Scores are logits.
///
/// Goodfellow et al., "Generative Adversarial Nets", NIPS 2014, arXiv:1406.2661, eq. 1 and section 3.
public struct StandardGANObjective: AlternatingObjective {
    public static let name = "gan"

    public enum GeneratorLoss: String, CaseIterable, Sendable {
        case nonSaturating = "non-saturating"
        case minimax
    }

    public let generatorLoss: GeneratorLoss
    /// How D's losses on real and on generated images are combined.
    public let reduction: BatchReduction
    public let alternation: Alternation

    public init(
        generatorLoss: GeneratorLoss = .nonSaturating, reduction: BatchReduction = .mean,
        alternation: Alternation = Alternation()
    ) {
        self.generatorLoss = generatorLoss
        self.reduction = reduction
        self.alternation = alternation
    }

    init(from reader: ConfigReader) throws {
        self.init(
            generatorLoss: try reader.choice(
                "generatorLoss", default: .nonSaturating, "Whether G maximises log(D) or minimises log(1 - D)."),
            reduction: try reader.choice(
                "discriminatorLoss", default: .mean, "Mean or sum of D's losses on real and on generated images."),
            alternation: try Alternation(from: reader))
    }

    public var scores: ScoreKind { .logits }
    public var generatorLossMayBeNegative: Bool { generatorLoss == .minimax }
    public var guessingLoss: Double? { (reduction == .mean ? 1 : 2) * log(2) }

    public func discriminatorLoss(_ pass: DiscriminatorPass) -> Value {
        let graph = pass.graph
        let sum = graph.add(
            binaryCrossEntropy(graph, logits: pass.realScores, target: pass.realTarget),
            binaryCrossEntropy(graph, logits: pass.generatedScores, target: pass.generatedTarget))
        return reduction == .mean ? graph.affine(sum, scale: 0.5) : sum
    }

    public func generatorLoss(scores: Value, in graph: ComputeGraph) -> Value {
        switch generatorLoss {
        case .nonSaturating: binaryCrossEntropy(graph, logits: scores, label: 1)
        case .minimax: minimaxGeneratorLoss(graph, logits: scores)
        }
    }
}
