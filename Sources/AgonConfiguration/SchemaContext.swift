/// Thrown while describing a kind that must contain a value of the registry being described, before any other kind has
/// given one. It is retried after the others.
struct PlaceholderUnavailable: Error {}

/// One pass that describes the sections of a config: the `$defs` so far, and placeholder values for
/// sections already described.
final class SchemaContext {
    /// The kinds of a registry, complete once all are described.
    final class Variants {
        struct Entry {
            let name: String
            let doc: String
            let properties: [ConfigReader.Property]
        }

        let reference: ConfigNode
        var entries: [Entry] = []
        var isComplete = false
        var placeholder: Any?

        init(reference: ConfigNode) { self.reference = reference }
    }

    /// Whether the schema is for files that extend others, where any key may be left to the base.
    let isPartial: Bool
    private(set) var definitions = ConfigObject()
    private var owners: [String: ObjectIdentifier] = [:]
    /// Named sections described or being described, with their value once known.
    private var sections: [ObjectIdentifier: Any?] = [:]
    private var registries: [ObjectIdentifier: Variants] = [:]
    private var rebuilding: Set<ObjectIdentifier> = []
    private var depth = 0
    private static let depthLimit = 64

    init(isPartial: Bool) { self.isPartial = isPartial }

    // MARK: Sections

    func describe<Section: ConfigDecodable>(
        _ type: Section.Type
    ) throws -> (schema: ConfigNode, placeholder: () throws -> Section) {
        let identity = ObjectIdentifier(type)
        if let name = type.schemaName, let value = sections[identity] {
            return (Self.reference(name), { try self.rebuild(type, value) })
        }
        guard depth < Self.depthLimit else {
            throw ConfigError.undescribable(
                section: "\(type)", reason: "it holds sections of its own kind and has no schemaName")
        }
        depth += 1
        defer { depth -= 1 }

        if let name = type.schemaName {
            guard owners.updateValue(identity, forKey: name) == nil else {
                throw ConfigError.undescribable(section: "\(type)", reason: "another schema is named '\(name)'")
            }
            sections.updateValue(nil, forKey: identity)
        }
        let reader = ConfigReader(describing: self)
        var value: Section?
        do {
            do {
                value = try type.init(from: reader)
            } catch is PlaceholderUnavailable where reader.variants != nil {}
            let schema = try schema(of: reader, type)
            guard let name = type.schemaName else {
                return (schema, { try Self.cast(value) })
            }
            sections.updateValue(value, forKey: identity)
            definitions[name] = schema
            return (Self.reference(name), { try Self.cast(value) })
        } catch {
            if let name = type.schemaName {
                owners[name] = nil
                sections[identity] = nil
            }
            if error is PlaceholderUnavailable { throw error }
            throw Self.undescribable("\(type)", error)
        }
    }

    /// The value of a section described before. One still being described may wrap a registry that already has a value.
    private func rebuild<Section: ConfigDecodable>(_ type: Section.Type, _ value: Any?) throws -> Section {
        if let value = value as? Section { return value }
        guard rebuilding.insert(ObjectIdentifier(type)).inserted else { throw PlaceholderUnavailable() }
        defer { rebuilding.remove(ObjectIdentifier(type)) }
        return try type.init(from: ConfigReader(describing: self))
    }

    private func schema(of reader: ConfigReader, _ type: any ConfigDecodable.Type) throws -> ConfigNode {
        guard let variants = reader.variants else { return objectSchema(reader.properties) }
        if reader.properties.isEmpty { return variants.reference }
        guard variants.isComplete else {
            throw ConfigError.undescribable(
                section: "\(type)", reason: "it adds keys to kinds that hold sections of its kind and has no schemaName"
            )
        }
        return variantsSchema(variants.entries, common: reader.properties)
    }

    // MARK: Variants

    func describe<Value>(
        _ registry: VariantRegistry<Value>
    ) throws -> (schema: ConfigNode, variants: Variants, placeholder: () throws -> Value) {
        let identity = ObjectIdentifier(registry)
        if let variants = registries[identity] {
            return (variants.reference, variants, { try Self.cast(variants.placeholder) })
        }
        // A section that only wraps a registry may have the registry's name.
        let name = owners[registry.schemaName] == nil ? registry.schemaName : registry.schemaName + "Kinds"
        guard owners.updateValue(identity, forKey: name) == nil else {
            throw ConfigError.undescribable(
                section: "every \(registry.noun)", reason: "another schema is named '\(name)'")
        }
        let variants = Variants(reference: Self.reference(name))
        registries[identity] = variants
        do {
            try describeKinds(of: registry, variants)
        } catch {
            registries[identity] = nil
            owners[name] = nil
            throw error
        }
        definitions[name] = variantsSchema(variants.entries, common: [])
        return (variants.reference, variants, { try Self.cast(variants.placeholder) })
    }

    private func describeKinds<Value>(of registry: VariantRegistry<Value>, _ variants: Variants) throws {
        var waiting = registry.all
        guard !waiting.isEmpty else {
            throw ConfigError.undescribable(section: "every \(registry.noun)", reason: "none is registered")
        }
        while !waiting.isEmpty {
            var later: [VariantRegistry<Value>.Variant] = []
            for variant in waiting {
                let reader = ConfigReader(describing: self)
                do {
                    let value = try variant.decode(reader)
                    if variants.placeholder == nil { variants.placeholder = value }
                    variants.entries.append(
                        Variants.Entry(name: variant.name, doc: variant.doc, properties: reader.properties))
                } catch is PlaceholderUnavailable {
                    later.append(variant)
                } catch {
                    throw Self.undescribable("\(registry.noun) '\(variant.name)'", error)
                }
            }
            if later.count == waiting.count {
                // It may be an enclosing registry that has no value yet, which then retries.
                if registries.values.contains(where: { !$0.isComplete && $0 !== variants }) {
                    throw PlaceholderUnavailable()
                }
                throw ConfigError.undescribable(
                    section: "\(registry.noun) '\(later[0].name)'", reason: "it needs a \(registry.noun) within itself")
            }
            waiting = later
        }
        variants.entries.sort { $0.name < $1.name }
        variants.isComplete = true
    }

    // MARK: Schemas

    private func objectSchema(_ properties: [ConfigReader.Property]) -> ConfigNode {
        let object = ConfigNode(closedObject(properties))
        // Sections with a `type` of their own also accept the plain string, if nothing else is required.
        guard let type = properties.first(where: { $0.key == "type" }),
            isPartial || !properties.contains(where: { $0.isRequired && $0.key != "type" })
        else { return object }
        return ["anyOf": [type.schema, object]]
    }

    private func variantsSchema(_ entries: [Variants.Entry], common: [ConfigReader.Property]) -> ConfigNode {
        let short = entries.filter { isPartial || !($0.properties + common).contains(where: \.isRequired) }
        var kinds: [ConfigNode] = []
        if !short.isEmpty {
            kinds.append(["type": "string", "enum": ConfigNode(short.map { ConfigNode($0.name) })])
        }
        for entry in entries {
            let type = ConfigReader.Property(
                key: "type", schema: ["const": ConfigNode(entry.name)], isRequired: true)
            let taken = Set(common.map(\.key))
            var schema: ConfigObject = ["title": ConfigNode(entry.name), "description": ConfigNode(entry.doc)]
            let keys = [type] + common + entry.properties.filter { !taken.contains($0.key) }
            for member in closedObject(keys).members { schema[member.key] = member.value }
            kinds.append(ConfigNode(schema))
        }
        return isPartial ? ["anyOf": ConfigNode(kinds)] : ["oneOf": ConfigNode(kinds)]
    }

    private func closedObject(_ properties: [ConfigReader.Property]) -> ConfigObject {
        var members = ConfigObject()
        for property in properties { members[property.key] = property.schema }
        var schema: ConfigObject = ["type": "object", "properties": ConfigNode(members)]
        let required = isPartial ? [] : properties.filter(\.isRequired)
        if !required.isEmpty { schema["required"] = ConfigNode(required.map { ConfigNode($0.key) }) }
        schema["additionalProperties"] = false
        return schema
    }

    /// The schema that also allows null.
    static func nullable(_ schema: ConfigNode) -> ConfigNode {
        guard var object = schema.object, !object.isEmpty else { return schema }
        guard let type = object["type"], type.string != nil, object["enum"] == nil else {
            return ["anyOf": [schema, ["type": "null"]]]
        }
        object["type"] = [type, "null"]
        return ConfigNode(object)
    }

    private static func reference(_ name: String) -> ConfigNode { ["$ref": ConfigNode("#/$defs/\(name)")] }

    private static func cast<Value>(_ value: Any?) throws -> Value {
        guard let value = value as? Value else { throw PlaceholderUnavailable() }
        return value
    }

    private static func undescribable(_ section: String, _ error: any Error) -> any Error {
        if case ConfigError.undescribable = error { return error }
        return ConfigError.undescribable(section: section, reason: "\(error)")
    }
}
