import AgonConfiguration
import AgonGraph
import AgonLayers

/// A copy of the generator whose weights are moving averages, from which samples are drawn: `a ← β a + (1 - β) w` after
/// each update. Running statistics are copied.
///
/// Yazıcı et al., "The Unusual Effectiveness of Averaging in GAN Training", ICLR 2019, arXiv:1806.04498, eq. 3.
public struct WeightAveraging: ConfigDecodable, Hashable, Sendable {
    /// `β`.
    public let decay: Double
    /// The iteration from which weights are averaged; before it the copy follows them.
    public let start: Int

    public init(decay: Double = 0.999, start: Int = 0) {
        self.decay = decay
        self.start = start
    }

    public init(from reader: ConfigReader) throws {
        self.init(
            decay: try reader.number(
                "decay", in: .between(0, 1), default: 0.999, "What an update leaves of the average."),
            start: try reader.integer(
                "start", in: 0..., default: 0, "The iteration from which weights are averaged, not just copied."))
    }

    /// Moves the averages after the generators' update.
    func follow(_ gan: GANNetworks, setting: AdversarialSetting, in graph: ComputeGraph) {
        let kept: Value? =
            start == 0
            ? nil
            : graph.affine(
                graph.apply(.step(threshold: Float(start) - 0.5), setting.iteration(in: graph)), scale: Float(decay))
        for side in gan.sides {
            guard let average = side.average else { continue }
            for (weight, mean) in zip(side.generator.variables, average.variables) {
                let now = graph.read(weight)
                guard weight.role == .parameter else {
                    graph.assign(now, to: mean)
                    continue
                }
                let before = graph.read(mean)
                if let kept {
                    graph.assign(graph.add(now, graph.multiply(kept, graph.subtract(before, now))), to: mean)
                } else {
                    graph.assign(
                        graph.add(
                            graph.affine(before, scale: Float(decay)), graph.affine(now, scale: Float(1 - decay))),
                        to: mean)
                }
            }
        }
    }
}
