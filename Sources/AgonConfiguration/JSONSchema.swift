/// The JSON Schema (draft 2020-12) of configs, for editors and other tools.
public enum JSONSchema {
    /// The schema of files that contain a `Root`.
    ///
    /// With `partial` it is the schema of files that extend others: no key is required and the top level may have
    /// `extends`. Both allow the hint `$schema` at the top level, which `ConfigNode.load` removes.
    ///
    /// Throws `ConfigError.undescribable` if a section's decoder cannot run without input.
    public static func describe<Root: ConfigDecodable>(
        _ type: Root.Type, title: String, id: String, partial: Bool = false
    ) throws -> ConfigNode {
        let context = SchemaContext(isPartial: partial)
        var (root, _) = try context.describe(type)
        var definitions = context.definitions
        if let name = type.schemaName, let named = definitions[name] {
            root = named
            // Kept in the definitions only if a nested section refers to it.
            if !references(in: ConfigNode(definitions)).contains(name) { definitions[name] = nil }
        }
        var schema: ConfigObject = [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": ConfigNode(id),
            "title": ConfigNode(title),
        ]
        for member in root.object?.members ?? [] {
            schema[member.key] = member.key == "properties" ? openedAtTop(member.value, partial) : member.value
        }
        if !definitions.isEmpty { schema["$defs"] = ConfigNode(definitions) }
        return ConfigNode(schema)
    }

    private static func openedAtTop(_ properties: ConfigNode, _ partial: Bool) -> ConfigNode {
        var object: ConfigObject = ["$schema": ["description": "The schema, a hint for editors.", "type": "string"]]
        if partial {
            object["extends"] = [
                "description": "Files that this one overrides, relative to it; later files override earlier ones.",
                "anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"]]],
            ]
        }
        for member in properties.object?.members ?? [] { object[member.key] = member.value }
        return ConfigNode(object)
    }

    /// The names of the definitions that something refers to.
    static func references(in node: ConfigNode) -> Set<String> {
        switch node.content {
        case .object(let object):
            object.members.reduce(into: []) { names, member in
                if member.key == "$ref", let text = member.value.string, let name = text.split(separator: "/").last {
                    names.insert(String(name))
                }
                names.formUnion(references(in: member.value))
            }
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(references(in: $1)) }
        default: []
        }
    }
}
