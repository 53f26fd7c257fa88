/// Where a value was written: a file with line and column (counted from 1, columns in bytes), a `--set` argument,
/// or a default built into the program.
public struct ConfigSource: Hashable, Sendable, CustomStringConvertible {
    /// The file's path as the user would type it, or the argument as the user typed it.
    public var file: String
    public var line: Int?
    public var column: Int?

    public init(file: String, line: Int? = nil, column: Int? = nil) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// The source of values that no file states.
    public static let program = ConfigSource(file: "built-in default")

    /// `file:line`, or the file alone if lines have no meaning.
    public var description: String { line.map { "\(file):\($0)" } ?? file }
}

/// A config value with its source location.
///
/// Two nodes are equal if their contents are: sources and declarations do not count, the order of keys and the
/// spelling of numbers do.
public struct ConfigNode: Sendable, Equatable {
    public enum Content: Sendable, Equatable {
        case object(ConfigObject)
        case array([ConfigNode])
        case string(String)
        /// The number as written, in JSON's grammar, finite as a double.
        case number(String)
        case boolean(Bool)
        case null
    }

    public var content: Content
    public var source: ConfigSource

    public init(_ content: Content, source: ConfigSource = .program) {
        self.content = content
        self.source = source
    }

    public static func == (first: ConfigNode, second: ConfigNode) -> Bool { first.content == second.content }

    /// The member called `key` of an object, nil for other kinds.
    public subscript(key: String) -> ConfigNode? { object?[key] }

    public var object: ConfigObject? { if case .object(let object) = content { object } else { nil } }
    public var array: [ConfigNode]? { if case .array(let elements) = content { elements } else { nil } }
    public var string: String? { if case .string(let string) = content { string } else { nil } }
    public var boolean: Bool? { if case .boolean(let boolean) = content { boolean } else { nil } }
    public var isNull: Bool { content == .null }

    /// The number as a double, rounded to nearest.
    public var number: Double? { if case .number(let text) = content { Double(text) } else { nil } }

    /// The exact number if it is whole and fits 64 bits: `20000` and `2e4` are whole, `1.5` is not.
    public var integer: Int? { if case .number(let text) = content { DecimalText(text).integer } else { nil } }

    /// The value as messages describe it: `the string "three"`, `the number 1.5`, `an array of 2 elements`.
    public var summary: String {
        switch content {
        case .object: "an object"
        case .array(let elements):
            elements.count == 1 ? "an array of 1 element" : "an array of \(elements.count) elements"
        case .string(let string): "the string \(JSONText.quoted(shortened(string)))"
        case .number(let text): "the number \(shortened(text))"
        case .boolean(let boolean): boolean ? "true" : "false"
        case .null: "null"
        }
    }
}

/// The members of an object in the order written.
public struct ConfigObject: Sendable, Equatable {
    public struct Member: Sendable, Equatable {
        public let key: String
        /// Where the key (not its value) was written.
        public var keySource: ConfigSource
        public var value: ConfigNode
        /// The declaration of the decoder that read the key.
        var declaration = ConfigDeclaration()

        public static func == (first: Member, second: Member) -> Bool {
            first.key == second.key && first.value == second.value
        }
    }

    public private(set) var members: [Member] = []
    private var positions: [String: Int] = [:]

    public init() {}

    public var keys: [String] { members.map(\.key) }
    public var isEmpty: Bool { members.isEmpty }

    public func member(_ key: String) -> Member? { positions[key].map { members[$0] } }

    /// The value of a key. Setting keeps the key's place, or appends a new key with the value's source; nil removes.
    public subscript(key: String) -> ConfigNode? {
        get { member(key)?.value }
        set {
            if let newValue {
                set(key, newValue, keySource: newValue.source)
            } else if let position = positions.removeValue(forKey: key) {
                members.remove(at: position)
                for later in position..<members.count { positions[members[later].key] = later }
            }
        }
    }

    public mutating func set(_ key: String, _ value: ConfigNode, keySource: ConfigSource) {
        set(key, value, keySource: keySource, declaration: ConfigDeclaration())
    }

    mutating func set(
        _ key: String, _ value: ConfigNode, keySource: ConfigSource, declaration: ConfigDeclaration
    ) {
        let member = Member(key: key, keySource: keySource, value: value, declaration: declaration)
        if let position = positions[key] {
            members[position] = member
        } else {
            positions[key] = members.count
            members.append(member)
        }
    }

    public static func == (first: ConfigObject, second: ConfigObject) -> Bool { first.members == second.members }
}

extension ConfigNode {
    /// Where the value at a path was written; if it has no location, that of the nearest enclosing value.
    public func source(at path: ConfigPath) -> ConfigSource {
        var node = self
        var source = self.source
        for step in path.steps {
            let next: ConfigNode? =
                switch step {
                case .key(let key): node[key]
                case .index(let index): node.array.flatMap { $0.indices.contains(index) ? $0[index] : nil }
                }
            guard let next else { break }
            if next.source != .program { source = next.source }
            node = next
        }
        return source
    }
}

extension ConfigNode: CustomStringConvertible {
    public var description: String { lineText }
}

// Literals let a decoder state the default of a section: `default: ["type": "adam", "learningRate": 2e-4]`.
extension ConfigNode: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral
{
    public init(dictionaryLiteral elements: (String, ConfigNode)...) {
        var object = ConfigObject()
        for (key, value) in elements {
            precondition(object[key] == nil, "duplicate key '\(key)' in a literal")
            object[key] = value
        }
        self.init(.object(object))
    }

    public init(arrayLiteral elements: ConfigNode...) { self.init(.array(elements)) }
    public init(stringLiteral value: String) { self.init(.string(value)) }
    public init(integerLiteral value: Int) { self.init(value) }
    public init(floatLiteral value: Double) { self.init(value) }
    public init(booleanLiteral value: Bool) { self.init(.boolean(value)) }

    /// JSON's null. There is no `nil` literal for it, because `object[key] = nil` would be ambiguous.
    public static let null = ConfigNode(.null)

    public init(_ value: Int) { self.init(.number(String(value))) }

    /// The shortest text that reads back as the same double. The value must be finite.
    public init(_ value: Double) {
        precondition(value.isFinite, "a config cannot hold \(value)")
        self.init(.number(DecimalText.shortest(value)))
    }

    public init(_ value: String) { self.init(.string(value)) }
    public init(_ value: Bool) { self.init(.boolean(value)) }
    public init(_ elements: [ConfigNode]) { self.init(.array(elements)) }
    public init(_ object: ConfigObject) { self.init(.object(object)) }
}

/// Shortens a long text, so that a message stays on one line.
func shortened(_ text: String, to limit: Int = 60) -> String {
    let head = text.prefix(limit)
    return head.endIndex == text.endIndex ? text : head + "…"
}
