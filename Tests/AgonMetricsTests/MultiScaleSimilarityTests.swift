import AgonTensors
import Testing

@testable import AgonMetrics

@Suite struct MultiScaleSimilarityTests {
    /// Images of whole numbers that any program can make: 0 a ramp, 1 the ramp with noise, 2 another texture, 3 the
    /// ramp's negative.
    private func image(_ height: Int, _ width: Int, _ channels: Int, kind: Int) -> Tensor {
        var values: [Float] = []
        for r in 0..<height {
            for c in 0..<width {
                for k in 0..<channels {
                    let ramp = (r * 3 + c * 2 + k * 40) % 256
                    switch kind {
                    case 0: values.append(Float(ramp))
                    case 1: values.append(Float(min(max(ramp + (r * 7 + c * 13 + k * 5) % 41 - 20, 0), 255)))
                    case 2: values.append(Float((r * 5 + c * c * 3 + k * 17 + r * c) % 256))
                    default: values.append(Float(255 - ramp))
                    }
                }
            }
        }
        return Tensor(shape: [height, width, channels], values: values)
    }

    /// Expected values by NumPy 2.4.6 and SciPy 1.17.1: windows by `scipy.signal.convolve2d(..., mode="valid")` with
    /// the two-dimensional kernel, halving by `numpy.pad(..., mode="symmetric")` and means of 2 x 2.
    @Test(arguments: [
        (176, 180, 3, [0.9532421096585878, 0.025346024339734863, 0]),
        (175, 190, 1, [0.9463177379172926, 0.03611785157719463, 0]),
        (64, 64, 3, [0.928058251686816, 0.03190228775225618, 0]),
        (33, 47, 1, [0.8393544202086709, 0.02794283675345201, 0]),
        (11, 11, 2, [0.45542201700062795, 0.07172992851507655, 0.0006790278423443267]),
        (22, 23, 1, [0.8508377293014295, 0.023231256248871214, 0]),
    ]) func matchesTheReference(height: Int, width: Int, channels: Int, expected: [Double]) throws {
        let first = image(height, width, channels, kind: 0)
        for (kind, value) in zip(1..., expected) {
            let other = image(height, width, channels, kind: kind)
            let found = try MultiScaleSimilarity.between(first, other)
            // Differences of squares of 255 round at 1e-11; powers of small contrasts multiply that.
            #expect(abs(found - value) < 1e-9, "kind \(kind): \(found), reference \(value)")
            #expect(abs(try MultiScaleSimilarity.between(other, first) - found) < 1e-12, "symmetric")
        }
        #expect(abs(try MultiScaleSimilarity.between(first, first) - 1) < 1e-12)
    }

    @Test func smallerImagesHaveFewerScales() {
        let scales = [10, 11, 21, 22, 44, 87, 88, 175, 176, 512].map {
            MultiScaleSimilarity.scaleCount(height: $0, width: 600)
        }
        #expect(scales == [0, 1, 1, 2, 3, 3, 4, 4, 5, 5])
        #expect(MultiScaleSimilarity.scaleCount(height: 600, width: 22) == 2)
    }

    @Test func meanIsThatOfItsPairs() throws {
        let images = (0..<3).map { image(12, 13, 1, kind: $0) }
        let set = Tensor(shape: [3, 12, 13, 1], values: images.flatMap(\.values))
        let pairs = MultiScaleSimilarity.drawPairs(40, of: 3, seed: 5)
        #expect(pairs.allSatisfy { $0.first != $0.second && (0..<3).contains($0.first) && (0..<3).contains($0.second) })
        #expect(Set(pairs.map { 3 * $0.first + $0.second }).count == 6, "40 draws miss one of six pairs once in 200")
        var sum = 0.0
        for pair in pairs { sum += try MultiScaleSimilarity.between(images[pair.first], images[pair.second]) }
        let found = try MultiScaleSimilarity.meanOverPairs(of: set, pairs: 40, seed: 5)
        #expect(abs(found.mean - sum / 40) < 1e-14)
        #expect(found.deviation > 0.1)
        #expect(try MultiScaleSimilarity.meanOverPairs(of: set, pairs: 40, seed: 5, threads: 3) == found)
        #expect(try MultiScaleSimilarity.meanOverPairs(of: set, pairs: 40, seed: 6) != found)
    }

    @Test func collapsedImagesAreAlike() throws {
        let one = image(24, 24, 3, kind: 2)
        let set = Tensor(shape: [4, 24, 24, 3], values: (0..<4).flatMap { _ in one.values })
        let found = try MultiScaleSimilarity.meanOverPairs(of: set, pairs: 10, seed: 1)
        #expect(abs(found.mean - 1) < 1e-12 && found.deviation < 1e-12)
    }

    @Test func unusableImagesAreErrors() {
        let small = Tensor(shape: [2, 10, 40, 1], repeating: 0)
        #expect(throws: MetricError.imageTooSmall(height: 10, width: 40, needed: 11)) {
            try MultiScaleSimilarity.meanOverPairs(of: small, seed: 1)
        }
        #expect(throws: MetricError.tooFewSamples(metric: "MS-SSIM", set: "generated", count: 1, needed: 2)) {
            try MultiScaleSimilarity.meanOverPairs(of: Tensor(shape: [1, 20, 20, 1], repeating: 0), seed: 1)
        }
        var broken = Tensor(shape: [2, 11, 11, 1], repeating: 0)
        broken.values[121 + 5] = .infinity
        #expect(throws: MetricError.badValue(metric: "MS-SSIM", row: 1, column: 5, value: .infinity)) {
            try MultiScaleSimilarity.meanOverPairs(of: broken, seed: 1)
        }
        #expect(
            MetricError.imageTooSmall(height: 10, width: 40, needed: 11).description
                == "MS-SSIM: images of 10 x 40 pixels, at least 11 x 11 are needed")
    }
}
