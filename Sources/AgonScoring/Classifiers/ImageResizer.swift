import AgonDatasets
import AgonSampling

/// How images are resized to a classifier's input. Identities name it, because distances depend on it.
public enum ImageResizer: String, Hashable, Sendable {
    /// No resizing: they have the size.
    case none
    /// The maximum of 2x2 pixels: images of twice the size (Albuquerque et al., arXiv:1901.08680, for 64x64 images).
    case halvingMaximum = "maxpool2"
    /// Bilinear, antialiased when downscaling, rounded to 8 bits, as in Pillow.
    case bilinear = "bilinear-antialiased-8bit"

    /// The resizing from an image size to a classifier's input.
    init(from image: ImageShape, to wanted: ImageShape) {
        if (image.height, image.width) == (wanted.height, wanted.width) {
            self = .none
        } else if (image.height, image.width) == (2 * wanted.height, 2 * wanted.width) {
            self = .halvingMaximum
        } else {
            self = .bilinear
        }
    }

    /// Throws the errors of resizing, which do not occur for images in memory.
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
                transforms: [.resize(height: wanted.height, width: wanted.width, fit: .stretch)],
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
