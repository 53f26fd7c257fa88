/// A section of a config, decoded by reading its keys through a reader.
///
/// The same code describes the section for the JSON Schema (`JSONSchema.describe`). Then the reader has no input: it
/// returns defaults, or a valid placeholder for required keys. So read every key before checking values, check with
/// `reader.require` or only when `reader.isDescribing` is false, and keep work such as opening files out of `init`.
///
///     struct ConvolutionLayer: ConfigDecodable {
///         let channels: Int, kernel: Int
///         init(from reader: ConfigReader) throws {
///             channels = try reader.integer("channels", in: 1...65536, "Number of output channels.")
///             kernel = try reader.integer("kernel", in: 1...255, default: 3, "Kernel size in pixels.")
///         }
///     }
public protocol ConfigDecodable {
    init(from reader: ConfigReader) throws
    /// The name of the section's schema in `$defs`. Required for sections nested in their own kind; others
    /// may leave it nil and are inlined.
    static var schemaName: String? { get }
}

extension ConfigDecodable {
    public static var schemaName: String? { nil }
}

/// The keys of one object, read by name and type, each with the sentence that documents it.
///
/// Every reading function takes a key, the allowed values, a default (none: the key is required), the key's effect and
/// the sentence. The creator of the reader must finish it: unread keys are refused. Values read, including defaults,
/// make up `resolved`.
public final class ConfigReader {
    enum Mode {
        case decoding(ConfigObject)
        case describing(SchemaContext)
    }

    /// A key in the schema.
    struct Property {
        var key: String
        var schema: ConfigNode
        var isRequired: Bool
        var affects = ConfigEffect.result
    }

    let mode: Mode
    /// The section's path in the config.
    public let path: ConfigPath
    /// The section's source location.
    public let source: ConfigSource
    /// The node if the section was given as a plain string, short for its `type`.
    private let shorthand: ConfigNode?
    private var known: [String] = []
    private var read: Set<String> = []
    private var resolvedObject = ConfigObject()

    /// The result of describing: the keys, and the registry whose variants add theirs.
    private(set) var properties: [Property] = []
    var variants: SchemaContext.Variants?

    /// A reader of the section `node` at `path`. A plain string is short for `{"type": "<string>"}`.
    ///
    /// Throws `ConfigError.wrongType` for other kinds of nodes.
    public convenience init(_ node: ConfigNode, path: ConfigPath = .root) throws {
        try self.init(node, path: path, expected: "an object")
    }

    init(_ node: ConfigNode, path: ConfigPath, expected: String) throws {
        guard let object = node.typeObject.object else {
            throw ConfigError.wrongType(node.source, path, expected: expected, found: node.summary)
        }
        self.mode = .decoding(object)
        self.path = path
        self.source = node.source
        self.shorthand = node.string == nil ? nil : node
    }

    init(describing context: SchemaContext) {
        self.mode = .describing(context)
        self.path = .root
        self.source = ConfigSource(file: "no input")
        self.shorthand = nil
    }

    /// The section of type `Section` that `node` states, and the resolved node with all defaults. Decoding
    /// the resolved node gives the same section and the same resolved node.
    ///
    /// Throws the first `ConfigError` found.
    public static func decode<Section: ConfigDecodable>(
        _ type: Section.Type, from node: ConfigNode, path: ConfigPath = .root
    ) throws -> (value: Section, resolved: ConfigNode) {
        try ValueForm.section(type).decode(node, path)
    }

    /// Whether there is no input and the keys are only listed.
    public var isDescribing: Bool {
        if case .describing = mode { true } else { false }
    }

    /// Whether the key is given and not null. True while describing, so that keys that depend on others are listed too.
    public func has(_ key: String) -> Bool {
        guard case .decoding(let object) = mode else { return true }
        return object[key].map { !$0.isNull } ?? false
    }

    /// Where a key's value was written, or the section if the key is not given.
    public func source(of key: String) -> ConfigSource {
        guard case .decoding(let object) = mode else { return source }
        return object[key]?.source ?? source
    }

    /// The error that a key's value, or one element of it, violates a rule of the decoder:
    /// `throw reader.fail("stride", "2 does not divide the width 27")`.
    public func fail(_ key: String, index: Int? = nil, _ message: String) -> ConfigError {
        var place = path.key(key)
        var source = source(of: key)
        if let index {
            place = place.index(index)
            if case .decoding(let object) = mode, let elements = object[key]?.array, elements.indices.contains(index) {
                source = elements[index].source
            }
        }
        return .unfit(source, place, message)
    }

    /// The error that a value within the section, at a path from it, violates a rule.
    public func fail(at inner: ConfigPath, _ message: String) -> ConfigError {
        let place = ConfigPath(path.steps + inner.steps)
        guard case .decoding(let object) = mode else { return .unfit(source, place, message) }
        return .unfit(ConfigNode(.object(object), source: source).source(at: inner), place, message)
    }

    /// The error that the section as a whole violates a rule.
    public func fail(_ message: String) -> ConfigError { .unfit(source, path, message) }

    /// Throws `fail(key, message)` unless the condition holds. Always passes while describing.
    public func require(_ condition: @autoclosure () -> Bool, _ key: String, _ message: @autoclosure () -> String)
        throws
    {
        if !isDescribing, !condition() { throw fail(key, message()) }
    }

    /// Refuses the first unread key, in the order written. Called by the reader's creator; calling it
    /// earlier is harmless once every key is read.
    public func finish() throws {
        guard case .decoding(let object) = mode else { return }
        if let shorthand, !read.contains("type") {
            throw ConfigError.wrongType(source, path, expected: "an object", found: shorthand.summary)
        }
        for member in object.members where !read.contains(member.key) { throw unknownKey(member, known) }
    }

    /// The section with every value read so far, defaults included, in the order read.
    public var resolved: ConfigNode { ConfigNode(.object(resolvedObject), source: source) }

    // MARK: Reading by form

    /// The value of a key in the given form. A default goes through the same checks as a value from a file.
    ///
    /// - Parameter former: the default of earlier versions, where it was another: identities leave this one out, so
    ///   that what was computed under it keeps its identity.
    func value<Value>(
        _ key: String, _ form: ValueForm<Value>, default node: ConfigNode?, former: ConfigNode? = nil,
        affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> Value {
        let place = path.key(key)
        switch mode {
        case .decoding(let object):
            note(key)
            guard let given = object[key] ?? node else { throw missing(key) }
            let (value, resolved) = try form.decode(given, place)
            let standard: ConfigDeclaration.Standard
            if let former {
                standard = .value(try form.decode(former, place).resolved)
            } else if object[key] == nil || given == node {
                standard = .taken
            } else {
                standard = try node.map { .value(try form.decode($0, place).resolved) } ?? .none
            }
            resolvedObject.set(
                key, resolved, keySource: object.member(key)?.keySource ?? .program,
                declaration: ConfigDeclaration(affects: effect, standard: standard))
            return value
        case .describing(let context):
            try describe(key, form, context, effect, doc, default: node, isOptional: false)
            if let node { return try form.decode(node, place).value }
            return try form.placeholder(context)
        }
    }

    /// The value of a key in the given form, nil if the key is not given or null.
    func optionalValue<Value>(
        _ key: String, _ form: ValueForm<Value>, affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> Value? {
        switch mode {
        case .decoding(let object):
            note(key)
            guard let member = object.member(key), !member.value.isNull else { return nil }
            let (value, resolved) = try form.decode(member.value, path.key(key))
            resolvedObject.set(
                key, resolved, keySource: member.keySource, declaration: ConfigDeclaration(affects: effect))
            return value
        case .describing(let context):
            try describe(key, form, context, effect, doc, default: nil, isOptional: true)
            return nil
        }
    }

    private func note(_ key: String) {
        if read.insert(key).inserted { known.append(key) }
    }

    private func describe<Value>(
        _ key: String, _ form: ValueForm<Value>, _ context: SchemaContext, _ effect: ConfigEffect, _ doc: String,
        default node: ConfigNode?, isOptional: Bool
    ) throws {
        // A key read twice, for example in another form, is described by its first reading.
        guard !properties.contains(where: { $0.key == key }) else { return }
        var schema = ConfigObject()
        schema["description"] = ConfigNode(doc)
        let form = try form.schema(context)
        for member in (isOptional ? SchemaContext.nullable(form) : form).object?.members ?? [] {
            schema[member.key] = member.value
        }
        if let node { schema["default"] = node }
        properties.append(
            Property(key: key, schema: ConfigNode(schema), isRequired: node == nil && !isOptional, affects: effect))
    }

    private func missing(_ key: String, choices: [String] = []) -> ConfigError {
        if let shorthand, !read.contains("type") {
            return .wrongType(source, path, expected: "an object", found: shorthand.summary)
        }
        return .missingKey(source, path, key: key, choices: choices)
    }

    private func unknownKey(_ member: ConfigObject.Member, _ known: [String]) -> ConfigError {
        let nearest = nearestName(to: member.key, in: known)
        if nearest == nil, let type = typeOfOverride, !member.keySource.isOverride {
            let place = path.key(member.key)
            return .unfit(
                member.keySource, place,
                "no key of type '\(type)'; to replace the whole section: --set \(path)=\(type)")
        }
        return .unknownKey(member.keySource, path.key(member.key), nearest: nearest, known: known)
    }

    /// The section's type if the command line gave it, while other keys may belong to a former one.
    private var typeOfOverride: String? {
        guard case .decoding(let object) = mode, let type = object["type"], type.source.isOverride else { return nil }
        return type.string
    }

    // MARK: Variants

    /// The key `type`, whose value is one of the names offered.
    func variantName(noun: String, from names: [String], formerNames: [String: String] = [:]) throws -> String {
        guard case .decoding(let object) = mode else { preconditionFailure("a variant chosen while describing") }
        note("type")
        guard let node = object["type"] else { throw missing("type", choices: names) }
        let place = shorthand == nil ? path.key("type") : path
        guard let name = node.string else {
            throw ConfigError.wrongType(node.source, place, expected: "a string", found: node.summary)
        }
        guard names.contains(name) else {
            throw ConfigError.unknownName(
                node.source, place, noun: noun, found: name,
                nearest: formerNames[name] ?? nearestName(to: name, in: names), available: names)
        }
        resolvedObject.set("type", ConfigNode(.string(name), source: node.source), keySource: node.source)
        return name
    }

    /// Runs a decoder on this reader. If a required key is missing because it is misspelt, the misspelt key is
    /// reported; describing the decoder tells which keys it would have read.
    func run<Value>(_ decoder: (ConfigReader) throws -> Value) throws -> Value {
        try noticingMisspeltKeys {
            try decoder(self)
        } expecting: {
            let described = ConfigReader(describing: SchemaContext(isPartial: false))
            _ = try? decoder(described)
            return described.properties.map(\.key)
        }
    }

    /// Replaces the error of a missing key by that of a misspelt one, if a similar key is given.
    func noticingMisspeltKeys<Value>(_ body: () throws -> Value, expecting keys: () -> [String]) throws -> Value {
        do {
            return try body()
        } catch let ConfigError.missingKey(source, place, key, choices) where place == path {
            guard case .decoding(let object) = mode else { preconditionFailure("a key missed while describing") }
            let names = known + keys().filter { !known.contains($0) }
            for member in object.members
            where !names.contains(member.key) && nearestName(to: member.key, in: names) == key {
                throw unknownKey(member, names)
            }
            throw ConfigError.missingKey(source, place, key: key, choices: choices)
        }
    }
}
