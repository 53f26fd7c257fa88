import AgonConfiguration
import AgonGraph

/// The hypervolume of the losses up to a nadir point: `-sum(log(η - l_k))`, with `η` slightly above the largest loss.
/// Its gradient weights each loss by `1 / (η - l_k)`.
///
/// Albuquerque et al., "Multi-objective training of Generative Adversarial Networks with multiple discriminators", ICML
/// 2019, arXiv:1901.08680, eq. 9-11; the slack as in the scripts that trained its models.
public struct HypervolumeCombination: DiscriminatorCombination {
    public static let name = "hypervolume"

    /// `η = slack * max(l)`.
    public let slack: Double
    public let growth: SlackGrowth?

    public init(slack: Double = 1.5, growth: SlackGrowth? = nil) {
        self.slack = slack
        self.growth = growth
    }

    init(from reader: ConfigReader) throws {
        // With a slack closer to 1, η may round to the largest loss in single precision, giving that loss an infinite
        // weight.
        slack = try reader.number(
            "slack", in: 1.0001..., default: 1.5,
            "Ratio of the nadir point to the largest loss; closer to 1, the worst discriminator counts more.")
        growth = try reader.optionalSection(
            "growth", "Lets the slack grow while evaluations find no smaller distance.")
        let (slack, growth) = (slack, growth)
        try reader.require(
            growth.map { $0.limit >= slack } ?? true, "growth", "the initial slack is above its limit")
    }

    public func combine(_ game: GeneratorGame) -> CombinedLoss {
        let graph = game.graph
        let losses = game.lossVector
        let nadir = nadir(graph, losses: losses, slack: currentSlack(game))
        let pulls = graph.reciprocal(graph.subtract(nadir, losses))
        return CombinedLoss(
            loss: hypervolume(graph, losses: losses, nadir: nadir), weights: graph.divide(pulls, graph.sum(pulls)))
    }

    /// The slack in a step, a scalar.
    private func currentSlack(_ game: GeneratorGame) -> Value {
        let graph = game.graph
        guard let growth else { return graph.constant(Float(slack)) }
        let state = game.setting.loopVariable(SlackGrowth.variable, [3], initial: growth.initialState(slack: slack))
        return graph.reshape(graph.slice(graph.read(state), axis: 0, start: 0, count: 1), [])
    }
}
