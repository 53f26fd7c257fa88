import AgonRuns

/// What a run logged: the numbers of metrics.jsonl by key, the time at each line, and alarms.
public struct RunHistory: Sendable {
    public struct Point: Equatable, Sendable {
        public let step: Int
        public let value: Double
    }

    /// Keys in the order of their first appearance, without `step`, `seconds` and throughput.
    public private(set) var names: [String] = []
    private var curves: [String: [Point]] = [:]
    /// Seconds of training at each line.
    public private(set) var seconds: [Point] = []
    public private(set) var alarms: [(step: Int, text: String)] = []

    /// Reads a file; skips incomplete or unknown lines; a missing file is empty.
    public init(path: String) {
        for line in LineReader<MetricsLine>.all(path: path) { add(line) }
    }

    init() {}

    public subscript(name: String) -> [Point] { curves[name] ?? [] }

    /// Seconds of training up to a step; nil before the first line.
    public func seconds(at step: Int) -> Double? { seconds.last { $0.step <= step }?.value }

    private mutating func add(_ line: MetricsLine) {
        if let value = line.seconds { seconds.append(Point(step: line.step, value: value)) }
        alarms += line.alarms.map { (line.step, $0) }
        for (key, value) in line.values {
            if curves[key] == nil { names.append(key) }
            curves[key, default: []].append(Point(step: line.step, value: value))
        }
    }
}
