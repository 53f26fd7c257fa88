import CAgonImageCodecs

/// Animations that loop forever: APNG, which keeps all colours, and GIF, which has 256 colours per frame.
public enum AnimationFile {
    public enum Format: String, CaseIterable, Sendable {
        case gif
        case png
    }

    /// Writes images of the same shape, with 1 or 3 channels, atomically: the file appears whole or not at all.
    ///
    /// - Parameters:
    ///   - frames: each with its duration in milliseconds, at most 65535.
    ///
    /// Throws: `DatasetError.cannotWrite`.
    public static func write(_ frames: [(image: Image, milliseconds: Int)], as format: Format, path: String) throws {
        guard let shape = frames.first?.image.shape else { preconditionFailure("an animation needs a frame") }
        precondition(frames.allSatisfy { $0.image.shape == shape }, "the frames have different shapes")
        let pixels = frames.flatMap(\.image.pixels)
        let delays = frames.map { UInt32(clamping: min(max($0.milliseconds, 0), 65535)) }
        let function = format == .gif ? agon_gif_write : agon_apng_write
        let failure = withMessage { message in
            pixels.withUnsafeBufferPointer { pixels in
                delays.withUnsafeBufferPointer { delays in
                    function(
                        path, UInt32(frames.count), UInt32(shape.height), UInt32(shape.width), UInt32(shape.channels),
                        pixels.baseAddress, delays.baseAddress, message)
                }
            }
        }
        if let reason = failure { throw DatasetError.cannotWrite(path: path, reason: reason) }
    }
}
