import AgonConfiguration
import CAgonKernels

/// Divides gradients by the root of the sum of their past squares: `s += g²; w -= learningRate * g / (√s + epsilon)`.
///
/// Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", JMLR 2011.
public struct Adagrad: Optimizer {
    public var learningRate: Double
    /// The learning rate is divided by `1 + updates * learningRateDecay`.
    public var learningRateDecay: Double
    public var initialAccumulator: Double
    public var epsilon: Double
    public var weightDecay: Double

    public init(
        learningRate: Double = 1e-2, learningRateDecay: Double = 0, initialAccumulator: Double = 0,
        epsilon: Double = 1e-10, weightDecay: Double = 0
    ) {
        self.learningRate = learningRate
        self.learningRateDecay = learningRateDecay
        self.initialAccumulator = initialAccumulator
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    init(from reader: ConfigReader) throws {
        self.init(
            learningRate: try reader.learningRate(default: 1e-2),
            learningRateDecay: try reader.number(
                "learningRateDecay", in: 0..., default: 0,
                "The learning rate is divided by 1 + this value * number of earlier updates."),
            initialAccumulator: try reader.number(
                "initialAccumulator", in: 0..., default: 0, "Initial value of the sums of squares."),
            epsilon: try reader.epsilon(default: 1e-10),
            weightDecay: try reader.weightDecay(default: 0))
    }

    public var stateNames: [String] { ["sum"] }
    public var kernel: Int32 { Int32(AGON_UPDATE_ADAGRAD.rawValue) }
    public func initialValue(ofState name: String) -> Float { Float(initialAccumulator) }

    public func parameters(learningRate: Double, updates: Int) -> [Float] {
        .init(rounding: learningRate / (1 + Double(updates) * learningRateDecay), epsilon, weightDecay)
    }
}
