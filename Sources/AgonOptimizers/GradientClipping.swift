import AgonGraph

/// A bound that is applied to gradients before an update.
public enum GradientClipping: Hashable, Sendable {
    /// Scales all gradients of an update together so that their joint Euclidean norm is at most this value.
    ///
    /// Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", ICML 2013,
    /// arXiv:1211.5063, algorithm 1.
    case norm(Double)
    /// Clamps each element to `-value ... value`.
    case value(Double)

    public func apply(to gradients: [Value], in graph: ComputeGraph) -> [Value] {
        guard let first = gradients.first else { return [] }
        switch self {
        case .value(let bound):
            return gradients.map { graph.apply(.clamp(low: -Float(bound), high: Float(bound)), $0) }
        case .norm(let bound):
            var total = graph.sum(graph.square(first))
            for gradient in gradients.dropFirst() { total = graph.add(total, graph.sum(graph.square(gradient))) }
            // The constant with which PyTorch avoids a division by zero.
            let norm = graph.affine(graph.squareRoot(total), offset: 1e-6)
            let scale = graph.apply(.minimum, graph.divide(graph.constant(Float(bound)), norm), graph.constant(1))
            return gradients.map { graph.multiply($0, scale) }
        }
    }
}
