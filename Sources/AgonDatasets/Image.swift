/// Height, width and channels of an image. Channels are 1 for greyscale, 3 for RGB, and twice that for a pair.
public struct ImageShape: Hashable, Sendable, CustomStringConvertible {
    public var height: Int
    public var width: Int
    public var channels: Int

    public init(height: Int, width: Int, channels: Int) {
        precondition(height > 0 && width > 0 && channels > 0, "image of \(height) x \(width) x \(channels)")
        self.height = height
        self.width = width
        self.channels = channels
    }

    /// The number of bytes of the pixels.
    public var count: Int { height * width * channels }

    public var description: String { "\(height)x\(width)x\(channels)" }
}

/// 8-bit pixels, `[height, width, channels]`, in storage that is reused from image to image.
public struct Image: Equatable, Sendable {
    public private(set) var shape: ImageShape
    public var pixels: [UInt8]

    public init(shape: ImageShape, pixels: [UInt8]) {
        precondition(pixels.count == shape.count, "image \(shape) needs \(shape.count) pixels, not \(pixels.count)")
        self.shape = shape
        self.pixels = pixels
    }

    /// Changes the shape of the image; the pixels are undefined until they are written.
    mutating func reshape(_ shape: ImageShape) {
        self.shape = shape
        let excess = pixels.count - shape.count
        if excess > 0 {
            pixels.removeLast(excess)
        } else if excess < 0 {
            pixels.append(contentsOf: repeatElement(0, count: -excess))
        }
    }

    /// Reverses each row.
    mutating func mirror() {
        let (height, width, channels) = (shape.height, shape.width, shape.channels)
        pixels.withUnsafeMutableBufferPointer { pixels in
            for row in 0..<height {
                var left = row * width * channels
                var right = left + (width - 1) * channels
                while left < right {
                    for channel in 0..<channels { pixels.swapAt(left + channel, right + channel) }
                    left += channels
                    right -= channels
                }
            }
        }
    }

    /// Copies the rectangle that starts at `(top, left)` and has the target's height and width into `target`. Parts
    /// outside this image become black.
    func crop(top: Int, left: Int, height: Int, width: Int, into target: inout Image) {
        let channels = shape.channels
        target.reshape(ImageShape(height: height, width: width, channels: channels))
        let columns = max(0, -left)..<max(max(0, -left), min(width, shape.width - left))
        let shape = shape
        pixels.withUnsafeBufferPointer { source in
            target.pixels.withUnsafeMutableBufferPointer { target in
                target.update(repeating: 0)
                for row in max(0, -top)..<max(max(0, -top), min(height, shape.height - top)) {
                    let from = ((top + row) * shape.width + left + columns.lowerBound) * channels
                    let to = (row * width + columns.lowerBound) * channels
                    for index in 0..<columns.count * channels { target[to + index] = source[from + index] }
                }
            }
        }
    }

    /// Converts each group of `from` channels to `to` channels (1 or 3). Grey is the ITU-R BT.601 luma in 16-bit fixed
    /// point, as in Pillow's `convert("L")`; RGB repeats the grey value three times.
    func convert(from: Int, to: Int, into target: inout Image) {
        let groups = shape.channels / from
        target.reshape(ImageShape(height: shape.height, width: shape.width, channels: groups * to))
        let count = shape.height * shape.width * groups
        if from == to {
            target.pixels.replaceSubrange(0..<target.pixels.count, with: pixels)
        } else if to == 1 {
            for index in 0..<count {
                let red = UInt32(pixels[3 * index])
                let green = UInt32(pixels[3 * index + 1])
                let blue = UInt32(pixels[3 * index + 2])
                target.pixels[index] = UInt8((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16)
            }
        } else {
            for index in 0..<count {
                for channel in 0..<3 { target.pixels[3 * index + channel] = pixels[index] }
            }
        }
    }
}

/// The working memory of one thread that reads samples. After it has grown to the largest image, nothing is allocated.
public final class ImageScratch {
    /// The current image, and the target of the next transform.
    var front = Image(shape: ImageShape(height: 1, width: 1, channels: 1), pixels: [0])
    var back = Image(shape: ImageShape(height: 1, width: 1, channels: 1), pixels: [0])
    var file: [UInt8] = []
    let resampler = Resampler()

    public init() {}

    func swap() { Swift.swap(&front, &back) }
}
