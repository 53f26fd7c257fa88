import Configuration
import Foundation

/// The file of metrics: a JSON object a line, each with the key `step` first, steps rising.
///
/// A line is written with one call; one that a full disk or a kill cut short is cut off again.
final class MetricsLog {
    let path: String
    private let descriptor: Int32

    /// Opens the file and cuts off lines after `step`, and a torn last line, so that a resumed run writes them anew.
    ///
    /// Throws `ExperimentsError.cannotWrite`.
    init(path: String, keepingThrough step: Int) throws {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0o666)
        guard descriptor >= 0 else { throw Self.failure(path) }
        let contents = FileManager.default.contents(atPath: path) ?? Data()
        let (length, last) = Self.extent(of: Array(contents), through: step)
        lastLine = last
        if length < contents.count, ftruncate(descriptor, off_t(length)) != 0 {
            let error = Self.failure(path)
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// The last line that was kept.
    let lastLine: String?

    /// Appends a line.
    ///
    /// Throws `ExperimentsError.cannotWrite`; the file is then as it was before.
    func append(_ line: ConfigNode) throws {
        let length = lseek(descriptor, 0, SEEK_END)
        let bytes = Array((line.lineText + "\n").utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let error = Self.failure(path)
                ftruncate(descriptor, length)
                throw error
            }
            written += count
        }
    }

    /// Puts the lines on the disk, before a checkpoint that counts on them.
    func synchronise() throws {
        guard fsync(descriptor) == 0 || (errno != EIO && errno != ENOSPC) else { throw Self.failure(path) }
    }

    private static func failure(_ path: String) -> ExperimentsError {
        .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }

    /// The bytes of the whole lines with steps up to `step`, and the last of those lines.
    static func extent(of bytes: [UInt8], through step: Int) -> (length: Int, last: String?) {
        var length = 0
        var last: String?
        while let end = bytes[length...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: bytes[length..<end], as: UTF8.self)
            guard let found = self.step(of: line), found <= step else { break }
            last = line
            length = end + 1
        }
        return (length, last)
    }

    private static func step(of line: String) -> Int? {
        guard let node = try? ConfigNode.parse(line, file: "metrics") else { return nil }
        return node["step"]?.integer
    }
}
