/// A strict JSON parser (RFC 8259) that also accepts JSON5's comments and trailing commas.
///
/// Every value keeps its line and column. Numbers keep their text. Duplicate keys are errors.
struct ConfigParser {
    static let depthLimit = 256

    private let bytes: [UInt8]
    private let file: String
    /// Set for `--set` values, whose parts all come from one argument.
    private let fixedSource: ConfigSource?
    private var position = 0
    private var line = 1
    private var lineStart = 0
    private var steps: [ConfigPath.Step] = []

    private init(_ bytes: [UInt8], file: String, fixedSource: ConfigSource? = nil) {
        self.bytes = bytes
        self.file = file
        self.fixedSource = fixedSource
    }

    static func parse(_ bytes: [UInt8], file: String, fixedSource: ConfigSource? = nil) throws -> ConfigNode {
        var parser = ConfigParser(bytes, file: file, fixedSource: fixedSource)
        try parser.checkEncoding()
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            parser.position = 3
            parser.lineStart = 3
        }
        try parser.skipBlanks()
        let node = try parser.value(expected: "a value")
        try parser.skipBlanks()
        if parser.position < bytes.count { throw parser.unexpected("the end of the text") }
        return node
    }

    /// The string literal that starts at `start` in valid UTF-8, and the position after it.
    static func quotedString(in bytes: [UInt8], at start: Int) -> (string: String, end: Int)? {
        var parser = ConfigParser(bytes, file: "")
        parser.position = start
        guard let string = try? parser.string() else { return nil }
        return (string, parser.position)
    }

    // MARK: Values

    private mutating func value(expected: String) throws -> ConfigNode {
        guard let byte = peek() else { throw fault(.unexpectedEnd(expected: expected)) }
        let source = here
        switch byte {
        case UInt8(ascii: "{"): return ConfigNode(.object(try object()), source: source)
        case UInt8(ascii: "["): return ConfigNode(.array(try array()), source: source)
        case UInt8(ascii: "\""): return ConfigNode(.string(try string()), source: source)
        case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return ConfigNode(.number(try number()), source: source)
        default: break
        }
        let word = self.word
        switch word {
        case "true", "false":
            position += word.utf8.count
            return ConfigNode(.boolean(word == "true"), source: source)
        case "null":
            position += word.utf8.count
            return ConfigNode(.null, source: source)
        case "NaN", "Infinity", "nan", "inf", "infinity": throw fault(.notFinite(word))
        default: throw unexpected(expected)
        }
    }

    private mutating func object() throws -> ConfigObject {
        var object = ConfigObject()
        try enter()
        while true {
            try skipBlanks()
            guard let byte = peek() else { throw fault(.unexpectedEnd(expected: "a key or '}'")) }
            if byte == UInt8(ascii: "}") { break }
            guard byte == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes or '}'") }
            let keySource = here
            let key = try string()
            if let first = object.member(key) {
                throw ConfigError.duplicateKey(keySource, ConfigPath(steps).key(key), first: first.keySource)
            }
            try skipBlanks()
            try take(UInt8(ascii: ":"), expected: "':' after the key")
            try skipBlanks()
            steps.append(.key(key))
            let value = try value(expected: "a value")
            steps.removeLast()
            object.set(key, value, keySource: keySource)
            if try !separator(closing: UInt8(ascii: "}"), expected: "',' or '}'") { break }
        }
        leave()
        return object
    }

    private mutating func array() throws -> [ConfigNode] {
        var elements: [ConfigNode] = []
        try enter()
        while true {
            try skipBlanks()
            if peek() == UInt8(ascii: "]") { break }
            steps.append(.index(elements.count))
            elements.append(try value(expected: "a value or ']'"))
            steps.removeLast()
            if try !separator(closing: UInt8(ascii: "]"), expected: "',' or ']'") { break }
        }
        leave()
        return elements
    }

    private var depth = 0

    private mutating func enter() throws {
        guard depth < Self.depthLimit else { throw fault(.tooDeep(limit: Self.depthLimit)) }
        depth += 1
        position += 1
    }

    private mutating func leave() {
        depth -= 1
        position += 1
    }

    /// Skips a comma, after which another element or the closing bracket may follow; false at the bracket.
    private mutating func separator(closing: UInt8, expected: String) throws -> Bool {
        try skipBlanks()
        if peek() == closing { return false }
        try take(UInt8(ascii: ","), expected: expected)
        return true
    }

    // MARK: Strings

    private mutating func string() throws -> String {
        let start = here
        position += 1
        var content: [UInt8] = []
        while true {
            guard let byte = peek() else { throw ConfigError.syntax(start, .unterminatedString) }
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"): content.append(contentsOf: String(try escapedCharacter()).utf8)
            case 0x0A, 0x0D: throw ConfigError.syntax(start, .unterminatedString)
            case 0..<0x20: throw fault(.controlCharacter(byte))
            default:
                content.append(byte)
                position += 1
            }
        }
    }

    private mutating func escapedCharacter() throws -> Unicode.Scalar {
        let start = here
        guard position + 1 < bytes.count else { throw ConfigError.syntax(start, .unterminatedString) }
        let letter = bytes[position + 1]
        position += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try hexadecimalUnit(start)
            if let scalar = Unicode.Scalar(unit) { return scalar }
            // A surrogate: only a high one followed by an escaped low one is a character.
            guard (0xD800...0xDBFF).contains(unit), bytes[position...].starts(with: [0x5C, 0x75]) else {
                throw ConfigError.syntax(start, .loneSurrogate)
            }
            position += 2
            let low = try hexadecimalUnit(start)
            guard (0xDC00...0xDFFF).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
            else { throw ConfigError.syntax(start, .loneSurrogate) }
            return scalar
        default:
            position -= 1
            throw ConfigError.syntax(start, .unknownEscape("\\" + character))
        }
    }

    private mutating func hexadecimalUnit(_ start: ConfigSource) throws -> UInt16 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else {
            let text = digits.prefix { $0 != UInt8(ascii: "\"") && $0 >= 0x20 }
            throw ConfigError.syntax(start, .unknownEscape("\\u" + String(decoding: text, as: UTF8.self)))
        }
        position += 4
        return unit
    }

    // MARK: Numbers

    private mutating func number() throws -> String {
        let start = position
        let text = word
        if text == "-Infinity" || text == "+Infinity" || text == "-NaN" || text == "+NaN" {
            throw fault(.notFinite(text))
        }
        if peek() == UInt8(ascii: "-") { position += 1 }
        var isValid = true
        if peek() == UInt8(ascii: "0") { position += 1 } else { isValid = skipDigits() }
        if isValid, peek() == UInt8(ascii: ".") {
            position += 1
            isValid = skipDigits()
        }
        if isValid, peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            position += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
            isValid = skipDigits()
        }
        let end = position
        position = start
        guard isValid, end - start == text.utf8.count else { throw fault(.malformedNumber(text)) }
        guard let value = Double(text), value.isFinite else { throw fault(.notFinite(text)) }
        position = end
        return text
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        return position > start
    }

    // MARK: Whitespace and comments

    private mutating func skipBlanks() throws {
        while let byte = peek() {
            switch byte {
            case 0x20, 0x09, 0x0D: position += 1
            case 0x0A: newLine()
            case UInt8(ascii: "/") where isAhead("/", "/"):
                while let next = peek(), next != 0x0A { position += 1 }
            case UInt8(ascii: "/") where isAhead("/", "*"):
                let start = here
                position += 2
                while !isAhead("*", "/") {
                    guard let next = peek() else { throw ConfigError.syntax(start, .unterminatedComment) }
                    if next == 0x0A { newLine() } else { position += 1 }
                }
                position += 2
            default: return
            }
        }
    }

    private func isAhead(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Bool {
        position + 1 < bytes.count && bytes[position] == UInt8(ascii: first)
            && bytes[position + 1] == UInt8(ascii: second)
    }

    private mutating func newLine() {
        position += 1
        line += 1
        lineStart = position
    }

    // MARK: Locations

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private var here: ConfigSource {
        fixedSource ?? ConfigSource(file: file, line: line, column: position - lineStart + 1)
    }

    private func fault(_ fault: SyntaxFault) -> ConfigError { .syntax(here, fault) }

    private mutating func take(_ byte: UInt8, expected: String) throws {
        guard let next = peek() else { throw fault(.unexpectedEnd(expected: expected)) }
        guard next == byte else { throw unexpected(expected) }
        position += 1
    }

    private func unexpected(_ expected: String) -> ConfigError {
        guard position < bytes.count else { return fault(.unexpectedEnd(expected: expected)) }
        let word = self.word
        return fault(.unexpected(found: "'\(word.isEmpty ? character : shortened(word))'", expected: expected))
    }

    /// The letters, digits, signs and dots from here on.
    private var word: String {
        let rest = bytes[position...].prefix { byte in
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            return isLetter || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte >= 0x80
                || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains(byte)
        }
        return String(decoding: rest, as: UTF8.self)
    }

    /// The current character, escaped if it is not printable.
    private var character: String {
        guard let first = String(decoding: bytes[position...].prefix(16), as: UTF8.self).first else { return "" }
        return first.unicodeScalars.contains { $0.value < 0x20 } ? JSONText.escape(of: bytes[position]) : String(first)
    }

    private func checkEncoding() throws {
        guard String(validating: bytes, as: UTF8.self) == nil else { return }
        var decoder = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var offset = 0
        while case .valid(let scalar) = decoder.parseScalar(from: &iterator) { offset += scalar.count }
        let before = bytes[..<offset]
        let lineStart = (before.lastIndex(of: 0x0A) ?? -1) + 1
        let line = before.count { $0 == 0x0A } + 1
        throw ConfigError.syntax(
            fixedSource ?? ConfigSource(file: file, line: line, column: offset - lineStart + 1), .invalidUTF8)
    }
}

extension ConfigNode {
    /// The value written in `text`. `file` is its name in messages.
    ///
    /// Throws `ConfigError.syntax` or `.duplicateKey`.
    public static func parse(_ text: String, file: String) throws -> ConfigNode {
        try ConfigParser.parse(Array(text.utf8), file: file)
    }

    /// The value written in UTF-8 bytes, with or without a byte order mark.
    public static func parse(_ bytes: [UInt8], file: String) throws -> ConfigNode {
        try ConfigParser.parse(bytes, file: file)
    }
}
