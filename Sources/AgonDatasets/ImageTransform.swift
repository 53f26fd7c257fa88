/// A step between the stored image and the sample. Random transforms use the random words that they are given.
public enum ImageTransform: Hashable, Sendable {
    /// How the aspect ratio of a resized image is handled.
    public enum Fit: String, CaseIterable, Sendable {
        /// The whole image is stretched to the target size.
        case stretch
        /// The image keeps its aspect ratio and covers the target size; the excess is cut off on both sides.
        case cover
    }

    /// Resizes to a height and width.
    case resize(height: Int, width: Int, filter: ResizeFilter = .bilinear, fit: Fit = .cover)
    /// Cuts out the centre rectangle, after adding `padding` black pixels around the image: the centre of a random
    /// crop, for evaluations. No config states the padding, and no identity, as most crops lie within the image.
    case centerCrop(height: Int, width: Int, padding: Int = 0)
    /// Cuts out a rectangle at a random position, after adding `padding` black pixels around the image.
    case randomCrop(height: Int, width: Int, padding: Int)
    /// Mirrors left to right with probability 1/2.
    case mirror
    /// Converts to one channel (each half of a pair separately).
    case grayscale
    /// Converts to three channels (each half of a pair separately).
    case rgb

    public var name: String {
        switch self {
        case .resize: "resize"
        case .centerCrop: "center-crop"
        case .randomCrop: "random-crop"
        case .mirror: "mirror"
        case .grayscale: "grayscale"
        case .rgb: "rgb"
        }
    }

    /// The number of random words per sample.
    var drawCount: Int {
        switch self {
        case .randomCrop: 2
        case .mirror: 1
        default: 0
        }
    }

    /// The shape of the result.
    ///
    /// - Parameter halves: 2 for pairs, else 1.
    ///
    /// Throws: `DatasetError.impossibleCrop`.
    func outputShape(of input: ImageShape, halves: Int) throws -> ImageShape {
        var shape = input
        switch self {
        case .resize(let height, let width, _, _):
            (shape.height, shape.width) = (height, width)
        case .centerCrop(let height, let width, let padding), .randomCrop(let height, let width, let padding):
            try checkCrop(of: shape, height: height, width: width, padding: padding)
            (shape.height, shape.width) = (height, width)
        case .mirror: break
        case .grayscale: shape.channels = halves
        case .rgb: shape.channels = 3 * halves
        }
        return shape
    }

    private func checkCrop(of image: ImageShape, height: Int, width: Int, padding: Int) throws {
        guard height <= image.height + 2 * padding, width <= image.width + 2 * padding else {
            throw DatasetError.impossibleCrop(transform: name, height: height, width: width, image: image)
        }
    }

    /// Replaces `scratch.front` with the transformed image.
    func apply(to scratch: ImageScratch, draws: UnsafeBufferPointer<UInt32>, halves: Int) throws {
        let shape = scratch.front.shape
        switch self {
        case .resize(let height, let width, let filter, let fit):
            if fit == .cover && shape.width * height != shape.height * width { cropToAspect(scratch, height, width) }
            if scratch.front.shape.height == height && scratch.front.shape.width == width { return }
            scratch.resampler.resize(
                scratch.front, height: height, width: width, filter: filter, into: &scratch.back)
            scratch.swap()
        case .centerCrop(let height, let width, let padding):
            try checkCrop(of: shape, height: height, width: width, padding: padding)
            scratch.front.crop(
                top: (shape.height - height) / 2, left: (shape.width - width) / 2, height: height, width: width,
                into: &scratch.back)
            scratch.swap()
        case .randomCrop(let height, let width, let padding):
            try checkCrop(of: shape, height: height, width: width, padding: padding)
            let top = scaled(draws[0], below: shape.height + 2 * padding - height + 1) - padding
            let left = scaled(draws[1], below: shape.width + 2 * padding - width + 1) - padding
            scratch.front.crop(top: top, left: left, height: height, width: width, into: &scratch.back)
            scratch.swap()
        case .mirror:
            if draws[0] >> 31 == 1 { scratch.front.mirror() }
        case .grayscale, .rgb:
            let wanted = self == .rgb ? 3 : 1
            let present = shape.channels / halves
            if present == wanted { return }
            scratch.front.convert(from: present, to: wanted, into: &scratch.back)
            scratch.swap()
        }
    }

    /// Cuts the image to the aspect ratio of the target before resizing: the same region as resizing the shorter side
    /// and cropping the centre, with less work.
    private func cropToAspect(_ scratch: ImageScratch, _ height: Int, _ width: Int) {
        let shape = scratch.front.shape
        var kept = (height: shape.height, width: shape.width)
        if shape.width * height > shape.height * width {
            kept.width = max(1, (shape.height * width + height / 2) / height)
        } else {
            kept.height = max(1, (shape.width * height + width / 2) / width)
        }
        scratch.front.crop(
            top: (shape.height - kept.height) / 2, left: (shape.width - kept.width) / 2, height: kept.height,
            width: kept.width, into: &scratch.back)
        scratch.swap()
    }

    private func scaled(_ word: UInt32, below bound: Int) -> Int {
        Int((UInt64(word) * UInt64(bound)) >> 32)
    }
}
