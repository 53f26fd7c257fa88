import AgonConfiguration
import AgonGraph

/// `γ/2 mean(‖∂D(x)/∂x‖²)` at real samples.
///
/// Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018, arXiv:1801.04406,
/// eq. 9.
public struct RealSlopePenalty: DiscriminatorPenalty {
    public static let name = "r1"

    public let gamma: Double

    public init(gamma: Double = 10) { self.gamma = gamma }

    init(from reader: ConfigReader) throws {
        gamma = try reader.number("gamma", in: .positive, default: 10, "Twice the weight of the squared gradients.")
    }

    public func value(_ pass: DiscriminatorPass) throws -> Value {
        try zeroCenteredPenalty(
            pass.graph, scores: pass.scores(of: pass.real, call: "real"), samples: pass.real, gamma: Float(gamma))
    }
}
