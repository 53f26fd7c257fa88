import AgonConfiguration
import Testing

@Suite struct SHA256Tests {
    /// FIPS 180-2, appendix B, and the empty text.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func publishedHashesAreReached(text: String, expected: String) {
        #expect(SHA256.hex(of: text) == expected)
        var parts = SHA256()
        for byte in text.utf8 { parts.update([byte]) }
        #expect(parts.finishHex() == expected)
    }
}
