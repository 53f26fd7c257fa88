import AgonConfiguration
import Foundation

/// The curves of a run: the numbers of its metrics.jsonl by key.
public struct MetricCurves: Sendable {
    /// Keys in the order in which they first come up; `step`, times and paces are not among them.
    public private(set) var names: [String] = []
    public private(set) var curves: [String: [(step: Int, value: Double)]] = [:]

    private static let others: Set<String> = ["step", "seconds", "imagesPerSecond"]

    /// Reads a file; torn or foreign lines are passed over, and a missing file has no curves.
    public init(path: String) {
        var reader = MetricLines(path: path)
        self.init(reader.next())
    }

    package init(_ lines: [ConfigNode]) { for line in lines { add(line) } }

    public subscript(name: String) -> [(step: Int, value: Double)] { curves[name] ?? [] }

    public var lastStep: Int? { curves.values.compactMap { $0.last?.step }.max() }

    /// The last value of each curve.
    public var newest: [(name: String, value: Double)] {
        names.compactMap { name in curves[name]?.last.map { (name, $0.value) } }
    }

    mutating func add(_ line: ConfigNode) {
        guard let step = line["step"]?.integer, let object = line.object else { return }
        for member in object.members where !Self.others.contains(member.key) {
            guard let value = member.value.number else { continue }
            if curves[member.key] == nil { names.append(member.key) }
            curves[member.key, default: []].append((step, value))
        }
    }
}

/// The lines of a file of metrics, read on as it grows.
package struct MetricLines {
    private let path: String
    private var offset: UInt64 = 0

    package init(path: String) { self.path = path }

    /// The whole lines that came since the last call. A file that became shorter is read from its start.
    package mutating func next() -> [ConfigNode] {
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
        return whole.split(separator: UInt8(ascii: "\n")).compactMap { line in
            try? ConfigNode.parse(String(decoding: line, as: UTF8.self), file: path)
        }
    }
}
