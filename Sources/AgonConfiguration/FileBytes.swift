#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Files as bytes, with the system's own words for what fails.
enum FileBytes {
    private static let pieceSize = 1 << 20

    /// Hands the file over in pieces until `body` returns false.
    static func forEachPiece(of path: String, _ body: (UnsafeRawBufferPointer) throws -> Bool) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        try withUnsafeTemporaryAllocation(byteCount: pieceSize, alignment: 16) { buffer in
            while true {
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    throw failure(path)
                }
                if count == 0 { return }
                if try !body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { return }
            }
        }
    }

    /// The whole file; at most one byte more than `limit`, so that the caller can tell a larger file.
    static func contents(of path: String, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try forEachPiece(of: path) { piece in
            bytes.append(contentsOf: piece.prefix(limit + 1 - bytes.count))
            return bytes.count <= limit
        }
        return bytes
    }

    /// The path with every link resolved, nil when there is no such file.
    static func canonicalPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func failure(_ path: String) -> ConfigError {
        .unreadableFile(path: path, reason: String(cString: strerror(errno)), extendedAt: nil)
    }
}
