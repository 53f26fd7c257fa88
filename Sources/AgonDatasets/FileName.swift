#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// File names as the bytes they are. A name that is no UTF-8, such as one unpacked from an old archive, still becomes a
/// String: each byte of it that is none stands as a character of its own, U+10FF00 plus the byte, the last of the
/// private-use ones. Opening a path turns these back (the way of Python's PEP 383).
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
                // A name that holds such a character already is escaped byte by byte, so that nothing is ambiguous.
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

    /// Hands over the bytes of a path as the file system wants them.
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
            guard let base = buffer.baseAddress else { preconditionFailure("an empty path without its end") }
            return try body(base)
        }
    }

    /// A path for messages: bytes that are no text as `\xE9`, line ends and other control characters likewise.
    static func shown(_ path: String) -> String {
        var shown = ""
        for scalar in path.unicodeScalars {
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

/// When and how large a file is: what tells that its contents are still those looked at.
struct FileStamp: Hashable, Sendable {
    let size: Int
    /// Nanoseconds since 1970: of the contents, and of the entry in the file system, which copying tools do not set.
    let modified: Int64
    let changed: Int64
    let isFolder: Bool
    let isFile: Bool

    /// Nil when there is no such file; `errno` says why.
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
