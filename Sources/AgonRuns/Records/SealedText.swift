import AgonTensors

/// JSON objects whose last member is the checksum of their text, so that damage is detected.
///
/// The checksum is the CRC-32C of the text without that member. The member is formatted like the others: on a separate
/// line if they are, otherwise after a comma and a space.
enum SealedText {
    enum Verdict: Equatable {
        /// The checksum matches.
        case whole
        /// There is no checksum: an older version wrote the text, or its last member is damaged.
        case unsealed
        case damaged
    }

    static let key = "crc32c"
    private static let digitCount = 8

    /// The text of an object, with its checksum.
    static func sealed(_ text: String) -> String {
        guard let end = text.utf8.lastIndex(of: UInt8(ascii: "}")) else {
            preconditionFailure("not a JSON object: \(text)")
        }
        let body = text[..<end]
        let isSpread = body.last == "\n"
        let (separator, rest) = isSpread ? (",\n  ", "\n") : (", ", "")
        var sum = CRC32C()
        sum.update(text.utf8)
        return String(body.dropLast(isSpread ? 1 : 0)) + "\(separator)\"\(key)\": \"\(sum.digits)\"\(rest)"
            + String(text[end...])
    }

    /// Whether a text matches its checksum.
    static func verdict(on text: some Collection<UInt8>) -> Verdict {
        let bytes = Array(text)
        guard let brace = bytes.lastIndex(of: UInt8(ascii: "}")) else { return .unsealed }
        for (separator, rest) in [(",\n  ", "\n"), (", ", "")] {
            let head = Array((separator + "\"\(key)\": \"").utf8)
            let tail = Array(("\"" + rest).utf8)
            let start = brace - tail.count - digitCount - head.count
            guard start > 0 else { continue }
            let digits = bytes[(start + head.count)..<(brace - tail.count)]
            guard bytes[start..<start + head.count].elementsEqual(head),
                bytes[(brace - tail.count)..<brace].elementsEqual(tail)
            else { continue }
            var sum = CRC32C()
            sum.update(bytes[..<start])
            sum.update(Array(rest.utf8))
            sum.update(bytes[brace...])
            return digits.elementsEqual(sum.digits.utf8) ? .whole : .damaged
        }
        return .unsealed
    }
}
