import AgonConfiguration
import AgonGraph

/// Exchanges all labels for some updates when the discriminator's loss falls below a bound. This handicaps a
/// discriminator that is too strong.
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
                "below", in: .positive, default: 0.1, "The discriminator loss below which labels are exchanged."),
            steps: try reader.integer(
                "steps", in: 1...1_000_000, default: 10, "Discriminator updates for which labels stay exchanged.")
        )
    }

    /// The number of reversed updates left, `[1]`, after an update with this loss.
    func next(_ left: Value, isActive: Value, loss: Value, in graph: ComputeGraph) -> Value {
        let isWinning = graph.affine(
            graph.apply(.step(threshold: Float(below)), graph.stopGradient(loss)), scale: -1, offset: 1)
        let begins = graph.multiply(isWinning, graph.affine(isActive, scale: -1, offset: 1))
        let counted = graph.subtract(left, isActive)
        return graph.add(counted, graph.affine(begins, scale: Float(steps)))
    }
}
