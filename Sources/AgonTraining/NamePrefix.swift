import AgonConfiguration

/// How names of arrays in a file begin, and how they begin here.
public struct NamePrefix: Hashable, Sendable {
    public let file: String
    public let own: String

    /// `OLD=NEW`; NEW may be empty. Nil for a text without `=` or without OLD.
    public init?(_ text: String) {
        guard let sign = text.firstIndex(of: "="), sign > text.startIndex else { return nil }
        file = String(text[..<sign])
        own = String(text[text.index(after: sign)...])
    }

    /// A name in a file as it is here: the first prefix that fits is replaced.
    static func renamed(_ name: String, by prefixes: [NamePrefix]) -> String {
        guard let prefix = prefixes.first(where: { name.hasPrefix($0.file) }) else { return name }
        return prefix.own + name.dropFirst(prefix.file.count)
    }
}
