import AgonConfiguration
import AgonGraph
import AgonTensors

/// Spectral norm: `w = weight_orig / sigma`, where sigma is the largest singular value of the weight as a matrix
/// `[out, in * kh * kw]`, estimated with the vector `weight_u` `[out]`.
///
/// Each training application updates `u` by power iterations `v = W'u / ||W'u||`, `u = Wv / ||Wv||`, and uses
/// `sigma = u'Wv`; evaluation uses `sigma = ||W'u||` and does not change `u`. Gradients of sigma reach only W.
/// Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018, arXiv:1802.05957,
/// algorithm 1.
/// Differs: PyTorch also stores `v`, and evaluates with the `v` of the last training application.
public struct SpectralNorm: WeightNormalization {
    public let iterations: Int
    public let epsilon: Float

    public init(iterations: Int = 1, epsilon: Float = 1e-12) {
        self.iterations = iterations
        self.epsilon = epsilon
    }

    init(from reader: ConfigReader) throws {
        iterations = try reader.integer(
            "iterations", in: 1...100, default: 1, "Power iterations in each training application.")
        epsilon = Float(
            try reader.number(
                "epsilon", in: .positive, default: 1e-12, "The minimum length by which a vector is divided."))
    }

    public func build(_ weight: LayerWeight, at site: LayerSite) throws -> @Sendable (NetworkCall) -> Value {
        let original = try weight.variable("weight_orig", at: site)
        let outputs = weight.extents[weight.outputAxis]
        let vector = try site.variable(
            "weight_u", extents: [outputs], role: .buffer, part: weight.part, initializer: UnitVector())
        return { [self] call in
            let graph = call.graph
            let w = graph.read(original)
            // Outputs come last: the transpose of PyTorch's matrix with reordered rows, which changes no product.
            let matrix = graph.stackedInputs(w, outputsBeforeInputs: weight.layout == .transposedConvolutionWeight)
            let u = graph.reshape(graph.read(vector), [outputs, 1])
            return graph.divide(w, sigma(of: matrix, u, vector, call))
        }
    }

    private func sigma(of matrix: Value, _ stored: Value, _ vector: Variable, _ call: NetworkCall) -> Value {
        let graph = call.graph
        guard call.mode == .training else {
            // A vector that was averaged over training is shorter than 1.
            let product = graph.matmul(matrix, graph.stopGradient(normalized(stored, graph)))
            return graph.sum(graph.multiply(product, graph.stopGradient(normalized(product, graph))))
        }
        var u = graph.stopGradient(stored)
        var product = u
        for _ in 0..<iterations {
            let v = graph.stopGradient(normalized(graph.matmul(matrix, u), graph))
            product = graph.matmul(matrix, v, transposeA: true)
            u = graph.stopGradient(normalized(product, graph))
        }
        graph.assign(graph.reshape(u, vector.shape), to: vector)
        return graph.sum(graph.multiply(product, u))
    }

    private func normalized(_ x: Value, _ graph: ComputeGraph) -> Value {
        let length = graph.squareRoot(graph.sum(graph.square(x)))
        return graph.divide(x, graph.apply(.maximum, length, graph.constant(epsilon)))
    }
}

/// A uniformly distributed direction.
private struct UnitVector: Initializer {
    func values(for target: InitializationTarget, stream: RandomStream) -> [Float] {
        let draws = stream.normal(count: target.shape.count)
        let length = draws.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return draws.map { Float(Double($0) / max(length, 1e-12)) }
    }
}

extension ComputeGraph {
    /// A weight as a matrix `[inputs * kh * kw, outputs]`.
    fileprivate func stackedInputs(_ weight: Value, outputsBeforeInputs: Bool) -> Value {
        let shape = weight.shape
        guard outputsBeforeInputs else { return reshape(weight, [shape.count / shape[-1], shape[-1]]) }
        let (area, outputs, inputs) = (shape[0] * shape[1], shape[2], shape[3])
        let turned = append(.transpose, [reshape(weight, [area, outputs, inputs])])
        return reshape(turned, [area * inputs, outputs])
    }
}
