import AgonConfiguration
import AgonGraph
import AgonTensors

/// Enlarges an image by an integer factor in both directions.
public struct UpsampleLayer: Layer {
    public enum Method: String, CaseIterable, Sendable {
        /// Repeats each pixel.
        case nearest
        /// Interpolates linearly between pixel centres (PyTorch's `align_corners=False`).
        case bilinear
    }

    public let method: Method
    public let scale: Int

    public var type: String { "upsample" }

    public init(_ method: Method = .nearest, scale: Int = 2) {
        self.method = method
        self.scale = scale
    }

    init(from reader: ConfigReader) throws {
        scale = try reader.integer("scale", in: 1...64, default: 2, "The factor in both directions.")
        method = try reader.choice("method", default: .nearest, "The interpolation of new pixels.")
    }

    /// Whether a following convolution may be fused with this layer.
    var isNearestDoubling: Bool { method == .nearest && scale == 2 }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let (height, width, channels) = try site.image(input)
        return BuiltLayer(
            outputShape: try site.checked([height * scale, width * scale, channels]), keepsBounds: true
        ) { [method, scale] x, call in
            switch method {
            case .nearest: call.graph.upsampleNearest(x, scale: scale)
            case .bilinear: call.graph.upsampleBilinear(x, scale: scale)
            }
        }
    }
}
