import AgonDatasets
import AgonTensors
import Foundation

/// Images as the files of a dataset would hold them: 8 bits a value, `[N, H, W, C]`.
///
/// All images go to 8 bits by one fixed map before anything is measured, generated and real ones alike:
/// `round((x + 1) * 127.5)`, clipped to 0...255. Nothing depends on the other images of a batch.
public struct EightBitImages: Sendable {
    /// How identities name the map.
    public static let map = "round((x+1)*127.5)"

    public let shape: ImageShape
    public private(set) var pixels: [UInt8]

    public var count: Int { pixels.count / shape.count }

    public init(shape: ImageShape, pixels: [UInt8]) {
        precondition(pixels.count % shape.count == 0, "\(pixels.count) pixels are no whole images \(shape)")
        self.shape = shape
        self.pixels = pixels
    }

    /// - Parameter images: `[N, H, W, C]` in [-1, 1]; what lies outside is clipped, and what is no number is black.
    public init(_ images: Tensor) {
        precondition(images.shape.rank == 4, "images of \(images.shape)")
        shape = ImageShape(height: images.shape[1], width: images.shape[2], channels: images.shape[3])
        pixels = images.values.map { value in
            let level = ((value + 1) * 127.5).rounded()
            return level >= 255 ? 255 : level > 0 ? UInt8(level) : 0
        }
    }

    /// The images in [-1, 1], as datasets hand them out.
    public var tensor: Tensor {
        Tensor(
            shape: [count, shape.height, shape.width, shape.channels], values: pixels.map { Float($0) / 127.5 - 1 })
    }

    /// Each channel as an image of its own, those of one image side by side.
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

    /// The first images, at most so many.
    func first(_ limit: Int) -> EightBitImages {
        limit >= count ? self : EightBitImages(shape: shape, pixels: Array(pixels.prefix(limit * shape.count)))
    }

    subscript(range: Range<Int>) -> EightBitImages {
        EightBitImages(
            shape: shape, pixels: Array(pixels[range.lowerBound * shape.count..<range.upperBound * shape.count]))
    }

    /// The first `limit` images of this and another set.
    mutating func append(_ other: EightBitImages, limit: Int) {
        precondition(other.shape == shape, "images \(other.shape) among images \(shape)")
        let wanted = max(0, limit - count)
        pixels += other.pixels.prefix(wanted * shape.count)
    }
}

/// How images come to the size that a classifier reads. Identities name it, as distances depend on it.
public enum ImageResizer: String, Hashable, Sendable {
    /// They have the size.
    case none
    /// The largest of 2x2 pixels: images of twice the size (Albuquerque et al., arXiv:1901.08680, for 64x64 images).
    case halvingMaximum = "maxpool2"
    /// Bilinear, antialiased where it shrinks, to 8 bits, as Pillow does.
    case bilinear = "bilinear-antialiased-8bit"

    /// What images of a size need for one that a classifier reads.
    init(from image: ImageShape, to wanted: ImageShape) {
        if (image.height, image.width) == (wanted.height, wanted.width) {
            self = .none
        } else if (image.height, image.width) == (2 * wanted.height, 2 * wanted.width) {
            self = .halvingMaximum
        } else {
            self = .bilinear
        }
    }

    /// Throws what resizing throws; it does not for images in memory.
    func resize(_ images: EightBitImages, to wanted: ImageShape) throws -> EightBitImages {
        switch self {
        case .none: return images
        case .halvingMaximum: return Self.halved(images)
        case .bilinear:
            let source = StoredImages(
                origin: "images", shape: images.shape, pixels: images.pixels, labels: nil, classNames: [])
            let resized = try ImageDataset(
                source: source,
                selection: SampleSelection(count: images.count, labels: nil, classNames: [], origin: "images"),
                transforms: [.resize(height: wanted.height, width: wanted.width)],
                memoryLimit: 0)
            return EightBitImages(try resized.samples(0..<images.count))
        }
    }

    private static func halved(_ images: EightBitImages) -> EightBitImages {
        let shape = images.shape
        let (height, width, channels) = (shape.height / 2, shape.width / 2, shape.channels)
        let row = shape.width * channels
        var pixels: [UInt8] = []
        pixels.reserveCapacity(images.pixels.count / 4)
        images.pixels.withUnsafeBufferPointer { source in
            for image in 0..<images.count {
                for y in 0..<height {
                    for x in 0..<width {
                        for channel in 0..<channels {
                            let at = image * shape.count + 2 * y * row + 2 * x * channels + channel
                            pixels.append(
                                max(
                                    max(source[at], source[at + channels]),
                                    max(source[at + row], source[at + row + channels])))
                        }
                    }
                }
            }
        }
        return EightBitImages(shape: ImageShape(height: height, width: width, channels: channels), pixels: pixels)
    }
}
