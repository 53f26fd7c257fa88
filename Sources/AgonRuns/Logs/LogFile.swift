import AgonTensors
import Foundation

/// A file of lines that is read in pieces, so memory use does not depend on its length.
struct LogFile {
    private static let pieceSize = 1 << 18

    /// Passes each complete line, without its line break, to `body` until `body` returns false. An incomplete last line
    /// is ignored.
    ///
    /// - Parameter offset: the byte at which to begin.
    ///
    /// - Returns: the offset of the end of the last line that was passed to `body`.
    ///
    /// Throws `TensorsError.cannotRead`; a missing file has no lines.
    @discardableResult
    static func forEachLine(
        of path: String, from offset: Int = 0, _ body: (UnsafeRawBufferPointer) throws -> Bool
    ) throws -> Int {
        // Pipes and devices are not read: they cannot be read twice, and opening them could block.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return offset }
            throw TensorsError.cannotRead(path: path, code: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw TensorsError.cannotRead(path: path, code: errno) }
        if status.st_mode & S_IFMT == S_IFDIR { throw TensorsError.cannotRead(path: path, code: EISDIR) }
        guard status.st_mode & S_IFMT == S_IFREG else { return offset }

        var buffer = [UInt8](repeating: 0, count: pieceSize)
        // The number of valid bytes in the buffer, and the file offset of the first one.
        var (filled, start) = (0, offset)
        while true {
            if filled == buffer.count { buffer.append(contentsOf: repeatElement(0, count: buffer.count)) }
            let count = buffer.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress.map { $0 + filled }, $0.count - filled, off_t(start + filled))
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw TensorsError.cannotRead(path: path, code: errno) }
            if count == 0 { return start }
            let searched = filled
            filled += count
            let (used, goesOn) = try buffer.withUnsafeBytes { bytes in
                try lines(of: UnsafeRawBufferPointer(rebasing: bytes[..<filled]), endsFrom: searched, body)
            }
            start += used
            if !goesOn { return start }
            filled -= used
            if used > 0, filled > 0 {
                buffer.withUnsafeMutableBytes { bytes in
                    if let base = bytes.baseAddress { memmove(base, base + used, filled) }
                }
            }
        }
    }

    /// - Parameter place: the index from which to search for line breaks; there are none before it.
    private static func lines(
        of bytes: UnsafeRawBufferPointer, endsFrom place: Int, _ body: (UnsafeRawBufferPointer) throws -> Bool
    ) throws -> (used: Int, goesOn: Bool) {
        guard let base = bytes.baseAddress else { return (0, true) }
        var (used, searched) = (0, place)
        while searched < bytes.count, let end = memchr(base + searched, 10, bytes.count - searched) {
            let next = UnsafeRawPointer(end) - base + 1
            let line = UnsafeRawBufferPointer(rebasing: bytes[used..<(next - 1)])
            if try !body(line) { return (used, false) }
            (used, searched) = (next, next)
        }
        return (used, true)
    }
}
