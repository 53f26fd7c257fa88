import AgonConfiguration
import AgonGraph
import AgonTensors

/// Converts an image `[H, W, C]` to features `[C * H * W]`, channels first as in PyTorch. Features are unchanged.
public struct FlattenLayer: Layer {
    public var type: String { "flatten" }

    public init() {}

    public func build(input: Shape, at site: LayerSite) -> BuiltLayer {
        BuiltLayer(outputShape: [input.count], treatsSamplesApart: true, keepsBounds: true) { x, call in
            call.graph.flatten(x)
        }
    }
}

/// Gives the input another shape, `[H, W, C]` or `[C]`.
public struct ReshapeLayer: Layer {
    /// The order in which the elements of input and output correspond.
    public enum Order: String, CaseIterable, Sendable {
        /// Channel, row, column, as in PyTorch.
        case channelsFirst
        /// Row, column, channel, as in TensorFlow.
        case channelsLast
    }

    public let shape: Shape
    public let order: Order

    public var type: String { "reshape" }

    public init(_ shape: Shape, order: Order = .channelsFirst) {
        self.shape = shape
        self.order = order
    }

    init(from reader: ConfigReader) throws {
        let extents = try reader.integers(
            "shape", count: 1...3, in: 1...16_777_216, "The new shape: [height, width, channels], or [features].")
        order = try reader.choice(
            "order", default: .channelsFirst,
            "Whether elements are ordered channel by channel (PyTorch) or pixel by pixel (TensorFlow).")
        try reader.require(
            extents.count != 2, "shape", "expected [height, width, channels] or [features], found 2 numbers")
        shape = Shape(extents)
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let target = try site.checked(shape.dimensions)
        guard target.count == input.count else {
            throw LayerError.elementCount(site.place, input: input, target: target)
        }
        return BuiltLayer(outputShape: target, treatsSamplesApart: true, keepsBounds: true) { [order] x, call in
            let (graph, batch) = (call.graph, x.shape[0])
            if order == .channelsLast || target == input { return graph.reshape(x, Shape([batch] + target.dimensions)) }
            let features = graph.flatten(x)
            guard target.rank == 3 else { return features }
            return graph.unflatten(features, height: target[0], width: target[1], channels: target[2])
        }
    }
}

/// `[H, W, C * s * s]` to `[H * s, W * s, C]` in the order of PyTorch's `PixelShuffle`.
///
/// Shi et al., "Real-Time Single Image and Video Super-Resolution", CVPR 2016, arXiv:1609.05158, eq. 4.
public struct DepthToSpaceLayer: Layer {
    public let scale: Int

    public var type: String { "depthToSpace" }

    public init(scale: Int = 2) { self.scale = scale }

    init(from reader: ConfigReader) throws {
        scale = try reader.integer("scale", in: 1...64, default: 2, "The factor in both directions.")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let (height, width, channels) = try site.image(input)
        guard channels % (scale * scale) == 0 else {
            throw LayerError.channelsNotDivisible(site.place, input: input, divisor: scale * scale)
        }
        return BuiltLayer(
            outputShape: [height * scale, width * scale, channels / (scale * scale)], keepsBounds: true
        ) { [scale] x, call in call.graph.depthToSpace(x, scale: scale) }
    }
}
