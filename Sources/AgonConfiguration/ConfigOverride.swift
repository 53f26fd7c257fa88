/// A value and its path of keys.
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

    /// What the source of every value of an override begins with.
    static let sourcePrefix = "--set "

    /// Reads `path=value`. The value is JSON if it parses as JSON, else a string.
    ///
    /// Throws `ConfigError.malformedOverride`.
    public init(_ argument: String) throws {
        let bytes = Array(argument.utf8)
        guard let (path, end) = ConfigPath.scan(bytes), end < bytes.count,
            path.steps.count <= ConfigParser.depthLimit
        else { throw ConfigError.malformedOverride(argument: argument) }
        let source = ConfigSource(file: Self.sourcePrefix + shortened(argument))
        let text = Array(bytes[(end + 1)...])
        let parsed = try? ConfigParser.parse(text, file: source.file, fixedSource: source)
        self.path = path
        self.argument = argument
        self.value = parsed ?? ConfigNode(.string(String(decoding: text, as: UTF8.self)), source: source)
    }
}

extension ConfigSource {
    /// Whether `--set` gave the value.
    var isOverride: Bool { file.hasPrefix(ConfigOverride.sourcePrefix) }
}

extension ConfigNode {
    /// A number or boolean of an override as it was typed, which is a string where a string is expected: a folder
    /// called 2024.
    var typedText: String? {
        guard source.isOverride else { return nil }
        return switch content {
        case .number(let text): text
        case .boolean(let boolean): boolean ? "true" : "false"
        default: nil
        }
    }

    /// This node with each `path=value` argument applied in order.
    ///
    /// Missing keys on the path are created as objects. A plain string on the path is the short form of
    /// `{"type": …}` and is expanded. Setting replaces: `--set optimizer=sgd` drops the other keys of `optimizer`,
    /// `--set optimizer.type=sgd` keeps them.
    ///
    /// Throws `ConfigError`: a malformed argument, an index out of range, a key to set in a scalar or array.
    public func applying(_ arguments: [String]) throws -> ConfigNode {
        try arguments.reduce(self) { try $0.applying(ConfigOverride($1)) }
    }

    public func applying(_ override: ConfigOverride) throws -> ConfigNode {
        try setting(override.value, steps: override.path.steps[...], walked: .root)
    }

    /// This node with the value at a path replaced, by the same rules; errors name the value's location.
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
