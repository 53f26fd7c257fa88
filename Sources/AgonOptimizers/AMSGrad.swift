import AgonConfiguration

extension Adam {
    /// Adam that divides by the largest mean square so far, so step sizes never grow again.
    ///
    /// Reddi, Kale and Kumar, "On the Convergence of Adam and Beyond", ICLR 2018, arXiv:1904.09237, algorithm 2.
    /// Differs: as in PyTorch, with Adam's bias corrections.
    public static func amsgrad(
        learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
        weightDecay: Double = 0
    ) -> Adam {
        Adam(
            learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
            amsgrad: true)
    }

    static func amsgrad(from reader: ConfigReader) throws -> Adam { try Adam(from: reader, amsgrad: true) }
}
