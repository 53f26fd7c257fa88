import AgonConfiguration
import AgonGraph

/// Hinge: D minimises `mean(max(0, 1 - D(x))) + mean(max(0, 1 + D(G(z))))`, G `-mean(D(G(z)))`.
///
/// Lim and Ye, "Geometric GAN", 2017, arXiv:1705.02894, eq. 14; Miyato et al., "Spectral Normalization for Generative
/// Adversarial Networks", ICLR 2018, arXiv:1802.05957, eq. 16 and 17.
public struct HingeObjective: AlternatingObjective {
    public static let name = "hinge"

    public let alternation: Alternation

    public init(alternation: Alternation = Alternation()) { self.alternation = alternation }

    init(from reader: ConfigReader) throws { alternation = try Alternation(from: reader) }

    public var scores: ScoreKind { .unbounded }
    public var guessingLoss: Double? { 2 }

    public func discriminatorLoss(_ pass: DiscriminatorPass) -> Value {
        hingeDiscriminatorLoss(pass.graph, real: pass.realScores, generated: pass.generatedScores)
    }

    public func generatorLoss(scores: Value, in graph: ComputeGraph) -> Value {
        hingeGeneratorLoss(graph, generated: scores)
    }
}
