import AgonConfiguration

extension Adam {
    /// Adam with weights shrunk by `learningRate * weightDecay` before each step, separately from the gradient.
    ///
    /// Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, arXiv:1711.05101, algorithm 2.
    /// Differs: as in PyTorch, the decay is multiplied by the scheduled learning rate and not only by the schedule's
    /// factor.
    public static func decoupled(
        learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
        weightDecay: Double = 1e-2, amsgrad: Bool = false
    ) -> Adam {
        Adam(
            learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
            decoupledDecay: true, amsgrad: amsgrad)
    }

    static func decoupled(from reader: ConfigReader) throws -> Adam {
        try Adam(from: reader, decoupledDecay: true, weightDecay: 1e-2)
    }
}
