/// A prefix of array names in a file, and its replacement.
public struct NamePrefix: Hashable, Sendable {
    public let file: String
    public let own: String

    /// Parses `OLD=NEW`, one of which may be empty: `=NEW` is a prefix for all names. Nil for text without `=`.
    public init?(_ text: String) {
        guard text.utf8.count > 1, let sign = text.firstIndex(of: "=") else { return nil }
        file = String(text[..<sign])
        own = String(text[text.index(after: sign)...])
    }

    /// A name from a file, with the first matching prefix replaced.
    static func renamed(_ name: String, by prefixes: [NamePrefix]) -> String {
        guard let prefix = prefixes.first(where: { name.hasPrefix($0.file) }) else { return name }
        return prefix.own + name.dropFirst(prefix.file.count)
    }
}
