/// A reference of all keys of a kind of file, as Markdown, from its JSON Schema: a table of the file's keys, then a
/// section for each kind of part (layer, objective, ...) with its variants.
public struct SchemaReference {
    private let schema: ConfigNode
    private let title: String
    private let introduction: String

    /// - Parameters:
    ///   - schema: made by `ConfigReader.schema`.
    ///   - title: the page's heading.
    ///   - introduction: the text below it, in Markdown.
    public init(_ schema: ConfigNode, title: String, introduction: String) {
        self.schema = schema
        self.title = title
        self.introduction = introduction
    }

    public var markdown: String {
        var text = "# \(title)\n\n\(introduction)\n\n## Keys\n" + table(of: schema)
        let (used, definitions) = (JSONSchema.references(in: schema), schema["$defs"]?.object?.members ?? [])
        for definition in definitions {
            // The variants of a registry stand in full where a section adds keys to each of them.
            let titles = Self.titles(of: definition.value)
            let isRepeated = definitions.contains { used.contains($0.key) && Self.titles(of: $0.value) == titles }
            if !used.contains(definition.key), !titles.isEmpty, isRepeated { continue }
            text += "\n## \(definition.key)\n" + section(of: definition.value, isWhole: used.contains(definition.key))
        }
        return text
    }

    /// The names of a definition's variants.
    private static func titles(of definition: ConfigNode) -> [String] {
        (definition["anyOf"]?.array ?? []).compactMap { $0["title"]?.string }
    }

    /// - Parameter isWhole: whether the variants stand alone somewhere; otherwise a section adds keys to each of them.
    private func section(of definition: ConfigNode, isWhole: Bool) -> String {
        let variants = (definition["anyOf"]?.array ?? []).filter { $0["title"] != nil }
        guard !variants.isEmpty else {
            return table(of: definition["properties"] != nil ? definition : Self.section(in: definition) ?? definition)
        }
        let short = isWhole ? variants.filter(Self.needsNothing).compactMap { $0["title"] } : []
        var text = ""
        if !short.isEmpty {
            text += "Where every key has a default, the `type` alone stands for the section: "
            text += short.map { Self.code($0) }.joined(separator: ", ") + ".\n"
        }
        for variant in variants {
            text += "\n### `\(variant["title"]?.string ?? "")`\n"
            if let description = variant["description"]?.string { text += description + "\n" }
            text += table(of: variant)
        }
        return text
    }

    /// Whether every key of a variant has a default or may be null.
    private static func needsNothing(_ variant: ConfigNode) -> Bool {
        (variant["properties"]?.object?.members ?? []).allSatisfy { member in
            let value = member.value
            if value["const"] != nil || value["default"] != nil { return true }
            let forms: [ConfigNode] = [value] + (value["anyOf"]?.array ?? [])
            return forms.contains { form in
                let words = form["type"]?.array?.compactMap(\.string) ?? [form["type"]?.string ?? ""]
                return words.contains("null")
            }
        }
    }

    private func table(of section: ConfigNode) -> String {
        let rows = rows(of: section, prefix: "")
        guard !rows.isEmpty else { return "" }
        return "\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n" + rows.joined()
    }

    /// The rows of a section's keys, those of sections within it by their paths.
    private func rows(of section: ConfigNode, prefix: String) -> [String] {
        (section["properties"]?.object?.members ?? []).flatMap { member -> [String] in
            guard member.value["const"] == nil, member.key != "$schema" else { return [] }
            let path = prefix + member.key
            let cells = [
                "`\(path)`", type(of: member.value), member.value["default"].map { Self.code($0) } ?? "",
                member.value["description"]?.string ?? "",
            ]
            let row = "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
            return [row] + rows(inside: member.value, path: path)
        }
    }

    private func rows(inside value: ConfigNode, path: String) -> [String] {
        if let section = Self.section(in: value) { return rows(of: section, prefix: path + ".") }
        if let named = value["additionalProperties"], let section = Self.section(in: named) {
            return rows(of: section, prefix: path + ".NAME.")
        }
        if let items = value["items"], let section = Self.section(in: items) ?? Self.shared(by: items) {
            return rows(of: section, prefix: path + "[].")
        }
        return (value["anyOf"]?.array ?? []).flatMap { rows(inside: $0, path: path) }
    }

    /// The value as a section, if it has keys of its own.
    private static func section(in value: ConfigNode) -> ConfigNode? {
        value["properties"] != nil ? value : nil
    }

    /// The keys that a section adds to each of the variants that stand in it in full, as a section.
    private static func shared(by value: ConfigNode) -> ConfigNode? {
        let variants = (value["anyOf"]?.array ?? []).filter { $0["title"] != nil }
        guard let first = variants.first?["properties"]?.object?.members else { return nil }
        let members = first.filter { member in
            variants.allSatisfy { $0["properties"]?[member.key] == member.value }
        }
        var properties = ConfigObject()
        for member in members { properties[member.key] = member.value }
        return members.isEmpty ? nil : ["properties": ConfigNode(properties)]
    }

    /// What a value may be, in words.
    private func type(of value: ConfigNode) -> String {
        if let reference = value["$ref"]?.string {
            let name = reference.split(separator: "/").last.map(String.init) ?? reference
            return "[\(name)](#\(name.lowercased()))"
        }
        if let words = value["enum"]?.array { return words.map { Self.code($0) }.joined(separator: " or ") }
        if let constant = value["const"] { return Self.code(constant) }
        if let forms = value["anyOf"]?.array {
            var names: [String] = []
            for name in Self.usable(forms).map({ type(of: $0) }) where !names.contains(name) { names.append(name) }
            return names.joined(separator: " or ")
        }
        guard value["type"] != nil else { return "any" }
        let kinds = value["type"]?.array?.compactMap(\.string) ?? value["type"]?.string.map { [$0] } ?? []
        return kinds.map { kind in
            switch kind {
            case "array": "list" + (value["items"].map { " of " + Self.plural(type(of: $0)) } ?? "")
            case "object": value["additionalProperties"]?.object != nil ? "sections by name" : "section"
            case "string": "text"
            case "boolean": "true or false"
            case "integer": "whole number" + Self.range(of: value)
            case "number": "number" + Self.range(of: value)
            default: kind
            }
        }.joined(separator: " or ")
    }

    /// The forms of a value without the types alone of sections that need further keys. A schema of files that extend
    /// others has them, as the other keys may be those of the file below.
    private static func usable(_ forms: [ConfigNode]) -> [ConfigNode] {
        let sections = forms.filter { $0["properties"] != nil && !needsNothing($0) }
        let incomplete = sections.flatMap { section -> [ConfigNode] in
            let type = section["properties"]?["type"]
            return type?["enum"]?.array ?? [type?["const"]].compactMap { $0 }
        }
        return forms.compactMap { form in
            guard let words = form["enum"]?.array else { return form }
            let left = words.filter { !incomplete.contains($0) }
            return left.isEmpty ? nil : ["enum": ConfigNode(left)]
        }
    }

    private static func plural(_ type: String) -> String { type == "section" ? "sections" : type }

    private static func range(of value: ConfigNode) -> String {
        let least =
            value["minimum"].map { "at least \(text($0))" } ?? value["exclusiveMinimum"].map { "above \(text($0))" }
        let most =
            value["maximum"].map { "at most \(text($0))" } ?? value["exclusiveMaximum"].map { "below \(text($0))" }
        let bounds = [least, most].compactMap { $0 }
        return bounds.isEmpty ? "" : " " + bounds.joined(separator: ", ")
    }

    private static func text(_ value: ConfigNode) -> String {
        if case .number(let text) = value.content { text } else { value.string ?? "" }
    }

    private static func code(_ value: ConfigNode) -> String { "`\(value.lineText)`" }
}
