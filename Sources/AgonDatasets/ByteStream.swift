import CAgonImageCodecs

/// A file that is read once from start to end and decompressed if it is gzip.
struct ByteStream: ~Copyable {
    private let stream: OpaquePointer
    let path: String

    init(path: String) throws {
        self.path = path
        var opened: OpaquePointer?
        let failure = withMessage { message in
            opened = agon_stream_open(path, message)
            return opened == nil ? -1 : 0
        }
        guard let opened else { throw DatasetError.unreadable(path: path, reason: failure ?? "cannot open") }
        stream = opened
    }

    deinit { agon_stream_close(stream) }

    /// An upper bound of the number of bytes in the file, from its size on disk. A header that promises more is wrong.
    var limit: UInt64 { agon_stream_limit(stream) }

    /// Fills `buffer` and returns the number of bytes, which is less than requested only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var count = 0
        let failure = withMessage { message in
            count = agon_stream_read(stream, buffer.baseAddress, buffer.count, message)
            return count < 0 ? -1 : 0
        }
        if let reason = failure { throw DatasetError.unreadable(path: path, reason: reason) }
        return count
    }

    /// The next `count` bytes; fewer only at the end.
    func read(count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = try read(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Whether no byte is left. At the end of a gzip file this also verifies its length and checksum.
    func isAtEnd() throws -> Bool { try read(count: 1).isEmpty }
}
