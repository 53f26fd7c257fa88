import AgonConfiguration

/// One number of an evaluation, with all that it depends on.
public struct EvaluationValue: Equatable, Sendable {
    public let step: Int
    /// Such as `fid-lenet`; in `metrics.jsonl` it is called `metric.fid-lenet`.
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
    public init?(node: ConfigNode) {
        guard let step = node["step"]?.integer, let metric = node["metric"]?.string,
            let value = node["value"]?.number, let identity = node["identity"], identity.object != nil
        else { return nil }
        self.init(step: step, metric: metric, value: value, identity: EvaluationIdentity(node: identity))
    }

    /// What a value is replaced by when it is measured again.
    struct Place: Hashable {
        let step: Int
        let metric: String
        let identity: EvaluationIdentity
    }

    var place: Place { Place(step: step, metric: metric, identity: identity) }
}
