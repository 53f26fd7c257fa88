import AgonConfiguration
import AgonGraph
import AgonTensors

/// The labels that a discriminator is trained with: by default 1 for real and 0 for generated samples, or softer,
/// random or flipped labels.
///
/// The generator's own label stays 1.
public struct LabelTricks: ConfigDecodable, Hashable, Sendable {
    /// One-sided or two-sided smoothing and noise: the label of each kind, or the range from which it is drawn per
    /// sample.
    /// Salimans et al., "Improved Techniques for Training GANs", NIPS 2016, arXiv:1606.03498, section 3.4.
    public let real: ClosedRange<Double>
    public let generated: ClosedRange<Double>
    /// The probability that a sample gets the label of the other kind.
    public let flip: Double
    public let reversal: LabelReversal?

    public init(
        real: ClosedRange<Double> = 1...1, generated: ClosedRange<Double> = 0...0, flip: Double = 0,
        reversal: LabelReversal? = nil
    ) {
        self.real = real
        self.generated = generated
        self.flip = flip
        self.reversal = reversal
    }

    public init(from reader: ConfigReader) throws {
        func range(_ key: String, default value: Double, _ doc: String) throws -> ClosedRange<Double> {
            let ends = try reader.numbers(key, count: 1...2, in: -2...2, default: [value], doc)
            try reader.require(ends.count == 1 || ends[0] <= ends[1], key, "the start of the range is above its end")
            return ends.first.map { $0...(ends.last ?? $0) } ?? value...value
        }
        self.init(
            real: try range(
                "real", default: 1, "The label of real samples, such as [0.9], or its range, such as [0.7, 1.2]."),
            generated: try range(
                "generated", default: 0, "The label of generated samples, [0], or its range, such as [0, 0.3]."
            ),
            flip: try reader.number(
                "flip", in: 0...1, default: 0, "The probability that a sample gets the label of the other kind."),
            reversal: try reader.optionalSection(
                "reversal", "Exchanges all labels for some updates when the discriminator is too strong."))
    }

    public var isActive: Bool { self != LabelTricks() }

    /// The labels of one update.
    func targets(setting: AdversarialSetting, in graph: ComputeGraph) -> LabelTargets {
        LabelTargets(self, setting: setting, in: graph)
    }
}

/// The labels of one update of the discriminators, the same for all discriminators.
final class LabelTargets {
    private let tricks: LabelTricks
    private let setting: AdversarialSetting
    private let reversal: (state: Variable, isActive: Value)?

    init(_ tricks: LabelTricks, setting: AdversarialSetting, in graph: ComputeGraph) {
        self.tricks = tricks
        self.setting = setting
        reversal = tricks.reversal.map { _ in
            let state = setting.loopVariable("label_reversal", [1])
            return (state, graph.apply(.step(threshold: 0.5), graph.reshape(graph.read(state), [])))
        }
    }

    /// The labels of real samples, for scores that start at sample `start` of the batch.
    func real(_ scores: Value, from start: Int = 0, in graph: ComputeGraph) -> Target {
        target("real", tricks.real, other: ("generated", tricks.generated), scores, start, in: graph)
    }

    func generated(_ scores: Value, from start: Int = 0, in graph: ComputeGraph) -> Target {
        target("generated", tricks.generated, other: ("real", tricks.real), scores, start, in: graph)
    }

    private func target(
        _ name: String, _ range: ClosedRange<Double>, other: (name: String, range: ClosedRange<Double>),
        _ scores: Value, _ start: Int, in graph: ComputeGraph
    ) -> Target {
        if range.lowerBound == range.upperBound, tricks.flip == 0, reversal == nil {
            return .constant(Float(range.lowerBound))
        }
        let shape = Shape([scores.shape[0]] + [Int](repeating: 1, count: scores.shape.rank - 1))
        func uniform(_ stream: String) -> Value {
            let numbers = setting.uniform([setting.batchSize], stream: stream, in: graph)
            return graph.slice(numbers, axis: 0, start: start, count: shape[0])
        }
        func draw(_ name: String, _ range: ClosedRange<Double>) -> Value {
            let (low, high) = (Float(range.lowerBound), Float(range.upperBound))
            guard low < high else { return graph.constant(low, shape: shape) }
            return graph.reshape(graph.affine(uniform("label.\(name)"), scale: high - low, offset: low), shape)
        }
        let label = draw(name, range)
        var isWrong: Value?
        if tricks.flip > 0 {
            isWrong = graph.reshape(graph.happens(uniform("flip.\(name)"), probability: tricks.flip), shape)
        }
        if let reversal {
            // A flipped label among reversed labels is correct again.
            isWrong =
                isWrong.map { wrong in
                    graph.add(wrong, graph.multiply(reversal.isActive, graph.affine(wrong, scale: -2, offset: 1)))
                } ?? reversal.isActive
        }
        guard let isWrong else { return .perSample(label) }
        return .perSample(graph.choose(draw(other.name, other.range), where: isWrong, else: label))
    }

    /// Counts the updates for which labels stay reversed.
    func observe(discriminatorLoss loss: Value, in graph: ComputeGraph) {
        guard let reversal, let settings = tricks.reversal else { return }
        graph.assign(
            settings.next(graph.read(reversal.state), isActive: reversal.isActive, loss: loss, in: graph),
            to: reversal.state)
        graph.output("labelsReversed", reversal.isActive)
    }
}
