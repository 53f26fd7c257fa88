import AgonConfiguration
import AgonGraph
import AgonTensors

/// `sum(p_k l_k)` with `p = softmax(temperature Q)`, constant in the gradient. `Q_k` is the moving average of a reward:
/// how much the generator's update raised discriminator k's mean score of samples from the same latents as the losses.
///
/// The online curriculum compared in Albuquerque et al., arXiv:1901.08680; after Doan et al., "Online Adaptive
/// Curriculum Learning for GANs", AAAI 2019, arXiv:1808.00020.
public struct LossDeltaCombination: DiscriminatorCombination {
    public static let name = "loss-delta"

    /// The weight of the newest reward in the moving average.
    public let alpha: Double
    public let temperature: Double

    public init(alpha: Double = 0.8, temperature: Double = 15) {
        self.alpha = alpha
        self.temperature = temperature
    }

    init(from reader: ConfigReader) throws {
        alpha = try reader.number(
            "alpha", in: .above(0, through: 1), default: 0.8, "The weight of the newest reward in the moving average.")
        temperature = try reader.number(
            "temperature", in: 0..., default: 15, "The factor by which rewards are multiplied before the softmax.")
    }

    public var readsScores: Bool { true }

    public func combine(_ game: GeneratorGame) throws -> CombinedLoss {
        let (setting, graph) = (game.setting, game.graph)
        let count = game.losses.count
        let suffix = setting.gan.sides.count == 1 ? "" : ".\(game.side)"
        let rewards = setting.loopVariable("combination.rewards\(suffix)", [count])
        let before = graph.read(rewards)
        let weighted = game.weighted(
            by: softmaxWeights(graph, criteria: before, alpha: Float(temperature)))

        /// Mean scores, `[K]`.
        func means(_ scores: [Value]) -> Value {
            let objective = setting.configuration.objective
            let means = scores.map { graph.reshape(objective.meanScore($0, in: graph), [1]) }
            return graph.stopGradient(graph.concatenate(means, axis: 0))
        }

        /// Each discriminator's scores of samples from the same latents, with the current state of the networks.
        func probe() throws -> [Value] {
            let made = try setting.task.generate(game.inputs, setting: setting, call: "probe", in: graph)
            let view = DiscriminatorInput(made.samples[game.side], condition: game.inputs.condition, call: "probe")
            return try game.discriminators.map { try setting.judgements(of: [view], by: $0, in: graph)[0].scores }
        }

        let old = means(game.scores)
        return CombinedLoss(loss: weighted.loss, weights: weighted.weights) {
            let gain = graph.subtract(means(try probe()), old)
            let moved = graph.add(
                graph.affine(gain, scale: Float(alpha)), graph.affine(before, scale: Float(1 - alpha)))
            graph.assign(moved, to: rewards)
        }
    }
}
