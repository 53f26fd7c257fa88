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
    /// Throws: `DatasetError.cannotWrite` for a shape that the format cannot hold, `TensorsError.cannotWrite`.
    public static func write(_ frames: [(image: Image, milliseconds: Int)], as format: Format, path: String) throws {
        guard let shape = frames.first?.image.shape else { preconditionFailure("an animation needs a frame") }
        precondition(frames.allSatisfy { $0.image.shape == shape }, "the frames have different shapes")
        let pixels = frames.flatMap(\.image.pixels)
        let delays = frames.map { UInt32(clamping: min(max($0.milliseconds, 0), 65535)) }
        let encode = format == .gif ? agon_gif_encode : agon_apng_encode
        try writeEncoded(path: path) { encoding, message in
            encode(
                UInt32(frames.count), UInt32(shape.height), UInt32(shape.width), UInt32(shape.channels), pixels, delays,
                encoding, message)
        }
    }
}
