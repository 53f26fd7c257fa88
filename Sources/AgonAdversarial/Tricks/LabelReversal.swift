import AgonConfiguration
import AgonGraph

/// All labels exchanged for some updates once the discriminator's loss has fallen below a bound: a handicap for one that
/// wins.
///
/// Scuccimarra's notes after Chintala et al., "How to train a GAN?", 2016, items 6 and 10.
public struct LabelReversal: ConfigDecodable, Hashable, Sendable {
    public let below: Double
    public let steps: Int

    public init(below: Double = 0.1, steps: Int = 10) {
        self.below = below
        self.steps = steps
    }

    public init(from reader: ConfigReader) throws {
        self.init(
            below: try reader.number(
                "below", in: .positive, default: 0.1, "The discriminator's loss that sets it off."),
            steps: try reader.integer(
                "steps", in: 1...1_000_000, default: 10, "The discriminator's updates for which labels stay exchanged.")
        )
    }

    /// The updates left, `[1]`, after one with this loss.
    func next(_ left: Value, isActive: Value, loss: Value, in graph: ComputeGraph) -> Value {
        let isWinning = graph.affine(
            graph.apply(.step(threshold: Float(below)), graph.stopGradient(loss)), scale: -1, offset: 1)
        let begins = graph.multiply(isWinning, graph.affine(isActive, scale: -1, offset: 1))
        let counted = graph.subtract(left, isActive)
        return graph.add(counted, graph.affine(begins, scale: Float(steps)))
    }
}
