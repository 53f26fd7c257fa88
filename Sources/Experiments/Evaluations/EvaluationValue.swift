import Configuration
import Datasets

/// What a value depends on besides the generator: values of different identities must not be compared.
public struct EvaluationIdentity: Equatable, Sendable {
    /// An object of names and what they stand for.
    public let node: ConfigNode

    public init(node: ConfigNode) { self.node = node }

    /// 12 hexadecimal digits.
    public var hash: String { String(node.digest.prefix(12)) }

    /// The names whose values differ, with both values: `generatedSamples 500 instead of 1000`.
    public func differences(from other: EvaluationIdentity) -> [String] {
        let (mine, theirs) = (node.object ?? ConfigObject(), other.node.object ?? ConfigObject())
        func text(_ value: ConfigNode?) -> String {
            let text = value.map { $0.string ?? $0.lineText } ?? "none"
            // Of a file's hash the beginning tells enough.
            return text.count == 64 ? String(text.prefix(12)) : text
        }
        return (mine.keys + theirs.keys.filter { mine[$0] == nil }).compactMap { key in
            mine[key] == theirs[key] ? nil : "\(key) \(text(mine[key])) instead of \(text(theirs[key]))"
        }
    }
}

/// One number of an evaluation, with all that it depends on.
public struct EvaluationValue: Equatable, Sendable {
    public let step: Int
    /// Such as `fcd-lenet`; in `metrics.jsonl` it is called `metric.fcd-lenet`.
    public let metric: String
    public let value: Double
    public let identity: EvaluationIdentity

    public init(step: Int, metric: String, value: Double, identity: EvaluationIdentity) {
        self.step = step
        self.metric = metric
        self.value = value
        self.identity = identity
    }

    /// A line of `evaluations.jsonl`.
    public var node: ConfigNode {
        [
            "step": ConfigNode(step), "metric": ConfigNode(metric), "value": ConfigNode(value),
            "identity": identity.node, "identityHash": ConfigNode(identity.hash),
        ]
    }

    /// The value that a line of `evaluations.jsonl` states; nil for any other line.
    public init?(line: String) {
        guard let node = try? ConfigNode.parse(line, file: "evaluations"), let step = node["step"]?.integer,
            let metric = node["metric"]?.string, let value = node["value"]?.number, let identity = node["identity"],
            identity.object != nil
        else { return nil }
        self.init(step: step, metric: metric, value: value, identity: EvaluationIdentity(node: identity))
    }
}
