#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// File names as raw bytes. A name that is not valid UTF-8, such as one from an old archive, can still become a String:
/// each invalid byte becomes one character, U+10FF00 plus the byte, at the end of the private-use range. Opening a path
/// converts these characters back (similar to Python's PEP 383).
enum FileName {
    private static let escapes: ClosedRange<UInt32> = 0x10FF00...0x10FFFF

    /// The text of a name.
    static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: isEscape) {
            return text
        }
        var text = String.UnicodeScalarView()
        var decoder = UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var rest = 0
        func escape(_ count: Int) {
            for byte in bytes[rest..<rest + count] {
                if let scalar = Unicode.Scalar(escapes.lowerBound + UInt32(byte)) { text.append(scalar) }
            }
            rest += count
        }
        while true {
            switch decoder.parseScalar(from: &iterator) {
            case .valid(let scalar):
                let decoded = UTF8.decode(scalar)
                // If a name already contains such a character, it is escaped byte by byte, so that names stay
                // unambiguous.
                if isEscape(decoded) {
                    escape(scalar.count)
                } else {
                    text.append(decoded)
                    rest += scalar.count
                }
            case .error(let length): escape(length)
            case .emptyInput: return String(text)
            }
        }
    }

    /// Calls `body` with the bytes of a path in the form that the file system expects.
    static func withBytes<Result>(of path: String, _ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
        guard path.unicodeScalars.contains(where: isEscape) else { return try path.withCString(body) }
        var bytes: [CChar] = []
        for scalar in path.unicodeScalars {
            if isEscape(scalar) {
                bytes.append(CChar(bitPattern: UInt8(truncatingIfNeeded: scalar.value)))
            } else {
                bytes.append(contentsOf: String(scalar).utf8.map { CChar(bitPattern: $0) })
            }
        }
        bytes.append(0)
        return try bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("a path lacks its terminating zero") }
            return try body(base)
        }
    }

    /// A path for messages: invalid bytes appear as `\xE9`, and so do line breaks and other control characters.
    ///
    /// The path of an unpacked archive becomes that of the archive, which is what the user knows.
    static func shown(_ path: String) -> String {
        var shown = ""
        for scalar in DatasetArchive.named(path).unicodeScalars {
            if isEscape(scalar) || scalar.value < 0x20 || scalar.value == 0x7f {
                let digits = String(UInt8(truncatingIfNeeded: scalar.value), radix: 16, uppercase: true)
                shown += "\\x" + (digits.count == 1 ? "0" : "") + digits
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    private static func isEscape(_ scalar: Unicode.Scalar) -> Bool { escapes.contains(scalar.value) }
}

/// The times and size of a file, from which a later change of its contents is detected.
struct FileStamp: Hashable, Sendable {
    let size: Int
    /// Nanoseconds since 1970: the modification time, and the change time, which copying tools do not set.
    let modified: Int64
    let changed: Int64
    let isFolder: Bool
    let isFile: Bool

    /// Nil if there is no such file; `errno` has the reason.
    init?(path: String) {
        var status = stat()
        guard FileName.withBytes(of: path, { stat($0, &status) }) == 0 else { return nil }
        self.init(status)
    }

    init(_ status: stat) {
        func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) }
        size = Int(status.st_size)
        #if canImport(Darwin)
            modified = nanoseconds(status.st_mtimespec)
            changed = nanoseconds(status.st_ctimespec)
        #else
            modified = nanoseconds(status.st_mtim)
            changed = nanoseconds(status.st_ctim)
        #endif
        isFolder = status.st_mode & S_IFMT == S_IFDIR
        isFile = status.st_mode & S_IFMT == S_IFREG
    }

    init(size: Int, modified: Int64, changed: Int64) {
        (self.size, self.modified, self.changed) = (size, modified, changed)
        (isFolder, isFile) = (false, true)
    }
}
