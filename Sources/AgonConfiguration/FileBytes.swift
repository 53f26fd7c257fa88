#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Files as bytes, with the system's error messages.
package enum FileBytes {
    private static let pieceSize = 1 << 20
    /// How long a pipe, such as a shell makes for `<(command)`, may leave us waiting, in milliseconds.
    private static let patience: Int32 = 10_000

    /// Passes the file in pieces to `body` until it returns false.
    static func forEachPiece(of path: String, _ body: (UnsafeRawBufferPointer) throws -> Bool) throws {
        // Opening a pipe without a writer would wait for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var status = stat()
        let isPipe = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
        if isPipe { try wait(for: descriptor, path) }
        // On the heap: the compiler puts temporary memory of a constant size on the stack, which may be small.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN {
                    try wait(for: descriptor, path)
                    continue
                }
                throw failure(path)
            }
            if count == 0 { return }
            if try !body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { return }
        }
    }

    /// The whole file; at most one byte more than `limit`, so that the caller can detect a larger file.
    static func contents(of path: String, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try forEachPiece(of: path) { piece in
            bytes.append(contentsOf: piece.prefix(limit + 1 - bytes.count))
            return bytes.count <= limit
        }
        return bytes
    }

    /// The path with every link resolved; nil if there is no such file.
    package static func canonicalPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// A path without `.` and `..`. `..` is removed only if the result is the same file, because the path may contain
    /// symbolic links.
    package static func simplifiedPath(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
        }
        let short = (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
        return canonicalPath(short) == canonicalPath(path) ? short : path
    }

    /// Whether a text can name a file or folder without quotes: letters, digits and `_`, and after the first character
    /// also `.` and `-`.
    package static func isName(_ text: String) -> Bool { text.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9._-]*/) != nil }

    private static func wait(for descriptor: Int32, _ path: String) throws {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        var result: Int32
        repeat { result = poll(&request, 1, patience) } while result < 0 && errno == EINTR
        if result == 0 {
            throw ConfigError.unreadableFile(path: path, reason: "a pipe to which nobody writes", extendedAt: nil)
        }
        if result < 0 { throw failure(path) }
    }

    private static func failure(_ path: String) -> ConfigError {
        .unreadableFile(
            path: path, reason: String(cString: strerror(errno)), extendedAt: nil,
            isPassing: PassingCodes.contains(errno))
    }
}
