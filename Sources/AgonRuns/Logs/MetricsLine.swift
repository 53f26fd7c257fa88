import AgonConfiguration

/// A line of `metrics.jsonl`: the numbers and alarms that a run logs at a step.
public struct MetricsLine: LogLine {
    public typealias Value = (key: String, value: Double)

    public var step: Int
    /// Losses, scores and means of epochs, such as `loss.generator`, in the order in which they are written.
    public var values: [Value] = []
    /// Copies of this step's values in `evaluations.jsonl`, for people and other programs. Agon never reads them: they
    /// have single precision and lack the identity of the measurement.
    public var metrics: [EvaluationValue] = []
    /// The messages of alarms.
    public var alarms: [String] = []
    public var imagesPerSecond: Double?
    /// Seconds of training over all sessions of the run.
    public var seconds: Double?

    public init(step: Int) { self.step = step }

    package init?(node: ConfigNode) {
        guard let step = node[Self.stepKey]?.integer, let members = node.object?.members else { return nil }
        self.step = step
        for (key, value) in members.lazy.map({ ($0.key, $0.value) }) {
            switch key {
            case Self.stepKey: break
            case Self.alarmsKey: alarms = [String](node: value) ?? []
            case Self.imagesPerSecondKey: imagesPerSecond = value.number
            case Self.secondsKey: seconds = value.number
            default:
                if let number = value.number, !EvaluationCurve.isKey(key) { values.append((key, number)) }
            }
        }
    }

    package init?(text: UnsafeRawBufferPointer) {
        var step: Int?
        var (values, rate, seconds): ([Value], Double?, Double?) = ([], nil, nil)
        let isFlat = FlatObject.read(text) { key, value in
            switch Key(key) {
            case .step: step = value.flatMap { Int(exactly: $0) }
            case .seconds: seconds = value
            case .other: if key.elementsEqual(Self.imagesPerSecondKey.utf8) { rate = value }
            case .value: if let value { values.append((String(decoding: key, as: UTF8.self), value)) }
            }
        }
        guard isFlat else {
            self.init(wholeText: text)
            return
        }
        guard let step else { return nil }
        self.init(step: step)
        (self.values, imagesPerSecond, self.seconds) = (values, rate, seconds)
    }

    /// Parses any line with the general JSON parser.
    init?(wholeText text: UnsafeRawBufferPointer) {
        guard let node = try? ConfigNode.parse(String(decoding: text, as: UTF8.self), file: "log") else { return nil }
        self.init(node: node)
    }

    /// The kind of number that a key denotes.
    enum Key {
        case step, seconds, value
        /// The rate, an alarm, or a copy of a metric.
        case other

        init(_ key: UnsafeRawBufferPointer) {
            if key.elementsEqual(MetricsLine.stepKey.utf8) {
                self = .step
            } else if key.elementsEqual(MetricsLine.secondsKey.utf8) {
                self = .seconds
            } else if key.elementsEqual(MetricsLine.imagesPerSecondKey.utf8)
                || key.elementsEqual(MetricsLine.alarmsKey.utf8)
                || key.starts(with: EvaluationCurve.prefix.utf8)
            {
                self = .other
            } else {
                self = .value
            }
        }
    }

    package var node: ConfigNode {
        var object = ConfigObject()
        object[Self.stepKey] = ConfigNode(step)
        for (key, value) in values { object[key] = Self.node(key, value) }
        for metric in metrics { object[metric.key] = Self.node(metric.key, metric.value) }
        if !alarms.isEmpty { object[Self.alarmsKey] = alarms.node }
        if let imagesPerSecond { object[Self.imagesPerSecondKey] = .number(imagesPerSecond, decimals: 1) }
        if let seconds { object[Self.secondsKey] = .number(seconds, decimals: 3) }
        return ConfigNode(object)
    }

    /// All numbers except the step, as written in the file.
    var numbers: [Value] {
        (node.object?.members ?? []).compactMap { member in
            member.key == Self.stepKey ? nil : member.value.number.map { (member.key, $0) }
        }
    }

    /// The key of the epoch number, the only integer among the values.
    package static let epochKey = "epoch"
    private static let stepKey = "step"
    private static let alarmsKey = "alarms"
    private static let imagesPerSecondKey = "imagesPerSecond"
    private static let secondsKey = "seconds"

    /// Values are computed in single precision and written with the corresponding number of digits.
    private static func node(_ key: String, _ value: Double) -> ConfigNode {
        key == epochKey ? ConfigNode(Int(value)) : ConfigNode(.number("\(Float(value))"))
    }
}
