import Testing

@testable import AgonText

@Suite struct NumberTextTests {
    @Test func significantDigits() {
        #expect(NumberText.significant(0.0123456) == "0.01235")
        #expect(NumberText.significant(12.3456) == "12.35")
        #expect(NumberText.significant(1234.56) == "1235")
        #expect(NumberText.significant(999.96, digits: 4) == "1000")
        #expect(NumberText.significant(-0.5, digits: 2) == "-0.50")
        #expect(NumberText.significant(0) == "0")
        #expect(NumberText.significant(-0.0) == "0")
        #expect(NumberText.significant(8) == "8.000")
        #expect(NumberText.brief(8) == "8")
        #expect(NumberText.brief(100) == "100")
        #expect(NumberText.brief(0.006) == "0.006")
        #expect(NumberText.brief(1.0 / 3) == "0.3333")
        #expect(NumberText.brief(0) == "0")
        #expect(NumberText.brief(1e8) == "1e8")
        #expect(NumberText.significant(12_345_678) == "1.235e7")
        #expect(NumberText.significant(99_999_999) == "1.000e8")
        #expect(NumberText.significant(0.0000123456) == "1.235e-5")
        #expect(NumberText.significant(.nan) == "nan")
    }

    @Test func zeroHasNoSign() {
        #expect(NumberText.fixed(-0.001, decimals: 2) == "0.00")
        #expect(NumberText.fixed(-0.006, decimals: 2) == "-0.01")
    }

    @Test func groupsOfThree() {
        #expect(NumberText.grouped(0) == "0")
        #expect(NumberText.grouped(999) == "999")
        #expect(NumberText.grouped(-1000) == "-1,000")
        #expect(NumberText.grouped(1_234_567) == "1,234,567")
        #expect(NumberText.grouped(-123_456.789, decimals: 1) == "-123,456.8")
    }

    @Test func shortestDigits() {
        #expect(NumberText.shortest(10) == "10")
        #expect(NumberText.shortest(0.25) == "0.25")
    }

    /// A deviation has two significant digits, a mean alone four, a count none behind the point.
    @Test func decimalsOfOneValue() {
        #expect(NumberText.decimals(mean: 12.3456, deviation: 0.5678) == 2)
        #expect(NumberText.decimals(mean: 12.3456, deviation: 5.678) == 1)
        #expect(NumberText.decimals(mean: 12.3456, deviation: 56.78) == 0)
        #expect(NumberText.decimals(mean: 12.3456, deviation: 0.0996) == 2)
        #expect(NumberText.decimals(mean: 12.3456, deviation: nil) == 2)
        #expect(NumberText.decimals(mean: 8, deviation: 0) == 0)
        #expect(NumberText.decimals(mean: 8, deviation: nil) == 0)
        #expect(NumberText.decimals(mean: 0.00123, deviation: nil) == 6)
    }

    @Test func aColumnHasOneNumberOfDecimals() {
        // Two decimals suit the first, one the others.
        #expect(NumberText.decimals(ofColumn: [(12.34, 0.56), (45.6, 3.1), (45.6, 2.1)]) == 1)
        // No deviation becomes zero, no mean keeps less than two digits.
        #expect(NumberText.decimals(ofColumn: [(12.34, 0.02), (45.6, 3.1), (45.6, 2.1)]) == 2)
        #expect(NumberText.decimals(ofColumn: [(0.012, 0.5), (45.6, 3.1), (45.6, 2.1)]) == 3)
        // Counts.
        #expect(NumberText.decimals(ofColumn: [(8, 0), (7, 0)]) == 0)
        #expect(NumberText.decimals(ofColumn: [(1, nil), (784, nil)]) == 0)
        // Whole numbers among others have the others' decimals.
        #expect(NumberText.decimals(ofColumn: [(8, 0), (7.67, 0.58)]) == 2)
        // Sizes that have nothing in common.
        #expect(NumberText.decimals(ofColumn: [(0.00123, nil), (12_345, nil)]) == nil)
        #expect(NumberText.decimals(ofColumn: []) == nil)
    }

    @Test func cellsOfATable() {
        #expect(NumberText.cell(12.345, decimals: 1) == "12.3")
        #expect(NumberText.cell(5_130_241, decimals: 0) == "5,130,241")
        #expect(NumberText.cell(12_345_678, decimals: 0) == "12,345,678")
        #expect(NumberText.cell(0.00001, decimals: 2) == "1.000e-5")
        #expect(NumberText.cell(0, decimals: 2) == "0.00")
        #expect(NumberText.deviation(0.0004, decimals: 2) == "0.0004")
        #expect(NumberText.deviation(0.04, decimals: 2) == "0.04")
        #expect(NumberText.deviation(0, decimals: 2) == "0.00")
        #expect(NumberText.cell(.infinity, decimals: 2) == "inf")
    }

    @Test func controlCharactersAreShown() {
        #expect("a\u{0}b\u{1b}[31m\u{9b}2J\u{7f}".printable == #"a\x00b\x1B[31m\x9B2J\x7F"#)
        #expect("é 漢 \n\t'".printable == "é 漢 \n\t'")
    }
}
