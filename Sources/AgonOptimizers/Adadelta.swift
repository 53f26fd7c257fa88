import AgonConfiguration
import CAgonKernels

/// Updates in the unit of the parameters: `w -= learningRate * √(u + epsilon) / √(s + epsilon) * g` with moving mean
/// squares `s` of gradients and `u` of updates.
///
/// Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, arXiv:1212.5701, algorithm 1.
public struct Adadelta: Optimizer {
    public var learningRate: Double
    public var rho: Double
    public var epsilon: Double
    public var weightDecay: Double

    public init(learningRate: Double = 1, rho: Double = 0.9, epsilon: Double = 1e-6, weightDecay: Double = 0) {
        self.learningRate = learningRate
        self.rho = rho
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    init(from reader: ConfigReader) throws {
        self.init(
            learningRate: try reader.learningRate(default: 1),
            rho: try reader.decayFactor("rho", default: 0.9, "Decay factor of the mean squares per update."),
            epsilon: try reader.epsilon(default: 1e-6),
            weightDecay: try reader.weightDecay(default: 0))
    }

    public var stateNames: [String] { ["square_avg", "acc_delta"] }
    public var kernel: Int32 { Int32(AGON_UPDATE_ADADELTA.rawValue) }

    public func parameters(learningRate: Double, updates: Int) -> [Float] {
        .init(rounding: learningRate, rho, epsilon, weightDecay)
    }
}
