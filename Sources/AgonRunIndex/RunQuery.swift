/// A query for runs: `metric.fid-lenet < 10 and objective == selfgan`.
///
/// Comparisons `==`, `!=`, `<`, `<=`, `>`, `>=` and `~` (contains, ignoring case) take a key on the left and a number
/// or a string on the right; a key alone asks whether a run has it. `not` binds tighter than `and`, `and` than `or`;
/// parentheses group. A run without a key fails every comparison with it.
public indirect enum RunQuery: Equatable, Sendable {
    public enum Comparison: String, CaseIterable, Sendable {
        case equal = "=="
        case notEqual = "!="
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case less = "<"
        case greater = ">"
        case contains = "~"
    }

    public enum Value: Equatable, Sendable {
        /// With the word as written, for values that are texts, such as names.
        case number(Double, word: String)
        case text(String)
    }

    case comparison(String, Comparison, Value)
    case has(String)
    case and(RunQuery, RunQuery)
    case or(RunQuery, RunQuery)
    case not(RunQuery)

    /// Reads a query.
    ///
    /// Throws `RunIndexError.malformedQuery` with the column of the error.
    public init(_ text: String) throws {
        var parser = RunQueryParser(text)
        self = try parser.parse()
    }

    /// The queried keys, in order.
    public var keys: [String] {
        switch self {
        case .comparison(let key, _, _), .has(let key): [key]
        case .and(let first, let second), .or(let first, let second): first.keys + second.keys
        case .not(let inner): inner.keys
        }
    }
}

/// Parses a `RunQuery` by recursive descent, with one function per grammar rule.
struct RunQueryParser {
    private enum Token: Equatable {
        /// A word and whether it was quoted.
        case word(String, isQuoted: Bool)
        case comparison(RunQuery.Comparison)
        case opening, closing
    }

    private static let depthLimit = 64

    private let text: String
    private let characters: [Character]
    /// Tokens with their start positions.
    private var tokens: [(token: Token, place: Int)] = []
    private var position = 0
    private var depth = 0

    init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    mutating func parse() throws -> RunQuery {
        try split()
        let query = try parseOr()
        guard position == tokens.count else { throw fault("expected 'and', 'or' or the end, found \(found)") }
        return query
    }

    private mutating func parseOr() throws -> RunQuery {
        var query = try parseAnd()
        while take(keyword: "or") { query = .or(query, try parseAnd()) }
        return query
    }

    private mutating func parseAnd() throws -> RunQuery {
        var query = try parseNot()
        while take(keyword: "and") { query = .and(query, try parseNot()) }
        return query
    }

    private mutating func parseNot() throws -> RunQuery {
        if take(keyword: "not") { return .not(try nested { try $0.parseNot() }) }
        guard let (token, place) = peek else { throw fault("expected a comparison, found the end of the text") }
        if token == .opening {
            position += 1
            let query = try nested { try $0.parseOr() }
            guard let closing = peek else { throw fault("this '(' is never closed", at: place) }
            guard closing.token == .closing else { throw fault("expected 'and', 'or' or ')', found \(found)") }
            position += 1
            return query
        }
        return try parseComparison()
    }

    private mutating func parseComparison() throws -> RunQuery {
        guard case .word(let key, let isQuoted)? = peek?.token else { throw fault("expected a key, found \(found)") }
        guard !isQuoted, Double(key) == nil else {
            throw fault("expected a key, found \(found); write the key on the left: state == done")
        }
        guard !Self.keywords.contains(key) else { throw fault("expected a key, found '\(key)'") }
        position += 1
        guard case .comparison(let comparison)? = peek?.token else { return .has(key) }
        position += 1
        guard case .word(let word, let isQuoted)? = peek?.token else {
            throw fault("expected a number or a string after '\(comparison.rawValue)', found \(found)")
        }
        if !isQuoted, Self.keywords.contains(word) {
            throw fault("expected a number or a string after '\(comparison.rawValue)', found '\(word)'")
        }
        if !isQuoted, comparison != .contains, let number = Double(word), number.isFinite {
            position += 1
            return .comparison(key, comparison, .number(number, word: word))
        }
        if !isQuoted, [.less, .lessOrEqual, .greater, .greaterOrEqual].contains(comparison), Self.looksLikeNumber(word)
        {
            throw fault(
                "'\(word)' is not a number; sizes are in bytes, times in seconds; put text in quotes")
        }
        position += 1
        return .comparison(key, comparison, .text(word))
    }

    /// Whether a word begins like a number but is not a date, such as `1MB`.
    private static func looksLikeNumber(_ word: String) -> Bool {
        let digits = word.drop { "+-.".contains($0) }
        guard digits.first?.isNumber ?? false else { return false }
        return digits.prefixMatch(of: /[0-9]{4}-[0-9]{2}/) == nil
    }

    // MARK: Tokens

    private static let keywords: Set<String> = ["and", "or", "not"]

    private mutating func split() throws {
        var place = 0
        while place < characters.count {
            let character = characters[place]
            if character.isWhitespace {
                place += 1
            } else if character == "(" || character == ")" {
                tokens.append((character == "(" ? .opening : .closing, place))
                place += 1
            } else if character == "\"" || character == "'" {
                guard let end = characters[(place + 1)...].firstIndex(of: character) else {
                    throw fault("this quote is never closed", at: place)
                }
                tokens.append((.word(String(characters[place + 1..<end]), isQuoted: true), place))
                place = end + 1
            } else if let comparison = Self.comparison(at: characters[place...]) {
                tokens.append((.comparison(comparison), place))
                place += comparison.rawValue.count
            } else if character == "=" {
                throw fault("'=' is not a comparison; use '=='", at: place)
            } else if Self.isWord(character) {
                let end = characters[place...].firstIndex { !Self.isWord($0) } ?? characters.count
                tokens.append((.word(String(characters[place..<end]), isQuoted: false), place))
                place = end
            } else {
                throw fault("'\(character)' is not allowed here; put strings in quotes", at: place)
            }
        }
    }

    private static func comparison(at rest: ArraySlice<Character>) -> RunQuery.Comparison? {
        RunQuery.Comparison.allCases.first { rest.starts(with: Array($0.rawValue)) }
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "._-+[]/@:%$".contains(character)
    }

    private var peek: (token: Token, place: Int)? { position < tokens.count ? tokens[position] : nil }

    private mutating func take(keyword: String) -> Bool {
        guard peek?.token == .word(keyword, isQuoted: false) else { return false }
        position += 1
        return true
    }

    private mutating func nested(_ body: (inout Self) throws -> RunQuery) throws -> RunQuery {
        guard depth < Self.depthLimit else { throw fault("more than \(Self.depthLimit) levels of nesting") }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    private var found: String {
        guard let token = peek?.token else { return "the end of the text" }
        return switch token {
        case .word(let word, true): "the string \"\(word.prefix(40))\""
        case .word(let word, false): "'\(word.prefix(40))'"
        case .comparison(let comparison): "'\(comparison.rawValue)'"
        case .opening: "'('"
        case .closing: "')'"
        }
    }

    private func fault(_ problem: String, at place: Int? = nil) -> RunIndexError {
        .malformedQuery(text: text, column: (place ?? peek?.place ?? characters.count) + 1, problem: problem)
    }
}
