import AgonConfiguration
import AgonGraph
import AgonTensors

/// Adds pixels around an image: zeros, or the image reflected at its edge pixels. Negative zero padding crops the
/// image.
public struct PadLayer: Layer {
    public enum Content: String, CaseIterable, Sendable {
        case zero, reflection
    }

    public let top: Int, left: Int, bottom: Int, right: Int
    public let content: Content

    public var type: String { "pad" }

    public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0, content: Content = .zero) {
        (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
        self.content = content
    }

    init(from reader: ConfigReader) throws {
        let padding = try EdgePadding(from: reader, in: -4096...4096, allowsSame: false, default: nil)
        (top, left, bottom, right) = padding.resolved(height: 1, width: 1, kernel: (1, 1), stride: (1, 1))
        let content: Content = try reader.choice("content", default: .zero, "The values of the added pixels.")
        self.content = content
        let least = min(top, left, bottom, right)
        try reader.require(
            content == .zero || least >= 0, "padding", "a reflection cannot crop; expected no negative number")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let (height, width, channels) = try site.image(input)
        let text = "\(EdgePadding.sides(top: top, left: left, bottom: bottom, right: right))"
        guard content == .zero || (max(top, bottom) < height && max(left, right) < width) else {
            throw LayerError.reflectionTooWide(site.place, input: input, padding: text)
        }
        let size = (height + top + bottom, width + left + right)
        // Cropping must leave pixels of the original image.
        guard size.0 > 0, size.1 > 0, min(top, 0) + min(bottom, 0) + height > 0,
            min(left, 0) + min(right, 0) + width > 0
        else { throw LayerError.emptyOutput(site.place, input: input, output: [size.0, size.1]) }
        let padding = Padding(top: top, left: left, bottom: bottom, right: right, reflection: content == .reflection)
        return BuiltLayer(outputShape: try site.checked([size.0, size.1, channels]), keepsBounds: true) { x, call in
            call.graph.pad(x, padding)
        }
    }
}
