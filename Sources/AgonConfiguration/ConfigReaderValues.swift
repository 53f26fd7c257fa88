// Numbers, words and arrays of them. Each function takes the key, allowed values, a default (none: required) and the
// sentence that documents the key. Those named `optional…` return nil if the key is not given or null.
extension ConfigReader {
    /// A whole number: `20000` and `2e4` are accepted, `1.5` is refused.
    public func integer<Range: IntervalExpression<Int>>(
        _ key: String, in range: Range = Interval<Int>(), default value: Int? = nil,
        affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> Int {
        try self.value(key, .integer(range.interval), default: value.map { ConfigNode($0) }, affects: effect, doc)
    }

    public func optionalInteger<Range: IntervalExpression<Int>>(
        _ key: String, in range: Range = Interval<Int>(), affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> Int? {
        try optionalValue(key, .integer(range.interval), affects: effect, doc)
    }

    public func number<Range: IntervalExpression<Double>>(
        _ key: String, in range: Range = Interval<Double>(), default value: Double? = nil,
        affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> Double {
        try self.value(key, .number(range.interval), default: value.map { ConfigNode($0) }, affects: effect, doc)
    }

    public func optionalNumber<Range: IntervalExpression<Double>>(
        _ key: String, in range: Range = Interval<Double>(), affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> Double? {
        try optionalValue(key, .number(range.interval), affects: effect, doc)
    }

    /// - Parameter former: the default of earlier versions, where it was another; identities leave this one out.
    public func boolean(
        _ key: String, default value: Bool? = nil, former: Bool? = nil, affects effect: ConfigEffect = .result,
        _ doc: String
    ) throws -> Bool {
        try self.value(
            key, .boolean, default: value.map { ConfigNode($0) }, former: former.map { ConfigNode($0) },
            affects: effect, doc)
    }

    public func optionalBoolean(_ key: String, affects effect: ConfigEffect = .result, _ doc: String) throws -> Bool? {
        try optionalValue(key, .boolean, affects: effect, doc)
    }

    public func string(
        _ key: String, default value: String? = nil, affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> String {
        try self.value(key, .string, default: value.map { ConfigNode($0) }, affects: effect, doc)
    }

    public func optionalString(_ key: String, affects effect: ConfigEffect = .result, _ doc: String) throws -> String? {
        try optionalValue(key, .string, affects: effect, doc)
    }

    /// One of the names.
    public func choice(
        _ key: String, _ names: [String], default value: String? = nil, affects effect: ConfigEffect = .result,
        _ doc: String
    ) throws -> String {
        try self.value(key, .choice(names), default: value.map { ConfigNode($0) }, affects: effect, doc)
    }

    public func optionalChoice(_ key: String, _ names: [String], affects effect: ConfigEffect = .result, _ doc: String)
        throws -> String?
    {
        try optionalValue(key, .choice(names), affects: effect, doc)
    }

    /// One case of the inferred enumeration, by its raw value.
    ///
    /// - Parameter former: the default of earlier versions, where it was another; identities leave this one out.
    public func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String, default value: Choice? = nil, former: Choice? = nil, affects effect: ConfigEffect = .result,
        _ doc: String
    ) throws -> Choice {
        try self.value(
            key, .choice(Choice.self), default: value.map { ConfigNode($0.rawValue) },
            former: former.map { ConfigNode($0.rawValue) }, affects: effect, doc)
    }

    public func optionalChoice<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String, affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> Choice? {
        try optionalValue(key, .choice(Choice.self), affects: effect, doc)
    }

    /// One integer for both directions, or `[first, second]`, as in `"stride": 2` and `"stride": [2, 1]`.
    public func integerOrPair<Range: IntervalExpression<Int>>(
        _ key: String, in range: Range = Interval<Int>(), default value: Int? = nil,
        affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> (Int, Int) {
        try self.value(key, .pair(range.interval), default: value.map { ConfigNode($0) }, affects: effect, doc)
    }

    public func optionalIntegerOrPair<Range: IntervalExpression<Int>>(
        _ key: String, in range: Range = Interval<Int>(), affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> (Int, Int)? {
        try optionalValue(key, .pair(range.interval), affects: effect, doc)
    }

    /// An array of integers. `count` is a number of elements or a range of them.
    public func integers<Count: IntervalExpression<Int>, Range: IntervalExpression<Int>>(
        _ key: String, count: Count = Interval<Int>(), in range: Range = Interval<Int>(), default values: [Int]? = nil,
        affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> [Int] {
        let form = ValueForm.list(of: .integer(range.interval), count: count.interval)
        return try value(key, form, default: values.map { ConfigNode($0.map { ConfigNode($0) }) }, affects: effect, doc)
    }

    public func optionalIntegers<Count: IntervalExpression<Int>, Range: IntervalExpression<Int>>(
        _ key: String, count: Count = Interval<Int>(), in range: Range = Interval<Int>(),
        affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> [Int]? {
        try optionalValue(key, .list(of: .integer(range.interval), count: count.interval), affects: effect, doc)
    }

    public func numbers<Count: IntervalExpression<Int>, Range: IntervalExpression<Double>>(
        _ key: String, count: Count = Interval<Int>(), in range: Range = Interval<Double>(),
        default values: [Double]? = nil, affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> [Double] {
        let form = ValueForm.list(of: .number(range.interval), count: count.interval)
        return try value(key, form, default: values.map { ConfigNode($0.map { ConfigNode($0) }) }, affects: effect, doc)
    }

    public func strings<Count: IntervalExpression<Int>>(
        _ key: String, count: Count = Interval<Int>(), default values: [String]? = nil,
        affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> [String] {
        let form = ValueForm.list(of: .string, count: count.interval)
        return try value(key, form, default: values.map { ConfigNode($0.map { ConfigNode($0) }) }, affects: effect, doc)
    }

    public func optionalStrings<Count: IntervalExpression<Int>>(
        _ key: String, count: Count = Interval<Int>(), affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> [String]? {
        try optionalValue(key, .list(of: .string, count: count.interval), affects: effect, doc)
    }

    /// An array of names from those given.
    public func choices<Count: IntervalExpression<Int>>(
        _ key: String, _ names: [String], count: Count = Interval<Int>(), default values: [String]? = nil,
        affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> [String] {
        let form = ValueForm.list(of: .choice(names), count: count.interval)
        return try value(key, form, default: values.map { ConfigNode($0.map { ConfigNode($0) }) }, affects: effect, doc)
    }

    /// Any value at all, as written.
    public func node(
        _ key: String, default value: ConfigNode? = nil, affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> ConfigNode {
        try self.value(key, .any, default: value, affects: effect, doc)
    }

    public func optionalNode(_ key: String, affects effect: ConfigEffect = .result, _ doc: String) throws -> ConfigNode?
    { try optionalValue(key, .any, affects: effect, doc) }
}

extension ValueForm where Value: CaseIterable & RawRepresentable<String> {
    static func choice(_ type: Value.Type) -> ValueForm {
        let cases = Array(type.allCases)
        return ValueForm<String>.choice(cases.map(\.rawValue)).map { name in
            // The form has already checked the names of the cases.
            guard let match = cases.first(where: { $0.rawValue == name }) else {
                preconditionFailure("no case of \(Value.self) is called '\(name)'")
            }
            return match
        }
    }
}
