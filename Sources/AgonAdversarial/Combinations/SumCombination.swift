import AgonConfiguration
import AgonGraph

/// All discriminators count the same: `sum(l_k)`, or their mean.
///
/// Albuquerque et al., "Multi-objective training of Generative Adversarial Networks with multiple discriminators", ICML
/// 2019, arXiv:1901.08680, section 3.1. Published as the average; its code takes the sum.
public struct SumCombination: DiscriminatorCombination {
    public static let name = "average"

    public let reduction: BatchReduction

    public init(reduction: BatchReduction = .sum) { self.reduction = reduction }

    init(from reader: ConfigReader) throws {
        reduction = try reader.choice("reduction", default: .sum, "Sum or mean of the losses.")
    }

    public func combine(_ game: GeneratorGame) -> CombinedLoss {
        CombinedLoss(loss: combined(game.losses, in: game.graph))
    }

    func combined(_ losses: [Value], in graph: ComputeGraph) -> Value {
        reduction == .sum ? graph.sum(of: losses) : graph.mean(of: losses)
    }
}
