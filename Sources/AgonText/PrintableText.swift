extension String {
    /// The text with control characters, which a terminal may take for commands, written as `\x1B`, except line ends
    /// and tabs.
    ///
    /// Names and values that messages repeat may contain anything.
    package var printable: String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool {
            scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || (0x7f...0x9f).contains(scalar.value)
        }
        guard unicodeScalars.contains(where: isControl) else { return self }
        var shown = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if isControl(scalar) {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                shown.append(contentsOf: ("\\x" + (digits.count == 1 ? "0" : "") + digits).unicodeScalars)
            } else {
                shown.append(scalar)
            }
        }
        return String(shown)
    }

    /// The text for a cell of a table: as `printable`, with line ends and tabs as `\n` and `\t`.
    package var oneLine: String {
        replacingEach(of: ["\n": "\\n", "\r\n": "\\r\\n", "\t": "\\t"]).printable
    }

    private func replacingEach(of replacements: [Character: String]) -> String {
        reduce(into: "") { $0 += replacements[$1] ?? String($1) }
    }
}
