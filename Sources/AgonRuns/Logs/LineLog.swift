import AgonConfiguration
import Foundation

/// A line of a log: a JSON object with the key `step`.
package protocol LogLine: RecordValue, Sendable {
    var step: Int { get }

    /// Parses a line without its line break; nil if it is not such a line.
    init?(text: UnsafeRawBufferPointer)
}

extension LogLine {
    package init?(text: UnsafeRawBufferPointer) {
        guard let node = try? ConfigNode.parse(String(decoding: text, as: UTF8.self), file: "log") else { return nil }
        self.init(node: node)
    }
}

/// A file of JSON lines that a run appends to, such as `metrics.jsonl`.
///
/// An incomplete last line of a killed run is removed when the run resumes.
package final class LineLog<Line: LogLine> {
    private let file: AppendedFile

    /// The last line that was kept.
    package let lastLine: Line?

    /// Opens the file and removes lines after `step` and an incomplete last line; a resumed run writes them again.
    ///
    /// Throws `TensorsError.cannotWrite`, `TensorsError.cannotRead`, `RunError.damaged` for an unreadable line that is
    /// followed by lines to keep.
    package init(path: String, keepingThrough step: Int) throws {
        let extent = try Self.extent(of: path, through: step)
        if let number = extent.damagedLine {
            throw RunError.damaged(
                path: path, problem: "line \(number) is not a log entry; delete it to continue without it")
        }
        file = try AppendedFile(path: path)
        lastLine = extent.last
        var status = stat()
        if stat(path, &status) == 0, Int(status.st_size) > extent.length { try file.truncate(to: extent.length) }
    }

    /// Appends a line.
    ///
    /// Throws `TensorsError.cannotWrite` and leaves the file unchanged.
    package func append(_ line: Line) throws { try file.append(Array((line.node.lineText + "\n").utf8)) }

    /// Writes the lines to the disk. This must precede a checkpoint, which relies on them.
    package func synchronise() throws { try file.synchronise() }

    /// The byte count of the leading complete lines with steps up to `step`, and the last such line.
    ///
    /// `damagedLine` is the number (from 1) of the line after them, if further lines with steps up to `step` follow it.
    /// Such a line is damaged: it is not the first line of the steps to repeat.
    static func extent(of path: String, through step: Int) throws -> (length: Int, last: Line?, damagedLine: Int?) {
        var (length, count, isCut): (Int, Int, Bool) = (0, 0, false)
        var last: Line?
        var damagedLine: Int?
        try LogFile.forEachLine(of: path) { bytes in
            let line = Line(text: bytes)
            let isKept = line.map { $0.step <= step } ?? false
            if !isCut, isKept {
                last = line
                length += bytes.count + 1
                count += 1
            } else if isCut, isKept {
                damagedLine = count + 1
                return false
            }
            isCut = isCut || !isKept
            return true
        }
        return (length, last, damagedLine)
    }
}

/// Reads a file of lines as it grows.
package struct LineReader<Line: LogLine> {
    private let path: String
    private var offset = 0

    package init(path: String) { self.path = path }

    /// All complete lines of a file.
    package static func all(path: String) -> [Line] {
        var reader = LineReader(path: path)
        return reader.next()
    }

    /// The complete lines that were added since the last call. Lines that cannot be parsed are skipped. A file that
    /// became shorter is read from its start.
    package mutating func next() -> [Line] {
        var status = stat()
        guard stat(path, &status) == 0 else { return [] }
        if Int(status.st_size) < offset { offset = 0 }
        guard Int(status.st_size) > offset else { return [] }
        var lines: [Line] = []
        if let end = try? LogFile.forEachLine(
            of: path, from: offset,
            {
                if let line = Line(text: $0) { lines.append(line) }
                return true
            })
        {
            offset = end
            return lines
        }
        // The next call tries again to read the lines that could not be read now.
        return []
    }
}
