import Testing

@testable import AgonReports

@Suite struct ChartScaleTests {
    /// Values between which there are few numbers or none, or whose differences leave the range of Double.
    @Test(
        arguments: [
            [], [0], [-3], [0.1, 0.10000000000000002], [1, 1.0000000000000002], [0.3, 0.30000000000000004],
            [0, 5e-324],
            [5e-324, 1e300], [1e308, -1e308], [1e308, 1.0000000000000002e308], [-1e308], [.infinity, .nan, 1],
            [0.6931472, 0.69314724], [1e15, 1e15 + 1],
        ] as [[Double]], [true, false])
    func ticksOfUnusualValuesAreNumbers(values: [Double], tight: Bool) {
        for wanted in [nil, true, false] {
            let scale = ChartScale(values, count: 5, tight: tight, isLogarithmic: wanted)
            #expect(scale.lower.isFinite && scale.upper.isFinite && scale.lower < scale.upper)
            #expect(scale.ticks.count <= 40 && scale.ticks.allSatisfy(\.isFinite))
            for tick in scale.ticks { #expect(!scale.text(tick).isEmpty) }
            for value in values where value.isFinite { #expect(scale.place(value).isFinite) }
        }
    }
}
