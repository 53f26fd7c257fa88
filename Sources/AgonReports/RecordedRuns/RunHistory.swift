import AgonRuns

/// What a run logged: the numbers of metrics.jsonl by key, the time at each line, and alarms.
public struct RunHistory: Sendable {
    public struct Point: Equatable, Sendable {
        public let step: Int
        public let value: Double
    }

    /// The points of a number, in less memory than an array of them: a long run has millions.
    public struct Curve: RandomAccessCollection, Sendable {
        private var steps: [UInt32] = []
        private var values: [Double] = []

        init() {}

        public var startIndex: Int { 0 }
        public var endIndex: Int { values.count }
        public subscript(position: Int) -> Point { Point(step: Int(steps[position]), value: values[position]) }

        mutating func append(step: Int, _ value: Double) {
            steps.append(UInt32(clamping: step))
            values.append(value)
        }
    }

    /// Keys in the order of their first appearance, without `step`, `seconds` and throughput.
    public private(set) var names: [String] = []
    private var curves: [String: Curve] = [:]
    /// Seconds of training at each line.
    public private(set) var seconds = Curve()
    public private(set) var alarms: [(step: Int, text: String)] = []

    /// Reads a file; skips incomplete or unknown lines; a missing file is empty.
    public init(path: String) {
        var curves: [Curve] = []
        var (seconds, alarms): (Curve, [(step: Int, text: String)]) = (Curve(), [])
        names = MetricsScan.read(path) { line in
            if let value = line.seconds { seconds.append(step: line.step, value) }
            alarms += line.alarms.map { (line.step, $0) }
            for (name, value) in line.values {
                if name == curves.count { curves.append(Curve()) }
                curves[name].append(step: line.step, value)
            }
        }
        self.curves = Dictionary(zip(names, curves)) { first, _ in first }
        (self.seconds, self.alarms) = (seconds, alarms)
    }

    public subscript(name: String) -> Curve { curves[name] ?? Curve() }

    /// Seconds of training up to a step; nil before the first line.
    public func seconds(at step: Int) -> Double? {
        // Curves against time ask this for each of their points, and a long run has many.
        var (first, end) = (seconds.startIndex, seconds.endIndex)
        while first < end {
            let middle = first + (end - first) / 2
            if seconds[middle].step <= step { first = middle + 1 } else { end = middle }
        }
        return first == seconds.startIndex ? nil : seconds[first - 1].value
    }
}
