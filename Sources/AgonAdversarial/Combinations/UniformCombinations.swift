import AgonGraph

/// A combination that weights all discriminators equally, whatever their losses.
public protocol UniformCombination: DiscriminatorCombination {
    /// The combined scalar loss from the scalar losses.
    func combined(_ losses: [Value], in graph: ComputeGraph) -> Value
}

extension UniformCombination {
    public func combine(_ game: GeneratorGame) -> CombinedLoss {
        CombinedLoss(loss: combined(game.losses, in: game.graph))
    }
}

/// The sum of the losses: `sum(l_k)`.
///
/// Albuquerque et al., "Multi-objective training of Generative Adversarial Networks with multiple discriminators", ICML
/// 2019, arXiv:1901.08680, section 3.1, call it average loss minimization; the authors' code takes the sum.
public struct SumCombination: UniformCombination {
    public static let name = "sum"

    public init() {}

    public func combined(_ losses: [Value], in graph: ComputeGraph) -> Value { graph.sum(of: losses) }
}

/// The mean of the losses: `sum(l_k) / K`.
public struct MeanCombination: UniformCombination {
    public static let name = "mean"

    public init() {}

    public func combined(_ losses: [Value], in graph: ComputeGraph) -> Value { graph.mean(of: losses) }
}
