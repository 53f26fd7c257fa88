import CAgonKernels
import Testing

@Suite struct RandomTests {
    private func bits(key: UInt64, step: UInt64, first: UInt64, count: Int) -> [UInt32] {
        var words = [UInt32](repeating: 0, count: count)
        agon_random_bits(key, step, first, &words, count)
        return words
    }

    /// Random123's `kat_vectors` for philox4x32 with 10 rounds, at counter and key 0. (Its other counters lie beyond
    /// the elements that 64 bits can number; `RandomStreamTests` reaches them through a plain Philox.)
    @Test func knownAnswer() {
        #expect(bits(key: 0, step: 0, first: 0, count: 4) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    }

    /// Words do not depend on how the stream is cut, at the ends of blocks of 4 words and of 8 lanes.
    @Test(arguments: [(0, 1), (3, 2), (31, 2), (30, 70), (127, 1), (64, 64), (5, 0)])
    func partsEqualTheWhole(first: Int, count: Int) {
        let whole = bits(key: 9, step: 1 << 33, first: 0, count: 200)
        #expect(bits(key: 9, step: 1 << 33, first: UInt64(first), count: count) == Array(whole[first..<first + count]))
    }

    /// In single precision low + (high - low) u rounds to high for u near 1. The upper 24 bits of word 8 771 103 are
    /// all ones, which makes the greatest u there is.
    @Test(arguments: [(Float(1), Float(2)), (0, 1), (-3, 5), (1000, 1001), (-2, -1), (0.5, 1)])
    func upperBoundIsNeverDrawn(low: Float, high: Float) {
        let place: UInt64 = 8_771_103
        #expect(bits(key: 77, step: 0, first: place, count: 1)[0] >> 8 == 0xff_ffff)
        var number: Float = 0
        agon_random_uniform(77, 0, place, &number, 1, low, high)
        #expect(number < high && number >= high - 2 * high.ulp)

        var numbers = [Float](repeating: 0, count: 200_000)
        agon_random_uniform(77, 0, 0, &numbers, numbers.count, low, high)
        let (least, most) = numbers.reduce((high, low)) { (min($0.0, $1), max($0.1, $1)) }
        #expect(least >= low && most < high)
        // 200 000 numbers come closer to the bounds than this, but for one case in 10^21.
        #expect(least < low + (high - low) / 4000 && most > high - (high - low) / 4000)
    }

    /// Odd starts: each number comes from a pair of words.
    @Test func normalNumbersDoNotDependOnTheCut() {
        var whole = [Float](repeating: 0, count: 600)
        agon_random_normal(3, 4, 0, &whole, 600, 1, 2)
        for (first, count) in [(1, 1), (255, 3), (256, 257), (1, 598), (0, 2)] {
            var part = [Float](repeating: 0, count: count)
            agon_random_normal(3, 4, UInt64(first), &part, count, 1, 2)
            #expect(part == Array(whole[first..<first + count]), "\(first), \(count)")
        }
    }
}
