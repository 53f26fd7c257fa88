import AgonConfiguration
import CAgonKernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Updates by the moving mean of gradients divided by the root of their moving mean square, both with bias correction:
/// `w -= learningRate * m̂ / (√v̂ + epsilon)`.
///
/// Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, arXiv:1412.6980, algorithm 1.
/// `AMSGrad` and `AdamW` are the same rule with one switch each.
public struct Adam: Optimizer {
    public var learningRate: Double
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Double
    public var weightDecay: Double
    /// Whether weights shrink by `learningRate * weightDecay` instead of adding the decay to the gradient.
    public var decoupledDecay: Bool
    /// Whether to divide by the largest mean square so far.
    public var amsgrad: Bool

    public init(
        learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
        weightDecay: Double = 0, decoupledDecay: Bool = false, amsgrad: Bool = false
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.decoupledDecay = decoupledDecay
        self.amsgrad = amsgrad
    }

    /// - Parameter amsgrad: the value if the optimizer kind determines it; nil to read it from the config.
    init(from reader: ConfigReader, decoupledDecay: Bool = false, weightDecay: Double = 0, amsgrad: Bool? = nil) throws
    {
        self.init(
            learningRate: try reader.learningRate(default: 1e-3),
            beta1: try reader.decayFactor("beta1", default: 0.9, "Decay factor of the mean gradient per update."),
            beta2: try reader.decayFactor("beta2", default: 0.999, "Decay factor of the mean square per update."),
            epsilon: try reader.epsilon(default: 1e-8),
            weightDecay: try reader.weightDecay(default: weightDecay),
            decoupledDecay: decoupledDecay,
            amsgrad: try amsgrad
                ?? reader.boolean("amsgrad", default: false, "Whether to divide by the largest mean square so far."))
    }

    public var stateNames: [String] {
        amsgrad ? ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"] : ["exp_avg", "exp_avg_sq"]
    }
    public var kernel: Int32 { Int32(AGON_UPDATE_ADAM.rawValue) }

    public func parameters(learningRate: Double, updates: Int) -> [Float] {
        // The kernel computes the moving means with beta as a Float. With corrections from that same beta the weights
        // sum to one; 0.999 in double precision would change the first step by 2e-5.
        func correction(_ beta: Double) -> Double { 1 - pow(Double(Float(beta)), Double(updates + 1)) }
        return .init(
            rounding: learningRate, beta1, beta2, epsilon, weightDecay, decoupledDecay.flag, amsgrad.flag,
            correction(beta1), correction(beta2))
    }
}
