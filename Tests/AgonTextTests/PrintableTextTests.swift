import Testing

@testable import AgonText

@Suite struct PrintableTextTests {
    @Test func cellsAreOneLine() { #expect("a\nb\tc\r\nd\u{1B}".oneLine == #"a\nb\tc\r\nd\x1B"#) }
}
