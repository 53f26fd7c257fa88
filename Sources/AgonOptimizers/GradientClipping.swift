import AgonGraph

/// A bound on gradients before they are used.
public enum GradientClipping: Hashable, Sendable {
    /// All gradients of an update scaled together so that their common Euclidean norm is at most this.
    ///
    /// Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", ICML 2013,
    /// arXiv:1211.5063, algorithm 1.
    case norm(Double)
    /// Each element held within `-value ... value`.
    case value(Double)

    public func apply(to gradients: [Value], in graph: ComputeGraph) -> [Value] {
        guard let first = gradients.first else { return [] }
        switch self {
        case .value(let bound):
            return gradients.map { graph.apply(.clamp(low: -Float(bound), high: Float(bound)), $0) }
        case .norm(let bound):
            var total = graph.sum(graph.square(first))
            for gradient in gradients.dropFirst() { total = graph.add(total, graph.sum(graph.square(gradient))) }
            // PyTorch's guard against a division by zero.
            let norm = graph.affine(graph.squareRoot(total), offset: 1e-6)
            let scale = graph.apply(.minimum, graph.divide(graph.constant(Float(bound)), norm), graph.constant(1))
            return gradients.map { graph.multiply($0, scale) }
        }
    }
}
