/// A kind of value: how it is decoded and resolved, its placeholder while describing, and its schema. Reading and
/// describing both use these, so they cannot disagree.
struct ValueForm<Value> {
    /// The value of a node, and the resolved node. Throws `ConfigError`.
    let decode: (ConfigNode, ConfigPath) throws -> (value: Value, resolved: ConfigNode)
    let placeholder: (SchemaContext) throws -> Value
    let schema: (SchemaContext) throws -> ConfigNode
}

private func mismatch(_ node: ConfigNode, _ path: ConfigPath, _ expected: String) -> ConfigError {
    .wrongType(node.source, path, expected: expected, found: node.summary)
}

extension ValueForm<Int> {
    static func integer(_ interval: Interval<Int>) -> ValueForm {
        ValueForm(
            decode: { node, path in
                guard case .number(let text) = node.content, DecimalText(text).isWhole else {
                    throw mismatch(node, path, "an integer")
                }
                guard let value = node.integer, interval.contains(value) else {
                    // Without an upper end, the words of the interval would allow a number that is too large.
                    let isTooLarge = node.integer == nil && interval.upper == nil && !text.hasPrefix("-")
                    throw ConfigError.outOfRange(
                        node.source, path, found: shortened(text),
                        expected: isTooLarge ? "an integer that fits 64 bits" : interval.words("an integer"))
                }
                return (value, ConfigNode(.number(String(value)), source: node.source))
            },
            placeholder: { _ in interval.placeholder },
            schema: { _ in
                let ends = interval.closed
                var schema: ConfigObject = ["type": "integer"]
                if let lower = ends.lower { schema["minimum"] = ConfigNode(lower) }
                if let upper = ends.upper { schema["maximum"] = ConfigNode(upper) }
                return ConfigNode(schema)
            })
    }
}

extension ValueForm<Double> {
    static func number(_ interval: Interval<Double>) -> ValueForm {
        ValueForm(
            decode: { node, path in
                guard case .number(let text) = node.content, let value = Double(text), value.isFinite else {
                    throw mismatch(node, path, "a number")
                }
                guard interval.contains(value) else {
                    throw ConfigError.outOfRange(
                        node.source, path, found: shortened(text), expected: interval.words("a number"))
                }
                return (value, ConfigNode(.number(DecimalText.shortest(value)), source: node.source))
            },
            placeholder: { _ in interval.placeholder },
            schema: { _ in
                var schema: ConfigObject = ["type": "number"]
                if let lower = interval.lower {
                    schema[interval.excludesLower ? "exclusiveMinimum" : "minimum"] = ConfigNode(lower)
                }
                if let upper = interval.upper {
                    schema[interval.excludesUpper ? "exclusiveMaximum" : "maximum"] = ConfigNode(upper)
                }
                return ConfigNode(schema)
            })
    }
}

extension ValueForm<Bool> {
    static var boolean: ValueForm {
        ValueForm(
            decode: { node, path in
                guard let value = node.boolean else { throw mismatch(node, path, "true or false") }
                return (value, node)
            },
            placeholder: { _ in false },
            schema: { _ in ["type": "boolean"] })
    }
}

extension ValueForm<String> {
    static var string: ValueForm {
        ValueForm(
            decode: { node, path in
                if let value = node.string { return (value, node) }
                guard let text = node.typedText else { throw mismatch(node, path, "a string") }
                return (text, ConfigNode(.string(text), source: node.source))
            },
            placeholder: { _ in "" },
            schema: { _ in ["type": "string"] })
    }

    static func choice(_ names: [String]) -> ValueForm {
        precondition(!names.isEmpty, "a choice between no names")
        return ValueForm(
            decode: { node, path in
                guard let value = node.string else { throw mismatch(node, path, "a string") }
                guard names.contains(value) else {
                    throw ConfigError.unknownName(
                        node.source, path, noun: "choice", found: value, nearest: nearestName(to: value, in: names),
                        available: names)
                }
                return (value, node)
            },
            placeholder: { _ in names[0] },
            schema: { _ in ["type": "string", "enum": ConfigNode(names.map { ConfigNode($0) })] })
    }
}

extension ValueForm<ConfigNode> {
    static var any: ValueForm {
        ValueForm(decode: { node, _ in (node, node) }, placeholder: { _ in .null }, schema: { _ in [:] })
    }
}

extension ValueForm<(Int, Int)> {
    /// One integer for both, or two. Equal ones are resolved to one.
    static func pair(_ interval: Interval<Int>) -> ValueForm {
        let one = ValueForm<Int>.integer(interval)
        return ValueForm(
            decode: { node, path in
                switch node.content {
                case .number:
                    let (value, resolved) = try one.decode(node, path)
                    return ((value, value), resolved)
                case .array(let elements) where elements.count == 2:
                    let first = try one.decode(elements[0], path.index(0))
                    let second = try one.decode(elements[1], path.index(1))
                    let resolved =
                        first.value == second.value
                        ? first.resolved.content : .array([first.resolved, second.resolved])
                    return ((first.value, second.value), ConfigNode(resolved, source: node.source))
                default: throw mismatch(node, path, "an integer or a pair of integers")
                }
            },
            placeholder: { _ in (interval.placeholder, interval.placeholder) },
            schema: { context in
                let single = try one.schema(context)
                return ["anyOf": [single, ["type": "array", "items": single, "minItems": 2, "maxItems": 2]]]
            })
    }
}

extension ValueForm {
    func map<Other>(_ transform: @escaping (Value) -> Other) -> ValueForm<Other> {
        ValueForm<Other>(
            decode: { node, path in
                let (value, resolved) = try decode(node, path)
                return (transform(value), resolved)
            },
            placeholder: { transform(try placeholder($0)) },
            schema: schema)
    }

    static func list<Element>(of element: ValueForm<Element>, count: Interval<Int>) -> ValueForm
    where Value == [Element] {
        let least = max(0, count.closed.lower ?? 0)
        return ValueForm(
            decode: { node, path in
                guard let elements = node.array else { throw mismatch(node, path, "an array") }
                guard count.contains(elements.count) else {
                    throw ConfigError.wrongCount(
                        node.source, path, found: elements.count, expected: count.elementWords)
                }
                let decoded = try elements.enumerated().map { try element.decode($0.element, path.index($0.offset)) }
                return (decoded.map(\.value), ConfigNode(.array(decoded.map(\.resolved)), source: node.source))
            },
            placeholder: { context in
                least == 0 ? [] : [Element](repeating: try element.placeholder(context), count: least)
            },
            schema: { context in
                var schema: ConfigObject = ["type": "array", "items": try element.schema(context)]
                if least > 0 { schema["minItems"] = ConfigNode(least) }
                if let most = count.closed.upper { schema["maxItems"] = ConfigNode(most) }
                return ConfigNode(schema)
            })
    }

    static func dictionary<Element>(of element: ValueForm<Element>) -> ValueForm
    where Value == [(name: String, value: Element)] {
        ValueForm(
            decode: { node, path in
                guard let object = node.object else { throw mismatch(node, path, "an object") }
                var values: Value = []
                var resolved = ConfigObject()
                for member in object.members {
                    let decoded = try element.decode(member.value, path.key(member.key))
                    values.append((member.key, decoded.value))
                    resolved.set(member.key, decoded.resolved, keySource: member.keySource)
                }
                return (values, ConfigNode(.object(resolved), source: node.source))
            },
            placeholder: { _ in [] },
            schema: { ["type": "object", "additionalProperties": try element.schema($0)] })
    }

    static func section(_ type: Value.Type) -> ValueForm where Value: ConfigDecodable {
        ValueForm(
            decode: { node, path in
                let reader = try ConfigReader(node, path: path)
                let value = try reader.run(Value.init(from:))
                try reader.finish()
                return (value, reader.resolved)
            },
            placeholder: { try $0.describe(type).placeholder() },
            schema: { try $0.describe(type).schema })
    }

    static func variant(_ registry: VariantRegistry<Value>) -> ValueForm {
        ValueForm(
            decode: { node, path in
                let reader = try ConfigReader(
                    node, path: path, expected: "an object with a \"type\", or the name of a kind of \(registry.noun)")
                let value = try registry.decode(from: reader)
                try reader.finish()
                return (value, reader.resolved)
            },
            placeholder: { try $0.describe(registry).placeholder() },
            schema: { try $0.describe(registry).schema })
    }
}

extension ConfigObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, ConfigNode)...) {
        self.init()
        for (key, value) in elements { self[key] = value }
    }
}
