import Synchronization

/// The kinds of a section selected by the key `"type"`: layers, optimizers, objectives.
///
/// A kind is registered with its name, a sentence and a decoder of its other keys. Programs may register their kinds
/// at any time before a config is read; the registry is thread-safe.
///
///     public static let registry = VariantRegistry<any Optimizer>(schemaName: "Optimizer", noun: "optimizer")
///     registry.register("sgd", "Stochastic gradient descent.") { try SGD(from: $0) }
///
/// A plain string selects a kind without further keys: `"relu"` is `{"type": "relu"}`.
public final class VariantRegistry<Value>: Sendable {
    struct Variant: Sendable {
        let name: String
        let doc: String
        let decode: @Sendable (ConfigReader) throws -> Value
    }

    /// The name of the schema in `$defs`.
    public let schemaName: String
    /// The noun for a kind in messages: `unknown optimizer 'adm'`.
    public let noun: String
    private let variants = Mutex<[String: Variant]>([:])
    private let formerNames = Mutex<[String: String]>([:])
    private let complete: (@Sendable (Value, ConfigReader) throws -> Value)?

    /// - Parameter complete: runs after the decoder of each kind: reads keys that all kinds share, and gives the value
    ///   derived from the kind's.
    public init(
        schemaName: String, noun: String, completing complete: (@Sendable (Value, ConfigReader) throws -> Value)? = nil
    ) {
        self.schemaName = schemaName
        self.noun = noun
        self.complete = complete
    }

    /// Adds a kind. Its name must not be taken.
    public func register(
        _ name: String, _ doc: String, decode: @escaping @Sendable (ConfigReader) throws -> Value
    ) {
        let complete = complete
        let variant = Variant(name: name, doc: doc) { reader in
            let value = try decode(reader)
            return try complete?(value, reader) ?? value
        }
        let previous = variants.withLock { $0.updateValue(variant, forKey: name) }
        precondition(previous == nil, "the \(noun) '\(name)' is registered twice")
    }

    /// Lets messages about a retired name point to the current one.
    public func rename(_ former: String, to name: String) { formerNames.withLock { $0[former] = name } }

    /// The registered names, sorted.
    public var names: [String] { variants.withLock { $0.keys.sorted() } }

    /// The documentation of a kind.
    public func doc(of name: String) -> String? { variants.withLock { $0[name]?.doc } }

    /// The value of the reader's section. May be called by a section's own `init(from:)`, which can read keys
    /// common to all kinds from the same reader.
    ///
    /// Throws `ConfigError.unknownName` with the nearest name, `.missingKey` without a `"type"`, and what the kind's
    /// decoder throws.
    public func decode(from reader: ConfigReader) throws -> Value {
        if case .describing(let context) = reader.mode {
            let description = try context.describe(self)
            reader.variants = description.variants
            return try description.placeholder()
        }
        let name = try reader.noticingMisspeltKeys {
            try reader.variantName(noun: noun, from: names, formerNames: formerNames.withLock { $0 })
        } expecting: {
            let description = try? SchemaContext(isPartial: false).describe(self)
            return description?.variants.entries.flatMap { $0.properties.map(\.key) } ?? []
        }
        guard let variant = variants.withLock({ $0[name] }) else {
            preconditionFailure("the \(noun) '\(name)' vanished")
        }
        return try reader.run(variant.decode)
    }

    /// All kinds, sorted by name.
    var all: [Variant] { variants.withLock { $0.values.sorted { $0.name < $1.name } } }
}
