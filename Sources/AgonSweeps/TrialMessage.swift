import AgonConfiguration
import AgonRuns

/// A line in which a trial reports its progress to the sweep that started it.
struct TrialMessage: Record {
    private(set) var id = ""
    private(set) var state = TrialStatus.State.waiting
    private(set) var label = ""
    private(set) var step = 0
    private(set) var steps = 0
    private(set) var losses = NamedNumbers()
    private(set) var metric: String?
    private(set) var value: Double?
    private(set) var secondsLeft: Double?
    private(set) var seconds: Double?
    private(set) var reason: String?
    private(set) var log: String?
    private(set) var process: Int?

    init() {}

    static var fields: [RecordField<TrialMessage>] {
        [
            .value("trial", \.id, isRequired: true), .value("state", \.state, isRequired: true),
            .value("label", \.label), .value("step", \.step), .value("steps", \.steps), .value("losses", \.losses),
            .optional("metric", \.metric), .optional("value", \.value),
            .rounded("left", \.secondsLeft, decimals: 1), .rounded("seconds", \.seconds, decimals: 1),
            .optional("reason", \.reason), .optional("log", \.log), .optional("process", \.process),
        ]
    }

    /// Numbers by name, in order. Numbers that are not finite are omitted.
    struct NamedNumbers: RecordValue {
        var numbers: [(name: String, value: Double)] = []

        init(_ numbers: [(name: String, value: Double)] = []) { self.numbers = numbers.filter(\.value.isFinite) }

        init?(node: ConfigNode) {
            guard let members = node.object?.members else { return nil }
            numbers = members.compactMap { member in member.value.number.map { (member.key, $0) } }
        }

        var node: ConfigNode {
            var object = ConfigObject()
            for (name, value) in numbers { object[name] = ConfigNode(value) }
            return ConfigNode(object)
        }
    }
}

extension TrialMessage {
    private static let mark = "@agon "

    init(_ status: TrialStatus) {
        id = status.id
        state = status.state
        label = status.label
        step = status.step
        steps = status.steps
        losses = NamedNumbers(status.losses)
        if let metric = status.metric, metric.value.isFinite { (self.metric, value) = (metric.name, metric.value) }
        secondsLeft = status.secondsLeft
        seconds = status.seconds
        reason = status.reason
        log = status.log
        process = status.process
    }

    /// Nil for lines that are not such messages.
    init?(line: String) {
        guard line.hasPrefix(Self.mark),
            let node = try? ConfigNode.parse(String(line.dropFirst(Self.mark.count)), file: "message")
        else { return nil }
        self.init(node: node)
    }

    var line: String { Self.mark + node.lineText }
}

extension TrialStatus {
    init(_ message: TrialMessage) {
        self.init(id: message.id)
        state = message.state
        label = message.label
        step = message.step
        steps = message.steps
        losses = message.losses.numbers
        if let name = message.metric, let value = message.value { metric = (name, value) }
        secondsLeft = message.secondsLeft
        seconds = message.seconds
        reason = message.reason
        log = message.log
        process = message.process
    }
}
