import CAgonImageCodecs
import Foundation

/// PNG, JPEG, WebP, TIFF, GIF and BMP files, recognised by their contents. If a file has several images, the first is
/// read.
public enum ImageFile {
    /// The largest number of pixels of an image that is read or written.
    public static let largestPixelCount = Int(AGON_IMAGE_MAX_PIXELS)
    /// The longest side of a PNG that is written: libpng's limit.
    public static let longestSide = 1_000_000

    /// The shape in the header of a file, after rotation to upright, without alpha.
    ///
    /// Throws: `DatasetError.unreadable` or `.badImage`, naming the file.
    public static func shape(path: String) throws -> ImageShape {
        var bytes: [UInt8] = []
        // A JPEG header may follow metadata of any length, so the whole file is read.
        try readFile(path, into: &bytes)
        return shape(of: try info(of: bytes, path: path))
    }

    /// The image in a file.
    ///
    /// Throws: `DatasetError.unreadable` or `.badImage`, naming the file.
    public static func read(path: String, reading: ImageReading = ImageReading()) throws -> Image {
        let scratch = ImageScratch()
        try read(path: path, reading: reading, scratch: scratch)
        return scratch.front
    }

    /// Reads the image in a file into `scratch.front`.
    static func read(path: String, reading: ImageReading = ImageReading(), scratch: ImageScratch) throws {
        try readFile(path, into: &scratch.file)
        _ = try decode(path: path, reading: reading, scratch: scratch)
    }

    /// Decodes `scratch.file`, the contents of a file, into `scratch.front`.
    @discardableResult
    static func decode(path: String, reading: ImageReading, scratch: ImageScratch) throws -> ImageHeader {
        var info = try info(of: scratch.file, path: path)
        scratch.front.reshape(shape(of: info))
        let failure = withMessage { message in
            scratch.file.withUnsafeBufferPointer { bytes in
                scratch.front.pixels.withUnsafeMutableBufferPointer { pixels in
                    agon_image_decode(
                        bytes.baseAddress, bytes.count, &info, reading.background, pixels.baseAddress, message)
                }
            }
        }
        if let reason = failure { throw DatasetError.badImage(path: path, reason: reason) }
        return header(info)
    }

    /// The header of an image.
    ///
    /// - Parameter mustBeWhole: whether a truncated file is an error.
    static func header(of bytes: [UInt8], path: String, mustBeWhole: Bool) throws -> ImageHeader {
        var info = try info(of: bytes, path: path)
        if mustBeWhole {
            let failure = withMessage { message in
                bytes.withUnsafeBufferPointer { agon_image_is_cut($0.baseAddress, $0.count, &info, message) }
            }
            if let reason = failure { throw DatasetError.badImage(path: path, reason: reason) }
        }
        return header(info)
    }

    /// Writes a greyscale or RGB image as a PNG, atomically: the file appears whole or not at all.
    ///
    /// Throws: `TensorsError.cannotWrite`, for example if the disk is full; an existing file of that name then stays
    /// intact. `DatasetError.cannotWrite` for a shape that the format cannot hold.
    public static func writePNG(_ image: Image, path: String) throws {
        let shape = image.shape
        try writeEncoded(path: path) { encoding, message in
            agon_png_encode(
                UInt32(shape.height), UInt32(shape.width), UInt32(shape.channels), image.pixels, encoding, message)
        }
    }

    /// Writes a greyscale or RGB image as a baseline JPEG with the given quality, 1 to 100.
    public static func writeJPEG(_ image: Image, path: String, quality: Int) throws {
        let shape = image.shape
        try writeEncoded(path: path) { encoding, message in
            agon_jpeg_encode(
                UInt32(shape.height), UInt32(shape.width), UInt32(shape.channels), image.pixels, Int32(quality),
                encoding, message)
        }
    }

    private static func info(of bytes: [UInt8], path: String) throws -> agon_image_info {
        var info = agon_image_info()
        let failure = withMessage { message in
            bytes.withUnsafeBufferPointer { agon_image_header($0.baseAddress, $0.count, &info, message) }
        }
        if let reason = failure { throw DatasetError.badImage(path: path, reason: reason) }
        return info
    }

    private static func shape(of info: agon_image_info) -> ImageShape {
        ImageShape(height: Int(info.height), width: Int(info.width), channels: Int(info.channels))
    }

    private static func header(_ info: agon_image_info) -> ImageHeader {
        guard let format = ImageFormat(rawValue: UInt32(info.format.rawValue)) else {
            preconditionFailure("an image of format \(info.format)")
        }
        return ImageHeader(
            format: format, height: Int(info.height), width: Int(info.width), channels: Int(info.channels),
            hasMore: info.hasMore != 0)
    }
}

/// Runs a C function that reports failures as a message: nil if it returns zero or more, else the message.
func withMessage(_ body: (UnsafeMutablePointer<CChar>) throws -> Int32) rethrows -> String? {
    try withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(AGON_MESSAGE_SIZE)) { buffer in
        buffer.initialize(repeating: 0)
        guard let message = buffer.baseAddress else { return "no memory for a message" }
        return try body(message) < 0 ? String(cString: message) : nil
    }
}

/// Replaces `bytes` with the contents of a file, reusing the storage.
func readFile(_ path: String, into bytes: inout [UInt8]) throws {
    func failure() -> DatasetError { .unreadable(path: path, reason: String(cString: strerror(errno))) }
    // Opening a pipe without a writer would block forever.
    let descriptor = FileName.withBytes(of: path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure() }
    guard status.st_mode & S_IFMT == S_IFREG else {
        throw DatasetError.unreadable(path: path, reason: "not a regular file")
    }
    let size = Int(status.st_size)
    if bytes.count > size {
        bytes.removeLast(bytes.count - size)
    } else {
        bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
    }
    var done = 0
    while done < size {
        let got = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress.map { $0 + done }, size - done) }
        if got < 0 && errno == EINTR { continue }
        guard got >= 0 else { throw failure() }
        guard got > 0 else { throw DatasetError.unreadable(path: path, reason: "it shrank while it was read") }
        done += got
    }
}
