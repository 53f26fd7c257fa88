import AgonConfiguration
import AgonGraph
import AgonTensors

/// `λ mean((‖∂D(x̂)/∂x̂‖ - 1)²)` at `x̂ = α x + (1 - α) G(z)`, `α` uniform in [0, 1) per sample.
///
/// Gulrajani et al., "Improved Training of Wasserstein GANs", NIPS 2017, arXiv:1704.00028, eq. 3.
public struct InterpolationPenalty: DiscriminatorPenalty {
    public static let name = "gradient-penalty"

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
        let graph = pass.graph
        let alpha = pass.uniform([pass.real.shape[0]], stream: "interpolation")
        let between = interpolated(graph, real: pass.real, generated: pass.generated, alpha: alpha)
        return try gradientPenalty(
            graph, scores: pass.scores(of: between, call: "interpolated"), samples: between, weight: Float(weight))
    }
}
