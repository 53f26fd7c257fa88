import AgonGraph

/// How the terms of a loss are reduced over a batch.
public enum BatchReduction: String, CaseIterable, Sendable {
    case mean, sum
}

/// Half the squared distance of scores from a target: the mean (or sum) of `(x - target)² / 2` over all scores.
///
/// Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017, arXiv:1611.04076, eq. 2 and 9.
public func leastSquares(
    _ graph: ComputeGraph, scores: Value, target: Target, reduction: BatchReduction = .mean
) -> Value {
    let distances =
        switch target {
        case .constant(let target): graph.affine(scores, offset: -target)
        case .perSample(let targets): graph.subtract(scores, targets)
        }
    let squares = graph.square(distances)
    return graph.affine(reduction == .mean ? graph.mean(squares) : graph.sum(squares), scale: 0.5)
}

/// Half the squared distance of all scores from one target.
public func leastSquares(
    _ graph: ComputeGraph, scores: Value, target: Float, reduction: BatchReduction = .mean
) -> Value {
    leastSquares(graph, scores: scores, target: .constant(target), reduction: reduction)
}
