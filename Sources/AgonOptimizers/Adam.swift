import AgonConfiguration
import CAgonKernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Steps of moving means of gradients and their squares, both corrected for starting at zero:
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
    /// Whether weights shrink by `learningRate * weightDecay` instead of the decay being part of the gradient.
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

    /// - Parameter amsgrad: the switch if the kind settles it, nil to read it.
    init(from reader: ConfigReader, decoupledDecay: Bool = false, weightDecay: Double = 0, amsgrad: Bool? = nil) throws
    {
        self.init(
            learningRate: try reader.learningRate(default: 1e-3),
            beta1: try reader.number(
                "beta1", in: 0..<1, default: 0.9, "Share of the mean gradient kept in each update."),
            beta2: try reader.number(
                "beta2", in: 0..<1, default: 0.999, "Share of the mean square kept in each update."),
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
        // The kernel's moving means weigh with beta as a Float. Corrected by that same beta the weights sum to one;
        // 0.999 itself would leave a first step 2e-5 off.
        func correction(_ beta: Double) -> Double { 1 - pow(Double(Float(beta)), Double(updates + 1)) }
        return .init(
            rounding: learningRate, beta1, beta2, epsilon, weightDecay, decoupledDecay.flag, amsgrad.flag,
            correction(beta1), correction(beta2))
    }
}
