import AgonDatasets
import AgonTensors

/// Images as in the files of a dataset: 8 bits per value, `[N, H, W, C]`.
///
/// Generated and real images are converted to 8 bits by one fixed map before anything is drawn or measured:
/// `round((x + 1) * 127.5)`, clipped to 0...255, independent of the other images of a batch.
public struct EightBitImages: Sendable {
    /// The map's name in identities.
    public static let map = "round((x+1)*127.5)"

    public let shape: ImageShape
    public private(set) var pixels: [UInt8]

    public var count: Int { pixels.count / shape.count }

    public init(shape: ImageShape, pixels: [UInt8]) {
        precondition(pixels.count % shape.count == 0, "\(pixels.count) pixels do not divide into images \(shape)")
        self.shape = shape
        self.pixels = pixels
    }

    /// - Parameter images: `[N, H, W, C]` in [-1, 1]; values outside are clipped, and NaN becomes black.
    public init(_ images: Tensor) {
        precondition(images.shape.rank == 4, "images of \(images.shape)")
        shape = ImageShape(height: images.shape[1], width: images.shape[2], channels: images.shape[3])
        pixels = images.values.map(Self.level)
    }

    /// A value as 8 bits.
    package static func level(_ value: Float) -> UInt8 {
        let level = ((value + 1) * 127.5).rounded()
        return level >= 255 ? 255 : level > 0 ? UInt8(level) : 0
    }

    /// The images in [-1, 1], as datasets provide them.
    public var tensor: Tensor {
        Tensor(
            shape: [count, shape.height, shape.width, shape.channels], values: pixels.map { Float($0) / 127.5 - 1 })
    }

    /// Each channel as a separate image; channels of one image are adjacent.
    public var separatedChannels: EightBitImages {
        let channels = shape.channels
        let size = shape.height * shape.width
        var separated = [UInt8](repeating: 0, count: pixels.count)
        for image in 0..<count {
            for channel in 0..<channels {
                let target = (image * channels + channel) * size
                for pixel in 0..<size {
                    separated[target + pixel] = pixels[image * shape.count + pixel * channels + channel]
                }
            }
        }
        return EightBitImages(
            shape: ImageShape(height: shape.height, width: shape.width, channels: 1), pixels: separated)
    }

    /// The first images, at most `limit`.
    package func first(_ limit: Int) -> EightBitImages {
        limit >= count ? self : EightBitImages(shape: shape, pixels: Array(pixels.prefix(limit * shape.count)))
    }

    package subscript(range: Range<Int>) -> EightBitImages {
        EightBitImages(
            shape: shape, pixels: Array(pixels[range.lowerBound * shape.count..<range.upperBound * shape.count]))
    }

    /// The first `limit` images of this and another set.
    package mutating func append(_ other: EightBitImages, limit: Int) {
        precondition(other.shape == shape, "images \(other.shape) among images \(shape)")
        let wanted = max(0, limit - count)
        pixels += other.pixels.prefix(wanted * shape.count)
    }
}
