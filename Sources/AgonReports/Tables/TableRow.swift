import AgonConfiguration

/// A row: the trials that it summarizes, and their published values.
struct TableRow: ConfigDecodable, Sendable {
    typealias Condition = (key: String, value: ConfigNode)

    let name: String
    /// Axes, paths of keys, `base` or `sweep`, and their values; a list matches any of its values, and null also what
    /// has no value. `RowMembers` finds the trials that meet all of them.
    let conditions: [Condition]
    let published: [(column: String, value: PublishedValue)]
    let note: String?
    /// The length of the published training; nil: the table's.
    let publishedSteps: Int?

    init(from reader: ConfigReader) throws {
        name = try reader.string("name", "The row's name.")
        try reader.require(!name.isEmpty, "name", "is empty")
        let conditions = try reader.node(
            "where",
            "The trials of the row: axes or paths of keys with values; a list matches any of its values.")
        self.conditions = (conditions.object?.members ?? []).map { ($0.key, $0.value) }
        let published = try reader.node("published", default: [:], "Published values by column: numbers or text.")
        self.published = (published.object?.members ?? []).compactMap { member in
            PublishedValue(member.value).map { (member.key, $0) }
        }
        note = try reader.optionalString("note", "A note on the row below the table.")
        publishedSteps = try reader.optionalInteger(
            "publishedSteps", in: 1..., "The steps of the published training; default: the table's.")
        guard !reader.isDescribing else { return }
        try reader.require(
            !self.conditions.isEmpty, "where",
            "expected an object with at least one key, found "
                + (conditions.object == nil ? conditions.summary : "an empty one"))
        try reader.require(
            self.published.count == published.object?.members.count, "published",
            "expected an object of numbers and strings, found \(published.summary)")
    }

    init(name: String, conditions: [Condition]) {
        self.name = name
        self.conditions = conditions
        published = []
        note = nil
        publishedSteps = nil
    }
}

/// A value as published: a number, or text such as "7 to 8".
enum PublishedValue: Equatable, Sendable {
    case number(Double, text: String)
    case words(String)

    init?(_ node: ConfigNode) {
        switch node.content {
        case .number(let text): self = .number(node.number ?? .nan, text: text)
        case .string(let words): self = .words(words)
        default: return nil
        }
    }

    var number: Double? { if case .number(let number, _) = self { number } else { nil } }

    var text: String {
        switch self {
        case .number(_, let text), .words(let text): text
        }
    }
}
