import AgonConfiguration
import AgonRuns
import AgonSweeps

/// The line in which a trial reports its progress to the sweep that started it.
extension TrialStatus: Record {
    package init() { self.init(id: "") }

    package static var fields: [RecordField<TrialStatus>] {
        [
            .value("trial", \.id, isRequired: true), .value("state", \.state, isRequired: true),
            .value("label", \.label), .value("step", \.step), .value("steps", \.steps),
            .value("losses", \.lossNumbers), .value("metric", \.metricNumbers),
            .rounded("left", \.secondsLeft, decimals: 1), .rounded("seconds", \.seconds, decimals: 1),
            .optional("reason", \.reason), .optional("log", \.log), .optional("process", \.process),
        ]
    }

    private static let mark = "@agon "

    /// Nil for lines that are not such messages.
    init?(message: String) {
        guard message.hasPrefix(Self.mark),
            let node = try? ConfigNode.parse(String(message.dropFirst(Self.mark.count)), file: "message")
        else { return nil }
        self.init(node: node)
    }

    var message: String { Self.mark + node.lineText }

    /// Numbers by name, in order. Numbers that are not finite are omitted.
    private struct NamedNumbers: RecordValue {
        var numbers: [(name: String, value: Double)] = []

        init(_ numbers: [(name: String, value: Double)]) { self.numbers = numbers.filter(\.value.isFinite) }

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

    private var lossNumbers: NamedNumbers {
        get { NamedNumbers(losses) }
        set { losses = newValue.numbers }
    }

    private var metricNumbers: NamedNumbers {
        get { NamedNumbers([metric].compactMap { $0 }) }
        set { metric = newValue.numbers.first }
    }
}
