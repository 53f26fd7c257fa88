/// Parts of JSON text.
enum JSONText {
    static func quoted(_ string: String) -> String {
        var text: [UInt8] = [UInt8(ascii: "\"")]
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: text += escape(of: byte).utf8
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
        return String(decoding: text, as: UTF8.self)
    }

    /// The escape of a control character: `\n`, `\u0007`.
    static func escape(of byte: UInt8) -> String {
        switch byte {
        case 0x08: return "\\b"
        case 0x09: return "\\t"
        case 0x0A: return "\\n"
        case 0x0C: return "\\f"
        case 0x0D: return "\\r"
        default:
            let digits = String(byte, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }
}

extension ConfigNode {
    /// JSON text for people: two spaces per level, keys in order, numbers as written, arrays and objects on one
    /// line if they fit 100 columns; ends with a newline. Parsing it gives an equal node.
    public var prettyText: String {
        var text = ""
        append(to: &text, indentation: 0, used: 0)
        return text + "\n"
    }

    /// JSON text on one line: `{"type": "conv", "kernel": 3}`.
    public var lineText: String {
        switch content {
        case .object(let object):
            "{" + object.members.map { "\(JSONText.quoted($0.key)): \($0.value.lineText)" }.joined(separator: ", ")
                + "}"
        case .array(let elements): "[" + elements.map(\.lineText).joined(separator: ", ") + "]"
        case .string(let string): JSONText.quoted(string)
        case .number(let text): text
        case .boolean(let boolean): boolean ? "true" : "false"
        case .null: "null"
        }
    }

    /// JSON text for hashing: no whitespace, keys sorted by UTF-8 bytes, one spelling per number. Configs with
    /// equal meaning have equal canonical text.
    public var canonicalText: String {
        switch content {
        case .object(let object):
            let members = object.members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            return "{" + members.map { "\(JSONText.quoted($0.key)):\($0.value.canonicalText)" }.joined(separator: ",")
                + "}"
        case .array(let elements): return "[" + elements.map(\.canonicalText).joined(separator: ",") + "]"
        case .number(let text): return DecimalText.canonical(text)
        default: return lineText
        }
    }

    private static let columns = 100

    /// `used` counts the columns of the key before the value and the comma after it.
    private func append(to text: inout String, indentation: Int, used: Int) {
        let isRoot = indentation == 0
        let pieces: [(prefix: String, value: ConfigNode)]
        let brackets: (open: String, close: String)
        switch content {
        case .object(let object) where !object.isEmpty:
            pieces = object.members.map { ("\(JSONText.quoted($0.key)): ", $0.value) }
            brackets = ("{", "}")
        case .array(let elements) where !elements.isEmpty:
            pieces = elements.map { ("", $0) }
            brackets = ("[", "]")
        default:
            text += lineText
            return
        }
        if !isRoot, lineFits(Self.columns - indentation - used) {
            text += lineText
            return
        }
        text += brackets.open + "\n"
        for (index, piece) in pieces.enumerated() {
            text += String(repeating: " ", count: indentation + 2) + piece.prefix
            piece.value.append(to: &text, indentation: indentation + 2, used: piece.prefix.count + 1)
            text += index + 1 < pieces.count ? ",\n" : "\n"
        }
        text += String(repeating: " ", count: indentation) + brackets.close
    }

    /// Whether `lineText` takes at most `room` columns, found without writing out long texts.
    private func lineFits(_ room: Int) -> Bool {
        var left = room
        return take(from: &left)
    }

    private func take(from room: inout Int) -> Bool {
        switch content {
        case .object(let object):
            room -= 2 + 2 * max(0, object.members.count - 1)
            return object.members.allSatisfy { member in
                room -= JSONText.quoted(member.key).count + 2
                return room >= 0 && member.value.take(from: &room)
            } && room >= 0
        case .array(let elements):
            room -= 2 + 2 * max(0, elements.count - 1)
            return elements.allSatisfy { $0.take(from: &room) } && room >= 0
        default:
            room -= lineText.count
            return room >= 0
        }
    }
}
