import AgonConfiguration
import AgonGraph
import AgonLayers

/// A copy of the generator whose weights are moving averages and from which samples are drawn: `a ← β a + (1 - β) w`
/// after each update. Running statistics are copied, or averaged like the weights.
///
/// With a warm-up, the decay of iteration `t`, counted from the start, is `min(β, (1 + t) / (10 + t))`: the first
/// weights, which are random, are soon forgotten, whatever `β` is.
/// Yazıcı et al., "The Unusual Effectiveness of Averaging in GAN Training", ICLR 2019, arXiv:1806.04498, eq. 3; the
/// warm-up as in TensorFlow's `ExponentialMovingAverage`.
public struct WeightAveraging: ConfigDecodable, Hashable, Sendable {
    /// `β`.
    public let decay: Double
    /// The iteration from which weights are averaged; before it, the copy equals the generator.
    public let start: Int
    /// Whether the decay rises from 0.1 to `β`.
    public let warmsUp: Bool
    /// How running statistics are handled.
    public let statistics: Statistics

    /// How the copy follows the running statistics of norms.
    public enum Statistics: String, CaseIterable, Sendable {
        /// The generator's statistics, which do not match the averaged weights exactly.
        case copied
        /// Averages, like the weights.
        case averaged
    }

    public init(
        decay: Double = 0.999, start: Int = 0, warmsUp: Bool = true, statistics: Statistics = .copied
    ) {
        self.decay = decay
        self.start = start
        self.warmsUp = warmsUp
        self.statistics = statistics
    }

    public init(from reader: ConfigReader) throws {
        self.init(
            decay: try reader.number(
                "decay", in: .between(0, 1), default: 0.999, "The factor by which an update multiplies the average."),
            start: try reader.integer(
                "start", in: 0..., default: 0, "The iteration at which averaging starts; weights are copied before."),
            warmsUp: try reader.boolean(
                "warmup", default: reader.isDescribing || !reader.has("start"), former: false,
                "Whether the decay is min(decay, (1 + t) / (10 + t)) after t iterations, so the first weights are soon "
                    + "forgotten; default: true, or false if 'start' is given."),
            statistics: try reader.choice(
                "statistics", default: Statistics.copied,
                "Whether running statistics of norms are copied from the generator or averaged like its weights."))
    }

    /// Moves the averages after the generators' update.
    func follow(_ gan: GANNetworks, setting: AdversarialSetting, in graph: ComputeGraph) {
        let kept = share(setting, in: graph)
        for side in gan.sides {
            guard let average = side.average else { continue }
            for (weight, mean) in zip(side.generator.variables, average.variables) {
                let now = graph.read(weight)
                guard weight.role == .parameter || statistics == .averaged else {
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

    /// The factor by which this update multiplies the average, a scalar; nil if it is always `β`.
    private func share(_ setting: AdversarialSetting, in graph: ComputeGraph) -> Value? {
        guard start > 0 || warmsUp else { return nil }
        let iteration = setting.iteration(in: graph)
        var decay = graph.constant(Float(self.decay))
        if warmsUp {
            // Before the start the value is multiplied by 0, but it must be finite.
            let elapsed = graph.apply(.leakyReLU(slope: 0), graph.affine(iteration, offset: -Float(start)))
            let rising = graph.divide(graph.affine(elapsed, offset: 1), graph.affine(elapsed, offset: 10))
            decay = graph.apply(.minimum, rising, decay)
        }
        guard start > 0 else { return decay }
        return graph.multiply(graph.apply(.step(threshold: Float(start) - 0.5), iteration), decay)
    }
}
