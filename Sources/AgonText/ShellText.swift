/// Shell words for arbitrary text, so that no path or name is ever executed.
package enum ShellText {
    /// A single-line word whose value is the text, whatever it contains.
    ///
    /// Single-quoted if that is one line; otherwise printed by printf, with octal escapes for all bytes that are
    /// special to a shell, to make or to printf itself.
    package static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
            return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
        }
        // Command substitution strips trailing newlines; no path ends with one here.
        return "\"$(printf '" + text.utf8.map(escaped).joined() + "')\""
    }

    /// The same, unquoted if nothing in it is special to a shell.
    package static func word(_ text: String) -> String {
        !text.isEmpty && text.utf8.allSatisfy(isPlain) ? text : quoted(text)
    }

    /// Whether a byte is special neither to a shell nor to printf, make or Slurm.
    package static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "-"), UInt8(ascii: "+"):
            true
        default: false
        }
    }

    private static func escaped(_ byte: UInt8) -> String {
        guard !isPlain(byte) else { return String(UnicodeScalar(byte)) }
        let digits = String(byte, radix: 8)
        return "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
    }
}
