import AgonText
import Foundation

/// HTML text that is safe by its type: literals are kept, and interpolated values are escaped unless
/// they are markup themselves.
struct Markup: ExpressibleByStringInterpolation, Sendable {
    private(set) var text: String

    init(stringLiteral text: String) { self.text = text }

    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    private init(text: String) { self.text = text }

    static let empty: Markup = ""

    static func + (first: Markup, second: Markup) -> Markup { Markup(text: first.text + second.text) }
    static func += (first: inout Markup, second: Markup) { first.text += second.text }

    var isEmpty: Bool { text.isEmpty }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ markup: Markup) { text += markup.text }
        mutating func appendInterpolation(_ words: String) { text += Markup.escaped(words) }
        mutating func appendInterpolation(_ words: Substring) { text += Markup.escaped(String(words)) }
        mutating func appendInterpolation(_ number: Int) { text += String(number) }

        /// A coordinate, to a tenth of a pixel.
        mutating func appendInterpolation(_ number: Double) {
            let rounded = number.isFinite ? (number * 10).rounded() / 10 : 0
            text += NumberText.shortest(rounded)
        }
    }

    /// Text that is neither tag nor entity, in elements and in quoted attributes. Control characters, which HTML does
    /// not allow, become the replacement character.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\n", "\t": escaped.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): escaped += "\u{FFFD}"
            // Bidirectional control characters, which would reverse the text after the name.
            case _ where (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value):
                escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension Sequence<Markup> {
    func joined(separator: String = "\n") -> Markup {
        var all = Markup.empty
        for (index, part) in enumerated() {
            if index > 0 { all += Markup(stringLiteral: separator) }
            all += part
        }
        return all
    }
}
