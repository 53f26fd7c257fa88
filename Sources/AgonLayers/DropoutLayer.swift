import AgonConfiguration
import AgonGraph
import AgonTensors

/// Dropout: elements are set to 0 with probability `rate`; the others are divided by `1 - rate`.
///
/// Srivastava et al., "Dropout", JMLR 15, 2014. Over whole channels: Tompson et al., "Efficient Object Localization
/// Using Convolutional Networks", CVPR 2015, arXiv:1411.4280.
public struct DropoutLayer: Layer {
    public enum Unit: Sendable {
        case element
        /// All pixels of an image's channel together.
        case channel
    }

    public let unit: Unit
    public let rate: Float
    /// Whether dropout stays active in evaluation, as noise for a generator.
    public var isAlwaysActive = false

    public var type: String { unit == .element ? "dropout" : "channelDropout" }

    public init(_ unit: Unit, rate: Float) {
        self.unit = unit
        self.rate = rate
    }

    init(_ unit: Unit, from reader: ConfigReader) throws {
        self.unit = unit
        let rate = Float(try reader.number("rate", in: 0..<1, default: 0.5, "The dropout probability."))
        try reader.require(rate < 1, "rate", "it rounds to 1 in single precision")
        self.rate = rate
        isAlwaysActive = try reader.boolean(
            "atEvaluation", default: false, "Whether dropout is also active when images are sampled or evaluated.")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        if unit == .channel { _ = try site.image(input) }
        let name = site.name
        return BuiltLayer(outputShape: input) { [self] x, call in
            guard rate > 0, isAlwaysActive || call.mode == .training else { return x }
            let shape: Shape = unit == .element ? x.shape : [x.shape[0], 1, 1, x.shape[3]]
            let kept = call.graph.random(
                .bernoulli(probability: 1 - rate, value: 1 / (1 - rate)), stream: "\(name)/\(call.name)", shape: shape)
            return call.graph.multiply(x, kept)
        }
    }
}
