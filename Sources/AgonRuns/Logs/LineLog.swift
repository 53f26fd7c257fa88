import AgonConfiguration
import AgonTensors
import Foundation

/// A line of a log: a JSON object with the key `step`.
package protocol LogLine: RecordValue, Sendable {
    var step: Int { get }
}

/// A file of JSON lines that a run appends to, such as `metrics.jsonl`.
///
/// A line that a kill cut short is cut off when the run goes on.
package final class LineLog<Line: LogLine> {
    private let file: AppendedFile

    /// The last line that was kept.
    package let lastLine: Line?

    /// Opens the file and cuts off lines after `step`, and a torn last line, so that a resumed run writes them again.
    ///
    /// Throws `RunError.cannotWrite`, `TensorsError.cannotRead`, `RunError.damaged` for an unreadable line before lines to be
    /// kept.
    package init(path: String, keepingThrough step: Int) throws {
        let contents = try FileSystem.contents(of: path) ?? []
        let (length, last) = Self.extent(of: contents, through: step)
        if let number = Self.damagedLine(in: contents, after: length, through: step) {
            throw RunError.damaged(
                path: path, problem: "line \(number) is not a log entry; delete it to continue without it")
        }
        file = try AppendedFile(path: path)
        lastLine = last
        if length < contents.count { try file.truncate(to: length) }
    }

    /// Appends a line.
    ///
    /// Throws `RunError.cannotWrite`; the file is then as it was before.
    package func append(_ line: Line) throws { try file.append(Array((line.node.lineText + "\n").utf8)) }

    /// Puts the lines on the disk, before a checkpoint that counts on them.
    package func synchronise() throws { try file.synchronise() }

    /// The bytes of the whole lines with steps up to `step`, and the last of those lines.
    static func extent(of bytes: [UInt8], through step: Int) -> (length: Int, last: Line?) {
        var length = 0
        var last: Line?
        while let end = bytes[length...].firstIndex(of: UInt8(ascii: "\n")) {
            guard let line = Line(text: bytes[length..<end]), line.step <= step else { break }
            last = line
            length = end + 1
        }
        return (length, last)
    }

    /// The number (from 1) of the line after `length` bytes if lines up to `step` follow it: that line is damaged, rather
    /// than the first of those to be written again.
    private static func damagedLine(in bytes: [UInt8], after length: Int, through step: Int) -> Int? {
        let newline = UInt8(ascii: "\n")
        let later = bytes[length...].split(separator: newline, omittingEmptySubsequences: false).dropFirst().dropLast()
        let isBefore = later.contains { Line(text: $0).map { $0.step <= step } ?? false }
        return isBefore ? bytes[..<length].count { $0 == newline } + 1 : nil
    }
}

/// Reads a file of lines as it grows.
package struct LineReader<Line: LogLine> {
    private let path: String
    private var offset: UInt64 = 0

    package init(path: String) { self.path = path }

    /// All whole lines of a file.
    package static func all(path: String) -> [Line] {
        var reader = LineReader(path: path)
        return reader.next()
    }

    /// The whole lines that came since the last call. Foreign lines are passed over. A file that became shorter is read
    /// from its start.
    package mutating func next() -> [Line] {
        var status = stat()
        guard stat(path, &status) == 0 else { return [] }
        if UInt64(status.st_size) < offset { offset = 0 }
        guard UInt64(status.st_size) > offset, let handle = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? handle.close() }
        guard (try? handle.seek(toOffset: offset)) != nil, let data = try? handle.readToEnd(),
            let end = data.lastIndex(of: UInt8(ascii: "\n"))
        else { return [] }
        let whole = data[data.startIndex...end]
        offset += UInt64(whole.count)
        return whole.split(separator: UInt8(ascii: "\n")).compactMap { Line(text: $0) }
    }
}

extension LogLine {
    fileprivate init?(text: some Collection<UInt8>) {
        guard let node = try? ConfigNode.parse(String(decoding: text, as: UTF8.self), file: "log") else { return nil }
        self.init(node: node)
    }
}
