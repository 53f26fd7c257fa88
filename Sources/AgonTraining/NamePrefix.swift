/// A prefix of array names in a file, and its replacement.
public struct NamePrefix: Hashable, Sendable {
    public let file: String
    public let own: String

    /// Parses `OLD=NEW`; NEW may be empty. Nil for text without `=` or with an empty OLD.
    public init?(_ text: String) {
        guard let sign = text.firstIndex(of: "="), sign > text.startIndex else { return nil }
        file = String(text[..<sign])
        own = String(text[text.index(after: sign)...])
    }

    /// A name from a file, with the first matching prefix replaced.
    static func renamed(_ name: String, by prefixes: [NamePrefix]) -> String {
        guard let prefix = prefixes.first(where: { name.hasPrefix($0.file) }) else { return name }
        return prefix.own + name.dropFirst(prefix.file.count)
    }
}
