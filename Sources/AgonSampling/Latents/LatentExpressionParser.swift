/// Parses a `LatentExpression` by recursive descent, with one function per grammar rule.
struct LatentExpressionParser {
    private enum Operand {
        case number(Double)
        case latent([LatentExpression.Term])

        var noun: String {
            switch self {
            case .number: "a number"
            case .latent: "a latent"
            }
        }
    }

    private static let maximumDepth = 64

    private let text: String
    private let characters: [Character]
    private var position = 0
    private var depth = 0

    init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    /// The latents with their weights.
    mutating func parse() throws -> [LatentExpression.Term] {
        let value = try parseSum()
        guard peek() == nil else { throw fault("expected an operator, found \(found())") }
        guard case .latent(let terms) = value else {
            throw fault("the result is a number; expected a latent, such as a saved name or #1", at: 0)
        }
        return terms
    }

    private mutating func parseSum() throws -> Operand {
        var sum = try parseProduct()
        while let sign = take(anyOf: "+-") {
            let place = position - 1
            let next = try parseProduct()
            let factor: Double = sign == "-" ? -1 : 1
            switch (sum, next) {
            case (.number(let a), .number(let b)): sum = .number(try finite(a + factor * b, at: place))
            case (.latent(let a), .latent(let b)): sum = .latent(try adding(b, times: factor, to: a, at: place))
            default:
                throw fault("'\(sign)' stands between \(sum.noun) and \(next.noun); use two of a kind", at: place)
            }
        }
        return sum
    }

    private mutating func parseProduct() throws -> Operand {
        var product = try parseSign()
        while let sign = take(anyOf: "*/") {
            let place = position - 1
            let next = try parseSign()
            switch (product, next) {
            case (_, .number(0)) where sign == "/": throw fault("division by 0", at: place)
            case (.number(let a), .number(let b)):
                product = .number(try finite(sign == "*" ? a * b : a / b, at: place))
            case (.latent(let terms), .number(let b)):
                product = .latent(try scaled(terms, at: place) { sign == "*" ? $0 * b : $0 / b })
            case (.number(let a), .latent(let terms)) where sign == "*":
                product = .latent(try scaled(terms, at: place) { a * $0 })
            default:
                throw fault(
                    sign == "*"
                        ? "two latents cannot be multiplied; one side of '*' must be a number"
                        : "cannot divide by a latent; the right side of '/' must be a number", at: place)
            }
        }
        return product
    }

    private mutating func parseSign() throws -> Operand {
        var isNegative = false
        while let sign = take(anyOf: "+-") { isNegative = isNegative != (sign == "-") }
        let operand = try parseOperand()
        guard isNegative else { return operand }
        return switch operand {
        case .number(let value): .number(-value)
        case .latent(let terms): .latent(try scaled(terms, at: position) { -$0 })
        }
    }

    private mutating func parseOperand() throws -> Operand {
        guard let first = peek() else { throw fault("expected a latent or a number, found the end of the text") }
        let start = position
        if take(anyOf: "(") != nil {
            let value = try nested { try $0.parseSum() }
            try expect(")", closing: start)
            return value
        }
        if take(anyOf: "#") != nil {
            let digits = takeDigits()
            guard !digits.isEmpty else { throw fault("expected the number of a sample after '#', such as #3") }
            guard let number = Int(digits), SavedLatents.sampleNumbers.contains(number) else {
                throw fault(
                    "there is no sample #\(digits); expected #1 to #\(SavedLatents.sampleNumbers.upperBound)", at: start
                )
            }
            return .latent([.init(reference: .sample(number), weight: 1, column: start + 1)])
        }
        if LatentExpression.isNameStart(first) { return try parseName(at: start) }
        if LatentExpression.isDigit(first) || first == "." { return .number(try parseNumber(at: start)) }
        throw fault("expected a latent or a number, found \(found())")
    }

    private mutating func parseName(at start: Int) throws -> Operand {
        while position < characters.count,
            LatentExpression.isNameStart(characters[position]) || LatentExpression.isDigit(characters[position])
        { position += 1 }
        let name = String(characters[start..<position])
        let parenthesis = peek() == "("
        guard name == "mean" else {
            if parenthesis { throw fault("unknown function '\(name)'; use mean(a, b, ...)", at: start) }
            return .latent([.init(reference: .saved(name), weight: 1, column: start + 1)])
        }
        let opening = position
        guard take(anyOf: "(") != nil else { throw fault("expected '(' after 'mean', found \(found())") }
        return try parseMean(from: opening)
    }

    private mutating func parseMean(from opening: Int) throws -> Operand {
        var parts: [(operand: Operand, place: Int)] = []
        repeat {
            skipSpace()
            let place = position
            parts.append((try nested { try $0.parseSum() }, place))
        } while take(anyOf: ",") != nil
        try expect(")", closing: opening)
        var sum = parts[0].operand
        for part in parts.dropFirst() {
            switch (sum, part.operand) {
            case (.number(let a), .number(let b)): sum = .number(try finite(a + b, at: part.place))
            case (.latent(let a), .latent(let b)): sum = .latent(try adding(b, times: 1, to: a, at: part.place))
            default: throw fault("the mean of \(sum.noun) and \(part.operand.noun); use one kind", at: part.place)
            }
        }
        let count = Double(parts.count)
        return switch sum {
        case .number(let value): .number(value / count)
        case .latent(let terms): .latent(try scaled(terms, at: opening) { $0 / count })
        }
    }

    private mutating func parseNumber(at start: Int) throws -> Double {
        var digits = takeDigits()
        if position < characters.count, characters[position] == "." {
            position += 1
            digits += "." + takeDigits()
        }
        if position < characters.count, characters[position] == "e" || characters[position] == "E" {
            let mark = position
            position += 1
            var exponent = "e"
            if position < characters.count, characters[position] == "-" || characters[position] == "+" {
                exponent.append(characters[position])
                position += 1
            }
            let power = takeDigits()
            // `2 e` and `2east` are not exponents; the name is reported next.
            if power.isEmpty { position = mark } else { digits += exponent + power }
        }
        guard digits.contains(where: { $0.isNumber }), let value = Double("0" + digits) else {
            throw fault("'\(String(characters[start..<position]))' is not a number", at: start)
        }
        return try finite(value, at: start)
    }

    // MARK: Weighted sums

    private func adding(
        _ terms: [LatentExpression.Term], times factor: Double, to sum: [LatentExpression.Term], at place: Int
    ) throws -> [LatentExpression.Term] {
        var sum = sum
        for term in terms {
            if let index = sum.firstIndex(where: { $0.reference == term.reference }) {
                sum[index].weight = try finite(sum[index].weight + factor * term.weight, at: place)
            } else {
                sum.append(.init(reference: term.reference, weight: factor * term.weight, column: term.column))
            }
        }
        return sum
    }

    private func scaled(
        _ terms: [LatentExpression.Term], at place: Int, by scale: (Double) -> Double
    ) throws -> [LatentExpression.Term] {
        try terms.map {
            .init(reference: $0.reference, weight: try finite(scale($0.weight), at: place), column: $0.column)
        }
    }

    private func finite(_ value: Double, at place: Int) throws -> Double {
        guard value.isFinite else { throw fault("the number is too large", at: place) }
        return value
    }

    // MARK: Characters

    private mutating func nested(_ body: (inout Self) throws -> Operand) throws -> Operand {
        guard depth < Self.maximumDepth else {
            throw fault("more than \(Self.maximumDepth) nested parentheses")
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    private mutating func skipSpace() {
        while position < characters.count, characters[position].isWhitespace { position += 1 }
    }

    /// The next non-space character.
    private mutating func peek() -> Character? {
        skipSpace()
        return position < characters.count ? characters[position] : nil
    }

    private mutating func take(anyOf wanted: String) -> Character? {
        guard let next = peek(), wanted.contains(next) else { return nil }
        position += 1
        return next
    }

    private mutating func takeDigits() -> String {
        let start = position
        while position < characters.count, LatentExpression.isDigit(characters[position]) { position += 1 }
        return String(characters[start..<position])
    }

    private mutating func expect(_ wanted: Character, closing opening: Int) throws {
        guard peek() != nil else { throw fault("this '(' is never closed", at: opening) }
        guard take(anyOf: String(wanted)) != nil else {
            throw fault("expected an operator or '\(wanted)', found \(found())")
        }
    }

    /// The token at the position, for a message: a word, a number or a character.
    private func found() -> String {
        guard position < characters.count else { return "the end of the text" }
        let rest = characters[position...]
        let isWord = { (character: Character) in character.isLetter || character.isNumber || character == "_" }
        let word = rest.prefix { isWord($0) }
        return word.isEmpty ? "'\(characters[position])'" : "'\(String(word.prefix(40)))'"
    }

    private func fault(_ problem: String, at place: Int? = nil) -> SamplingError {
        .malformedExpression(text: text, column: (place ?? position) + 1, problem: problem)
    }
}
