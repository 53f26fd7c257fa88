import AgonConfiguration
import AgonGraph

/// `γ/2 mean(‖∂D(x)/∂x‖²)` at real samples.
///
/// Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018, arXiv:1801.04406,
/// eq. 9.
public struct RealSlopePenalty: DiscriminatorPenalty {
    public static let name = "r1"

    public let gamma: Double
    public let every: Int

    public init(gamma: Double = 10, every: Int = 1) {
        precondition(every > 0, "a penalty in every \(every) updates")
        self.gamma = gamma
        self.every = every
    }

    init(from reader: ConfigReader) throws {
        gamma = try reader.number("gamma", in: .positive, default: 10, "Twice the weight of the squared gradients.")
        every = try LazyPenalty.every(from: reader)
    }

    public func value(_ pass: DiscriminatorPass) throws -> Value {
        try zeroCenteredPenalty(
            pass.graph, scores: pass.scores(of: pass.real, call: "real"), samples: pass.real, gamma: Float(gamma))
    }
}
