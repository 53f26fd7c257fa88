import AgonConfiguration
import AgonGraph

/// Least squares: D minimises `½(D(x) - 1)² + ½D(G(z))²`, G `½(D(G(z)) - 1)²`, as means or sums over the batch.
/// Scores are unbounded, or probabilities if D ends in a sigmoid.
///
/// Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017, arXiv:1611.04076, eq. 9.
public struct LeastSquaresObjective: AlternatingObjective {
    public static let name = "lsgan"

    public let reduction: BatchReduction
    public let alternation: Alternation

    public init(reduction: BatchReduction = .mean, alternation: Alternation = Alternation()) {
        self.reduction = reduction
        self.alternation = alternation
    }

    init(from reader: ConfigReader) throws {
        self.init(
            reduction: try reader.choice("reduction", default: .mean, "Mean or sum over a batch."),
            alternation: try Alternation(from: reader))
    }

    public var scores: ScoreKind { .targets }
    public var guessingLoss: Double? { reduction == .mean ? 0.25 : nil }

    public func discriminatorLoss(_ pass: DiscriminatorPass) -> Value {
        let graph = pass.graph
        return graph.add(
            leastSquares(graph, scores: pass.realScores, target: pass.realTarget, reduction: reduction),
            leastSquares(graph, scores: pass.generatedScores, target: pass.generatedTarget, reduction: reduction))
    }

    public func generatorLoss(scores: Value, in graph: ComputeGraph) -> Value {
        leastSquares(graph, scores: scores, target: 1, reduction: reduction)
    }
}
