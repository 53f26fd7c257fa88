/// Reads a `metrics.jsonl` line by line for curves, extremes and reports. Memory use does not depend on the length of
/// the file.
package struct MetricsScan {
    /// A line with the `values` of a `MetricsLine`; each key is given by its index in `names`.
    package struct Line {
        package fileprivate(set) var step = 0
        package fileprivate(set) var values: [(name: Int, value: Double)] = []
        package fileprivate(set) var seconds: Double?
        package fileprivate(set) var alarms: [String] = []
    }

    /// Keys in order of first appearance.
    package private(set) var names: [String] = []
    private var places: [[UInt8]: Int] = [:]
    /// The bytes of each key by index, for fast comparison: a line mostly has the keys of the previous line.
    private var keys: [[UInt8]] = []

    private init() {}

    /// Passes the lines of a file to `body`. Invalid, incomplete and unreadable lines are skipped; a missing file has
    /// no lines.
    ///
    /// - Returns: the keys.
    package static func read(_ path: String, _ body: (Line) -> Void) -> [String] {
        var scan = MetricsScan()
        var line = Line()
        _ = try? LogFile.forEachLine(of: path) { bytes in
            if scan.read(bytes, into: &line) { body(line) }
            return true
        }
        return scan.names
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer, into line: inout Line) -> Bool {
        line.values.removeAll(keepingCapacity: true)
        line.alarms = []
        line.seconds = nil
        var step: Int?
        let isFlat = FlatObject.read(bytes) { key, value in
            switch MetricsLine.Key(key) {
            case .step: step = value.flatMap { Int(exactly: $0) }
            case .seconds: line.seconds = value
            case .other: break
            case .value: if let value { line.values.append((place(of: key, after: line.values.last?.name), value)) }
            }
        }
        if isFlat {
            guard let step else { return false }
            line.step = step
            return true
        }
        guard let whole = MetricsLine(wholeText: bytes) else { return false }
        line.step = whole.step
        line.seconds = whole.seconds
        line.alarms = whole.alarms
        line.values = whole.values.map { item in
            Array(item.key.utf8).withUnsafeBytes { (place(of: $0, after: nil), item.value) }
        }
        return true
    }

    private mutating func place(of key: UnsafeRawBufferPointer, after last: Int?) -> Int {
        let next = (last ?? -1) + 1
        if next < keys.count, keys[next].elementsEqual(key) { return next }
        let bytes = Array(key)
        if let known = places[bytes] { return known }
        names.append(String(decoding: bytes, as: UTF8.self))
        keys.append(bytes)
        places[bytes] = names.count - 1
        return names.count - 1
    }
}

/// The extremes and the last value of each number that a run logged.
package struct MetricExtremes {
    package struct Curve {
        package let name: String
        package fileprivate(set) var last: Double
        package fileprivate(set) var lowest: Double
        package fileprivate(set) var highest: Double
    }

    package private(set) var curves: [Curve] = []
    package private(set) var lastStep: Int?

    package init(path: String) {
        var values: [(last: Double, lowest: Double, highest: Double)] = []
        var lastStep: Int?
        let names = MetricsScan.read(path) { line in
            if !line.values.isEmpty { lastStep = max(lastStep ?? 0, line.step) }
            for (name, value) in line.values {
                if name == values.count {
                    values.append((value, value, value))
                } else {
                    values[name] = (value, min(values[name].lowest, value), max(values[name].highest, value))
                }
            }
        }
        curves = zip(names, values).map { Curve(name: $0, last: $1.last, lowest: $1.lowest, highest: $1.highest) }
        self.lastStep = lastStep
    }
}
