import AgonConfiguration
import AgonGraph
import AgonTensors

/// `λ mean((‖∂D(x̂)/∂x̂‖ - 1)²)` at points near real samples: `x̂ = x + α · ½ σ u`, with `σ` the standard deviation of
/// all values of the real batch, `u` uniform in [0, 1) per value and `α` uniform in [0, 1) per sample.
///
/// Kodali et al., "On Convergence and Stability of GANs", 2017, arXiv:1705.07215, section 2.4; the perturbation as in
/// the published code.
public struct PerturbationPenalty: DiscriminatorPenalty {
    public static let name = "dragan"

    /// `λ`.
    public let weight: Double
    public let every: Int

    public init(weight: Double = 10, every: Int = 1) {
        precondition(every > 0, "a penalty in every \(every) updates")
        self.weight = weight
        self.every = every
    }

    init(from reader: ConfigReader) throws {
        weight = try reader.number(
            "weight", in: .positive, default: 10, "Weight of the penalty on gradient norms other than 1.")
        every = try LazyPenalty.every(from: reader)
    }

    public func value(_ pass: DiscriminatorPass) throws -> Value {
        let (graph, real) = (pass.graph, pass.real)
        let ones = Shape([Int](repeating: 1, count: real.shape.rank - 1))
        let deviation = graph.squareRoot(graph.moments(real, to: []).variance)
        let perturbation = graph.multiply(
            graph.affine(deviation, scale: 0.5), pass.uniform(real.shape, stream: "perturbation"))
        let alpha = graph.reshape(
            pass.uniform([real.shape[0]], stream: "interpolation"), Shape([real.shape[0]] + ones.dimensions))
        let near = graph.add(real, graph.multiply(alpha, perturbation))
        return try gradientPenalty(
            graph, scores: pass.scores(of: near, call: "perturbed"), samples: near, weight: Float(weight))
    }
}
