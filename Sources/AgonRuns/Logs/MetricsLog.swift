import AgonConfiguration
import Foundation

/// The file of metrics: a JSON object a line, each with the key `step` first. In `metrics.jsonl` the steps rise.
///
/// A line that a kill cut short is cut off when the run goes on.
package final class MetricsLog {
    private let file: AppendedFile

    /// The last line that was kept.
    package let lastLine: String?

    /// Opens the file and cuts off lines after `step`, and a torn last line, so that a resumed run writes them anew.
    ///
    /// Throws `RunError.cannotWrite`.
    package init(path: String, keepingThrough step: Int) throws {
        file = try AppendedFile(path: path)
        let contents = FileManager.default.contents(atPath: path) ?? Data()
        let (length, last) = Self.extent(of: Array(contents), through: step)
        lastLine = last
        if length < contents.count { try file.truncate(to: length) }
    }

    /// Appends a line.
    ///
    /// Throws `RunError.cannotWrite`; the file is then as it was before.
    package func append(_ line: ConfigNode) throws { try file.append(Array((line.lineText + "\n").utf8)) }

    /// Puts the lines on the disk, before a checkpoint that counts on them.
    package func synchronise() throws { try file.synchronise() }

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
