import AgonConfiguration
import CAgonKernels

/// Stochastic gradient descent with momentum: `v = momentum * v + (1 - dampening) * g; w -= learningRate * v`.
///
/// With `nesterov` the step is `g + momentum * v`. The first velocity is the gradient itself, without dampening.
/// Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.
/// Differs: as in PyTorch, the learning rate multiplies the velocity instead of being part of it.
public struct SGD: Optimizer {
    public var learningRate: Double
    public var momentum: Double
    public var dampening: Double
    public var nesterov: Bool
    public var weightDecay: Double

    public init(
        learningRate: Double = 1e-3, momentum: Double = 0, dampening: Double = 0, nesterov: Bool = false,
        weightDecay: Double = 0
    ) {
        precondition(
            !nesterov || (momentum > 0 && dampening == 0), "Nesterov with momentum \(momentum), dampening \(dampening)")
        self.learningRate = learningRate
        self.momentum = momentum
        self.dampening = dampening
        self.nesterov = nesterov
        self.weightDecay = weightDecay
    }

    init(from reader: ConfigReader) throws {
        let learningRate = try reader.learningRate(default: 1e-3)
        let momentum = try reader.decayFactor("momentum", default: 0, "Decay factor of the velocity per update.")
        let dampening = try reader.number(
            "dampening", in: 0...1, default: 0, "Fraction of the gradient that is not added to the velocity.")
        let nesterov = try reader.boolean(
            "nesterov", default: false, "Whether to use Nesterov momentum.")
        let weightDecay = try reader.weightDecay(default: 0)
        try reader.require(
            !nesterov || momentum > 0, "nesterov", "Nesterov momentum needs a 'momentum' above 0")
        try reader.require(
            dampening == 0 || momentum > 0, "dampening", "has no effect without a 'momentum' above 0; remove it")
        try reader.require(!nesterov || dampening == 0, "nesterov", "Nesterov momentum needs a 'dampening' of 0")
        // The generated config description decodes every key with a placeholder value.
        let isNesterov = nesterov && !reader.isDescribing
        self.init(
            learningRate: learningRate, momentum: momentum, dampening: dampening, nesterov: isNesterov,
            weightDecay: weightDecay)
    }

    public var stateNames: [String] { momentum == 0 ? [] : ["momentum_buffer"] }
    public var kernel: Int32 { Int32(AGON_UPDATE_SGD.rawValue) }

    public func parameters(learningRate: Double, updates: Int) -> [Float] {
        .init(rounding: learningRate, momentum, dampening, nesterov.flag, weightDecay, (updates == 0).flag)
    }
}
