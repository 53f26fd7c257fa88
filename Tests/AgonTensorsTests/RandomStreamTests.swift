import AgonTensors
import CAgonKernels
import Foundation
import Testing

@Suite struct RandomStreamTests {
    /// Philox4x32-10 as the paper states it: one block, four words.
    private func philox(_ counter: [UInt32], key: [UInt32]) -> [UInt32] {
        var (x, k0, k1) = (counter, key[0], key[1])
        for _ in 0..<10 {
            let first = x[0].multipliedFullWidth(by: 0xD251_1F53)
            let second = x[2].multipliedFullWidth(by: 0xCD9E_8D57)
            x = [second.high ^ x[1] ^ k0, second.low, first.high ^ x[3] ^ k1, first.low]
            k0 &+= 0x9E37_79B9
            k1 &+= 0xBB67_AE85
        }
        return x
    }

    private func bits(key: UInt64, step: UInt64, first: UInt64, count: Int) -> [UInt32] {
        var words = [UInt32](repeating: 0, count: count)
        agon_random_bits(key, step, first, &words, count)
        return words
    }

    /// The known answers of Random123 (`kat_vectors`, philox4x32, 10 rounds).
    @Test func knownAnswers() {
        let ones = UInt32.max
        #expect(
            philox([0, 0, 0, 0], key: [0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        #expect(
            philox([ones, ones, ones, ones], key: [ones, ones])
                == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
        #expect(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], key: [0xa409_3822, 0x299f_31d0])
                == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
        #expect(
            bits(key: 0, step: 0, first: 0, count: 4) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    }

    @Test(arguments: [
        (0, 0, 0), (0x299f_31d0_a409_3822, 0x0370_7344_1319_8a2e, 0x0000_0001_0000_0002), (7, 1 << 40, 99),
    ])
    func kernelMatchesTheDefinition(key: UInt64, step: UInt64, block: UInt64) {
        let low = { (word: UInt64) in UInt32(truncatingIfNeeded: word) }
        var expected: [UInt32] = []
        for index in block..<block + 20 {
            expected += philox(
                [low(index), low(index >> 32), low(step), low(step >> 32)], key: [low(key), low(key >> 32)])
        }
        #expect(bits(key: key, step: step, first: 4 * block, count: 80) == expected)
    }

    @Test func partsEqualTheWhole() {
        let stream = RandomStream(seed: 42, purpose: "parts", step: 3)
        let count = 1000
        let (words, uniform, normal) = (
            stream.bits(count: count), stream.uniform(count: count, in: -1..<1), stream.normal(count: count, mean: 1)
        )
        for (first, length) in [(0, 1), (1, 1), (3, 5), (31, 34), (255, 2), (256, 257), (511, 489), (999, 1), (5, 0)] {
            let range = first..<first + length
            #expect(stream.bits(first: first, count: length) == Array(words[range]))
            #expect(stream.uniform(first: first, count: length, in: -1..<1) == Array(uniform[range]))
            #expect(stream.normal(first: first, count: length, mean: 1) == Array(normal[range]), "\(range)")
        }
    }

    @Test func streamsDifferBySeedPurposeAndStep() {
        let base = RandomStream(seed: 1, purpose: "latent", step: 1)
        let others = [
            RandomStream(seed: 2, purpose: "latent", step: 1), RandomStream(seed: 1, purpose: "order", step: 1),
            RandomStream(seed: 1, purpose: "latent", step: 2), RandomStream(seed: 0, purpose: "latent", step: 1),
        ]
        #expect(base.bits(count: 64).count == 64)
        for other in others { #expect(zip(base.bits(count: 64), other.bits(count: 64)).allSatisfy { $0 != $1 }) }
        #expect(base.bits(count: 64) == RandomStream(seed: 1, purpose: "latent", step: 1).bits(count: 64))
    }

    /// Mean, variance and fourth moment, and correlation with the next number, within five standard errors.
    @Test func momentsOfNormalNumbers() {
        let count = 200_000
        let values = RandomStream(seed: 5, purpose: "moments").normal(count: count, mean: 3, deviation: 2)
            .map { (Double($0) - 3) / 2 }
        let n = Double(count)
        #expect(abs(values.reduce(0, +) / n) < 5 / n.squareRoot())
        #expect(abs(values.reduce(0) { $0 + $1 * $1 } / n - 1) < 5 * (2 / n).squareRoot())
        #expect(abs(values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n - 3) < 5 * (96 / n).squareRoot())
        #expect(abs(zip(values, values.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / n) < 5 / n.squareRoot())
        // Tails: P(|x| > 3) = 0.0027.
        let beyond = Double(values.count { abs($0) > 3 })
        #expect(abs(beyond - 0.0027 * n) < 5 * (0.0027 * n).squareRoot())
    }

    /// Latents of a training: no element, step, purpose or seed tells of another. Products of independent normal
    /// numbers have mean 0 and variance 1; each mean is within five standard errors.
    @Test func batchesAreUncorrelated() {
        let (rows, size, steps) = (64, 100, 200)
        func batch(_ step: Int, _ purpose: String = "step/latent", seed: UInt64 = 0) -> [Float] {
            RandomStream(seed: seed, purpose: purpose, step: UInt64(step)).normal(count: rows * size)
        }
        func correlation(_ pairs: some Sequence<(Float, Float)>) -> (mean: Double, error: Double) {
            var (sum, count) = (0.0, 0.0)
            for (a, b) in pairs {
                sum += Double(a) * Double(b)
                count += 1
            }
            return (sum / count, 1 / count.squareRoot())
        }
        let batches = (0..<steps).map { batch($0) }
        let all = batches.flatMap { $0 }
        let others: [(String, [Float])] = [
            ("the next step", batches.dropFirst().flatMap { $0 } + batches[0]),
            ("another purpose", (0..<steps).flatMap { batch($0, "step/latent.generator") }),
            ("another seed", (0..<steps).flatMap { batch($0, seed: 1) }),
            ("the next element", batches.flatMap { Array($0.dropFirst()) + [$0[0]] }),
            ("the next row", batches.flatMap { Array($0.dropFirst(size)) + Array($0.prefix(size)) }),
        ]
        for (name, other) in others {
            let found = correlation(zip(all, other))
            #expect(abs(found.mean) < 5 * found.error, "\(name): \(found.mean)")
        }
        // Nor do their squares, as they would if lengths went together: variance 4 of a product of two.
        for (name, other) in others {
            let squares = zip(all, other).map { ($0 * $0 - 1, $1 * $1 - 1) }
            let found = correlation(squares)
            #expect(abs(found.mean) < 5 * 2 * found.error, "squares of \(name): \(found.mean)")
        }
    }

    @Test func uniformNumbersFillTheirRange() {
        let count = 100_000
        let values = RandomStream(seed: 6, purpose: "range").uniform(count: count, in: -2..<6)
        #expect(values.allSatisfy { $0 >= -2 && $0 < 6 })
        var bins = [Int](repeating: 0, count: 16)
        for value in values { bins[Int((value + 2) * 2)] += 1 }
        let expected = Double(count) / 16
        let chiSquared = bins.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        #expect(chiSquared < 44.3, "15 degrees of freedom, probability 1e-4")
    }

    @Test(arguments: [0, 1, 2, 7, 1000])
    func permutationHoldsEachIndexOnce(count: Int) {
        let order = RandomStream(seed: 8, purpose: "order").permutation(count: count)
        #expect(order.sorted() == Array(0..<count))
    }

    @Test func permutationsOfThreeAreEquallyLikely() {
        var counts: [[Int]: Int] = [:]
        for step in 0..<6000 {
            counts[RandomStream(seed: 9, purpose: "order", step: UInt64(step)).permutation(count: 3), default: 0] += 1
        }
        #expect(counts.count == 6)
        for (order, count) in counts { #expect(abs(count - 1000) < 150, "\(order)") }
    }
}
