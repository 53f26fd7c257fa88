import AgonConfiguration
import CAgonKernels

/// Gradients divided by a moving root mean square:
/// `s = alpha * s + (1 - alpha) * g²; w -= learningRate * g / (√s + epsilon)`.
///
/// `centered` subtracts the square of the moving mean gradient from `s`, down to 0 where rounding would pass it, which
/// PyTorch does not guard; `momentum` accumulates the updates. TensorFlow
/// 1 starts `s` at 1, so the first updates are small, and divides by `√(s + epsilon)`.
/// Tieleman and Hinton, "Lecture 6.5: RMSProp", Coursera 2012; centered: Graves, "Generating Sequences With Recurrent
/// Neural Networks", 2013, arXiv:1308.0850, eq. 38-45.
public struct RMSProp: Optimizer {
    public var learningRate: Double
    public var alpha: Double
    public var epsilon: Double
    public var momentum: Double
    public var centered: Bool
    public var weightDecay: Double
    /// The initial value of `s`.
    public var initialMeanSquare: Double
    public var epsilonInsideRoot: Bool

    public init(
        learningRate: Double = 1e-2, alpha: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0,
        centered: Bool = false, weightDecay: Double = 0, initialMeanSquare: Double = 0, epsilonInsideRoot: Bool = false
    ) {
        self.learningRate = learningRate
        self.alpha = alpha
        self.epsilon = epsilon
        self.momentum = momentum
        self.centered = centered
        self.weightDecay = weightDecay
        self.initialMeanSquare = initialMeanSquare
        self.epsilonInsideRoot = epsilonInsideRoot
    }

    init(from reader: ConfigReader) throws {
        self.init(
            learningRate: try reader.learningRate(default: 1e-2),
            alpha: try reader.decayFactor("alpha", default: 0.99, "Decay factor of the mean square per update."),
            epsilon: try reader.epsilon(default: 1e-8),
            momentum: try reader.decayFactor("momentum", default: 0, "Decay factor of the velocity per update."),
            centered: try reader.boolean(
                "centered", default: false, "Whether to divide by the standard deviation instead of the RMS."),
            weightDecay: try reader.weightDecay(default: 0),
            initialMeanSquare: try reader.number(
                "initialMeanSquare", in: 0..., default: 0, "Initial mean square; TensorFlow uses 1."),
            epsilonInsideRoot: try reader.boolean(
                "epsilonInsideRoot", default: false,
                "Whether epsilon is added to the mean square (TensorFlow) instead of to its root (PyTorch)."))
    }

    /// The kernel takes its states by position, so the centered rule keeps a velocity even without momentum.
    public var stateNames: [String] {
        if centered { return ["square_avg", "momentum_buffer", "grad_avg"] }
        return momentum > 0 ? ["square_avg", "momentum_buffer"] : ["square_avg"]
    }
    public var kernel: Int32 { Int32(AGON_UPDATE_RMSPROP.rawValue) }

    public func initialValue(ofState name: String) -> Float {
        name == "square_avg" ? Float(initialMeanSquare) : 0
    }

    public func parameters(learningRate: Double, updates: Int) -> [Float] {
        .init(
            rounding: learningRate, alpha, epsilonInsideRoot ? 0 : epsilon, momentum, centered.flag, weightDecay,
            epsilonInsideRoot ? epsilon : 0)
    }
}
