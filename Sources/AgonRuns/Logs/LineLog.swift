import AgonConfiguration
import AgonTensors
import Foundation

/// A line of a log: a JSON object with the key `step`.
package protocol LogLine: RecordValue, Sendable {
    var step: Int { get }

    /// Reads a line without its end; nil for anything else.
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
    /// Throws `RunError.cannotWrite`; the file is then as it was before.
    package func append(_ line: Line) throws { try file.append(Array((line.node.lineText + "\n").utf8)) }

    /// Puts the lines on the disk, before a checkpoint that counts on them.
    package func synchronise() throws { try file.synchronise() }

    /// The bytes of the whole lines with steps up to `step`, and the last of those lines.
    ///
    /// `damagedLine` is the number (from 1) of the line after them if lines up to `step` follow it: that line is damaged,
    /// rather than the first of those to be written again.
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
        // What cannot be read now is read the next time.
        return []
    }
}
