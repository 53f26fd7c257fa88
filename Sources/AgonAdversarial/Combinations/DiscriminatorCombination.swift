import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonTensors

/// A rule that combines a generator's losses against several discriminators into one.
///
/// A combination is one type in one file, registered under a name in `CombinationRegistry.combinations`.
public protocol DiscriminatorCombination: Sendable {
    /// The name in configs and messages.
    static var name: String { get }
    /// Whether it compares mean scores, so each discriminator must give one score per sample.
    var readsScores: Bool { get }
    func combine(_ game: GeneratorGame) throws -> CombinedLoss
}

extension DiscriminatorCombination {
    public var readsScores: Bool { false }
}

/// A generator's losses against its discriminators in one update.
public struct GeneratorGame {
    public let setting: AdversarialSetting
    public let graph: ComputeGraph
    /// The index of the generator.
    public let side: Int
    /// The inputs from which the generator's samples were made.
    public let inputs: GANTaskInputs
    /// One scalar per discriminator.
    public let losses: [Value]
    /// The scores of the generator's samples, per discriminator.
    public let scores: [Value]

    public var generator: Network { setting.gan.sides[side].generator }
    public var discriminators: [Network] { setting.gan.sides[side].discriminators }

    /// The losses as one vector `[K]`.
    public var lossVector: Value {
        graph.concatenate(losses.map { graph.reshape($0, [1]) }, axis: 0)
    }

    /// The gradients of each loss with respect to the generator's parameters.
    ///
    /// - Throws: `GraphError.noDerivative`.
    public func gradients() throws -> [[Value]] {
        let parameters = generator.parameters.map(graph.read)
        return try losses.map { try graph.gradients(of: $0, withRespectTo: parameters) }
    }

    /// `sum(w_k l_k)`, where the weights `[K]` are constant in the gradient.
    public func weighted(by weights: Value) -> CombinedLoss {
        let constant = graph.stopGradient(weights)
        return CombinedLoss(loss: graph.sum(graph.multiply(constant, lossVector)), weights: constant)
    }
}

/// The single loss that a generator minimises.
public struct CombinedLoss {
    public let loss: Value
    /// The weight of each discriminator, `[K]`, for the log.
    public let weights: Value?
    /// Appends operations that run after the generator's update.
    public let afterUpdate: (() throws -> Void)?

    public init(loss: Value, weights: Value? = nil, afterUpdate: (() throws -> Void)? = nil) {
        self.loss = loss
        self.weights = weights
        self.afterUpdate = afterUpdate
    }
}

/// The combinations that a config can name; programs may register more.
public enum CombinationRegistry {
    public static let combinations: VariantRegistry<any DiscriminatorCombination> = {
        let registry = VariantRegistry<any DiscriminatorCombination>(schemaName: "Combination", noun: "combination")
        registry.register(SumCombination.name, "The sum of the losses.") { _ in SumCombination() }
        registry.register(MeanCombination.name, "The mean of the losses.") { _ in MeanCombination() }
        registry.rename("average", to: SumCombination.name)
        registry.register(SoftmaxCombination.name, "GMAN: softmax weights, larger for larger losses.") {
            try SoftmaxCombination(from: $0)
        }
        registry.register(GradientSoftmaxCombination.name, "GMAN with weights from the losses' gradient norms.") {
            try GradientSoftmaxCombination(from: $0)
        }
        registry.register(LossDeltaCombination.name, "An online curriculum: weights from gains in mean score.") {
            try LossDeltaCombination(from: $0)
        }
        registry.register(MultipleGradientCombination.name, "Multiple gradient descent: minimum-norm gradient.") {
            try MultipleGradientCombination(from: $0)
        }
        registry.register(HypervolumeCombination.name, "Maximises the hypervolume up to a nadir point.") {
            try HypervolumeCombination(from: $0)
        }
        return registry
    }()
}
