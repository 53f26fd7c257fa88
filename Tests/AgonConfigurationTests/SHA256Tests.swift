import AgonConfiguration
import Testing

@Suite struct SHA256Tests {
    /// FIPS 180-2, appendix B, and the empty text.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func publishedHashesAreReached(text: String, expected: String) {
        #expect(SHA256.hex(of: text) == expected)
    }

    @Test func aMillionLettersInOddPieces() {
        var hash = SHA256()
        var left = 1_000_000
        var size = 1
        while left > 0 {
            let count = min(size, left)
            hash.update([UInt8](repeating: UInt8(ascii: "a"), count: count))
            left -= count
            size = size * 3 % 100_003
        }
        #expect(hash.finishHex() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func piecesDoNotMatterAroundBlockEnds() {
        let bytes = (0..<200).map { UInt8($0) }
        for length in [54, 55, 56, 57, 63, 64, 65, 118, 119, 120, 127, 128, 129, 200] {
            var whole = SHA256()
            whole.update(Array(bytes[..<length]))
            for cut in stride(from: 0, through: length, by: 7) {
                var parts = SHA256()
                parts.update(Array(bytes[..<cut]))
                _ = parts.finish()
                parts.update(Array(bytes[cut..<length]))
                #expect(parts.finish() == whole.finish())
            }
        }
    }
}
