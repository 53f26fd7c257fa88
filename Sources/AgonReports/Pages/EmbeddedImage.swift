import AgonDatasets
import Foundation

/// An image as a data URI, so that a page needs no other file.
struct EmbeddedImage {
    let source: Markup
    let width: Int
    let height: Int

    /// The image of a PNG file: unchanged if small, else a JPEG downscaled by an integer factor.
    ///
    /// - Parameters:
    ///   - bytes: the size up to which the file is embedded unchanged.
    ///   - side: the maximum side of the JPEG in pixels.
    ///
    /// Nil if the file cannot be read.
    init?(path: String, bytes: Int, side: Int) {
        guard let file = FileManager.default.contents(atPath: path), let image = try? ImageFile.read(path: path)
        else {
            return nil
        }
        guard file.count > bytes else {
            (width, height) = (image.shape.width, image.shape.height)
            source = Markup(stringLiteral: "data:image/png;base64," + file.base64EncodedString())
            return
        }
        let longest = max(image.shape.width, image.shape.height)
        let small = Self.shrunk(image, by: max(1, (longest + side - 1) / side))
        let place = NSTemporaryDirectory() + "/agon-\(UUID().uuidString).jpg"
        defer { unlink(place) }
        guard (try? ImageFile.writeJPEG(small, path: place, quality: 82)) != nil,
            let shrunk = FileManager.default.contents(atPath: place)
        else { return nil }
        (width, height) = (small.shape.width, small.shape.height)
        source = Markup(stringLiteral: "data:image/jpeg;base64," + shrunk.base64EncodedString())
    }

    /// Averages each square of pixels.
    static func shrunk(_ image: Image, by factor: Int) -> Image {
        guard factor > 1 else { return image }
        let shape = image.shape
        let target = ImageShape(
            height: max(1, shape.height / factor), width: max(1, shape.width / factor), channels: shape.channels)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(target.count)
        for row in 0..<target.height {
            for column in 0..<target.width {
                for channel in 0..<target.channels {
                    var sum = 0
                    var count = 0
                    for y in row * factor..<min((row + 1) * factor, shape.height) {
                        for x in column * factor..<min((column + 1) * factor, shape.width) {
                            sum += Int(image.pixels[(y * shape.width + x) * shape.channels + channel])
                            count += 1
                        }
                    }
                    pixels.append(UInt8((sum + count / 2) / max(1, count)))
                }
            }
        }
        return Image(shape: target, pixels: pixels)
    }
}
