/// One value of an evaluation with everything that it depends on: a line of `evaluations.jsonl`.
public struct EvaluationValue: LogLine, Record, Equatable, Sendable {
    public private(set) var step = 0
    /// The metric's name, such as `fid-lenet`; its key is `metric.fid-lenet`.
    public private(set) var metric = ""
    public private(set) var value = 0.0
    public private(set) var identity = EvaluationIdentity([:])

    package init() {}

    public init(step: Int, metric: String, value: Double, identity: EvaluationIdentity) {
        self.step = step
        self.metric = metric
        self.value = value
        self.identity = identity
    }

    package static var fields: [RecordField<EvaluationValue>] {
        [
            .value("step", \.step, isRequired: true), .value("metric", \.metric, isRequired: true),
            .value("value", \.value, isRequired: true), .value("identity", \.identity, isRequired: true),
            .written("identityHash") { $0.identity.hash },
        ]
    }

    /// The key of the metric: `metric.fid-lenet`.
    public var key: String { EvaluationCurve.key(of: metric) }

    /// Identifies a value: a later value with the same place replaces it.
    struct Place: Hashable {
        let step: Int
        let metric: String
        let identity: EvaluationIdentity
    }

    var place: Place { Place(step: step, metric: metric, identity: identity) }
}
