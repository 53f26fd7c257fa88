/// A value and the path of keys that it goes to.
public struct ConfigSetting: Sendable {
    public var path: ConfigPath
    public var value: ConfigNode

    public init(path: ConfigPath, value: ConfigNode) {
        self.path = path
        self.value = value
    }
}

/// A value set from the command line: `--set discriminator.layers[2].kernel=5`.
public struct ConfigOverride: Sendable, Equatable {
    public var path: ConfigPath
    public var value: ConfigNode
    /// The argument as typed, without `--set`.
    public var argument: String

    /// Reads `path=value`. The value is JSON if it parses as JSON, else the text itself as a string.
    ///
    /// Throws `ConfigError.malformedOverride`.
    public init(_ argument: String) throws {
        let bytes = Array(argument.utf8)
        guard let (path, end) = ConfigPath.scan(bytes), end < bytes.count,
            path.steps.count <= ConfigParser.depthLimit
        else { throw ConfigError.malformedOverride(argument: argument) }
        let source = ConfigSource(file: "--set \(shortened(argument))")
        let text = Array(bytes[(end + 1)...])
        let parsed = try? ConfigParser.parse(text, file: source.file, fixedSource: source)
        self.path = path
        self.argument = argument
        self.value = parsed ?? ConfigNode(.string(String(decoding: text, as: UTF8.self)), source: source)
    }
}

extension ConfigNode {
    /// This node with each `path=value` argument applied in turn.
    ///
    /// Keys that are missing on the way are created with objects. A plain string on the way is the short form of
    /// `{"type": …}` and becomes that. Setting replaces: `--set optimizer=sgd` drops the other keys of `optimizer`,
    /// `--set optimizer.type=sgd` keeps them.
    ///
    /// Throws `ConfigError`: a malformed argument, an index out of range, a scalar or array where a key is to be set.
    public func applying(_ arguments: [String]) throws -> ConfigNode {
        try arguments.reduce(self) { try $0.applying(ConfigOverride($1)) }
    }

    public func applying(_ override: ConfigOverride) throws -> ConfigNode {
        try setting(override.value, steps: override.path.steps[...], walked: .root)
    }

    /// This node with the value at a path replaced, by the same rules; errors name the place where the value was written.
    public func setting(_ value: ConfigNode, at path: ConfigPath) throws -> ConfigNode {
        try setting(value, steps: path.steps[...], walked: .root)
    }

    private func setting(_ value: ConfigNode, steps: ArraySlice<ConfigPath.Step>, walked: ConfigPath) throws
        -> ConfigNode
    {
        guard let step = steps.first else { return value }
        switch step {
        case .key(let key):
            let place = walked.key(key)
            var object: ConfigObject
            switch typeObject.content {
            case .object(let existing): object = existing
            case .null: object = ConfigObject()
            default: throw ConfigError.wrongType(value.source, walked, expected: "an object", found: summary)
            }
            let below = object[key] ?? ConfigNode(.null, source: value.source)
            let new = try below.setting(value, steps: steps.dropFirst(), walked: place)
            object.set(key, new, keySource: object.member(key)?.keySource ?? value.source)
            if steps.count == 1 { object.set(key, new, keySource: value.source) }
            return ConfigNode(.object(object), source: isNull ? value.source : source)
        case .index(let index):
            let place = walked.index(index)
            guard case .array(var elements) = content else {
                throw ConfigError.wrongType(value.source, walked, expected: "an array", found: summary)
            }
            guard index < elements.count else {
                throw ConfigError.indexOutOfRange(value.source, place, index: index, count: elements.count)
            }
            elements[index] = try elements[index].setting(value, steps: steps.dropFirst(), walked: place)
            return ConfigNode(.array(elements), source: source)
        }
    }
}
