// Nested sections. Defaults are config literals, decoded like a file's:
// `default: ["type": "adam", "learningRate": 2e-4]`, `default: "adam"`, `default: [:]` if every key has a default.
extension ConfigReader {
    /// A nested object of the inferred type.
    public func section<Section: ConfigDecodable>(
        _ key: String, default node: ConfigNode? = nil, affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> Section {
        try value(key, .section(Section.self), default: node, affects: effect, doc)
    }

    public func optionalSection<Section: ConfigDecodable>(
        _ key: String, affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> Section? {
        try optionalValue(key, .section(Section.self), affects: effect, doc)
    }

    /// A nested object that names its variant by `"type"`, or the name alone.
    public func section<Value>(
        _ key: String, _ registry: VariantRegistry<Value>, default node: ConfigNode? = nil,
        affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> Value {
        try value(key, .variant(registry), default: node, affects: effect, doc)
    }

    public func optionalSection<Value>(
        _ key: String, _ registry: VariantRegistry<Value>, affects effect: ConfigEffect = .result, _ doc: String
    ) throws
        -> Value?
    {
        try optionalValue(key, .variant(registry), affects: effect, doc)
    }

    /// An array of objects. `count` is a number of elements or a range of them.
    public func array<Section: ConfigDecodable, Count: IntervalExpression<Int>>(
        _ key: String, of type: Section.Type, count: Count = Interval<Int>(), default nodes: [ConfigNode]? = nil,
        affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> [Section] {
        try value(
            key, .list(of: .section(type), count: count.interval), default: nodes.map { ConfigNode($0) },
            affects: effect, doc)
    }

    public func optionalArray<Section: ConfigDecodable, Count: IntervalExpression<Int>>(
        _ key: String, of type: Section.Type, count: Count = Interval<Int>(), affects effect: ConfigEffect = .result,
        _ doc: String
    ) throws -> [Section]? {
        try optionalValue(key, .list(of: .section(type), count: count.interval), affects: effect, doc)
    }

    /// An array of objects that each name their variant by `"type"`, or of names alone:
    /// `["flatten", {"type": "dense", "units": 10}]`.
    public func array<Value, Count: IntervalExpression<Int>>(
        _ key: String, of registry: VariantRegistry<Value>, count: Count = Interval<Int>(),
        default nodes: [ConfigNode]? = nil, affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> [Value] {
        try value(
            key, .list(of: .variant(registry), count: count.interval), default: nodes.map { ConfigNode($0) },
            affects: effect, doc)
    }

    /// An array of arrays of objects that each name their variant by `"type"`, or of names alone:
    /// `[[], ["flatten", {"type": "dense", "units": 10}]]`. `count` is a number of inner arrays or a range of them.
    public func arrays<Value, Count: IntervalExpression<Int>>(
        _ key: String, of registry: VariantRegistry<Value>, count: Count = Interval<Int>(),
        affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> [[Value]] {
        let inner = ValueForm.list(of: .variant(registry), count: Interval<Int>())
        return try value(key, .list(of: inner, count: count.interval), default: nil, affects: effect, doc)
    }

    /// An object with user-chosen keys, each with a section, in the order written.
    public func dictionary<Section: ConfigDecodable>(
        _ key: String, of type: Section.Type, default node: ConfigNode? = nil, affects effect: ConfigEffect = .result,
        _ doc: String
    ) throws -> [(name: String, value: Section)] {
        try value(key, .dictionary(of: .section(type)), default: node, affects: effect, doc)
    }
}
