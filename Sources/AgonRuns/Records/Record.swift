import AgonConfiguration

/// A value that Agon writes as JSON and reads back.
package protocol RecordValue {
    /// Nil for JSON that is not such a value.
    init?(node: ConfigNode)
    var node: ConfigNode { get }
}

/// A JSON object that Agon writes and reads back, such as `run.json`. Each field is declared once, for reading and
/// writing.
///
/// Reading is lenient: an optional field that is missing or has the wrong type keeps its value from `init()`, and
/// unknown fields are ignored.
package protocol Record: RecordValue {
    /// A record with the default values of fields that a file omits.
    init()
    /// In the order in which they are written.
    static var fields: [RecordField<Self>] { get }
}

extension Record {
    package init?(node: ConfigNode) {
        guard let object = node.object else { return nil }
        self.init()
        for field in Self.fields {
            guard field.read(object[field.key] ?? .null, &self) || !field.isRequired else { return nil }
        }
    }

    package var node: ConfigNode {
        var object = ConfigObject()
        for field in Self.fields { if let value = field.write(self) { object[field.key] = value } }
        return ConfigNode(object)
    }
}

/// A field of a record: its key, and how it is written and read.
package struct RecordField<Owner> {
    let key: String
    let isRequired: Bool
    /// Nil leaves the key out.
    let write: (Owner) -> ConfigNode?
    /// Sets the field from JSON; false if the JSON is not a value of the field.
    let read: (ConfigNode, inout Owner) -> Bool

    /// A field that is always written.
    ///
    /// - Parameter isRequired: whether an object without the field is rejected.
    package static func value<Value: RecordValue>(
        _ key: String, _ path: WritableKeyPath<Owner, Value>, isRequired: Bool = false
    ) -> RecordField {
        RecordField(key: key, isRequired: isRequired) {
            $0[keyPath: path].node
        } read: { node, owner in
            guard let value = Value(node: node) else { return false }
            owner[keyPath: path] = value
            return true
        }
    }

    /// A field that is omitted when it is nil.
    package static func optional<Value: RecordValue>(
        _ key: String, _ path: WritableKeyPath<Owner, Value?>
    ) -> RecordField {
        RecordField(key: key, isRequired: false) {
            $0[keyPath: path]?.node
        } read: { node, owner in
            owner[keyPath: path] = Value(node: node)
            return true
        }
    }

    /// A field that is written as `null` when it is nil.
    package static func nullable<Value: RecordValue>(
        _ key: String, _ path: WritableKeyPath<Owner, Value?>
    ) -> RecordField {
        let field = optional(key, path)
        return RecordField(key: key, isRequired: false, write: { field.write($0) ?? .null }, read: field.read)
    }

    /// A field that is derived from others: written for other programs, and never read.
    package static func written<Value: RecordValue>(
        _ key: String, _ value: @escaping (Owner) -> Value
    ) -> RecordField {
        RecordField(key: key, isRequired: false, write: { value($0).node }, read: { _, _ in true })
    }

    /// A number that is rounded to `decimals` places when it is written. If it is nil, it is omitted or written as
    /// `null`.
    package static func rounded(
        _ key: String, _ path: WritableKeyPath<Owner, Double?>, decimals: Int, writesNull: Bool = false
    ) -> RecordField {
        let field = optional(key, path)
        return RecordField(
            key: key, isRequired: false,
            write: { owner in
                owner[keyPath: path].map { .number($0, decimals: decimals) } ?? (writesNull ? .null : nil)
            }, read: field.read)
    }
}

// MARK: Values

extension Int: RecordValue {
    package init?(node: ConfigNode) {
        guard let integer = node.integer else { return nil }
        self = integer
    }

    package var node: ConfigNode { ConfigNode(self) }
}

extension UInt64: RecordValue {
    package init?(node: ConfigNode) {
        guard case .number(let text) = node.content, let value = UInt64(text) else { return nil }
        self = value
    }

    package var node: ConfigNode { .number(self) }
}

/// Written in full; a value that is not finite is written as `null`.
extension Double: RecordValue {
    package init?(node: ConfigNode) {
        guard let number = node.number else { return nil }
        self = number
    }

    package var node: ConfigNode { isFinite ? ConfigNode(self) : .null }
}

extension String: RecordValue {
    package init?(node: ConfigNode) {
        guard let string = node.string else { return nil }
        self = string
    }

    package var node: ConfigNode { ConfigNode(self) }
}

extension Bool: RecordValue {
    package init?(node: ConfigNode) {
        guard let boolean = node.boolean else { return nil }
        self = boolean
    }

    package var node: ConfigNode { ConfigNode(self) }
}

/// Elements of another type are skipped.
extension Array: RecordValue where Element: RecordValue {
    package init?(node: ConfigNode) {
        guard let elements = node.array else { return nil }
        self = elements.compactMap(Element.init(node:))
    }

    package var node: ConfigNode { ConfigNode(map(\.node)) }
}

extension RecordValue where Self: RawRepresentable, RawValue == String {
    package init?(node: ConfigNode) {
        guard let value = node.string.flatMap(Self.init(rawValue:)) else { return nil }
        self = value
    }

    package var node: ConfigNode { ConfigNode(rawValue) }
}

extension ConfigNode {
    /// A number rounded to at most `decimals` places: `12.345`.
    package static func number(_ value: Double, decimals: Int) -> ConfigNode {
        var factor = 1.0
        for _ in 0..<decimals { factor *= 10 }
        return value.isFinite ? ConfigNode((value * factor).rounded() / factor) : .null
    }

    package static func number(_ value: UInt64) -> ConfigNode { ConfigNode(.number(String(value))) }
}
