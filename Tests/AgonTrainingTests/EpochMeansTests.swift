import Foundation
import Testing

@testable import AgonTraining

@Suite struct EpochMeansTests {
    private func scalars(_ generator: Float, _ discriminator: Float) -> [(name: String, value: Float)] {
        [("score.real", 9), ("loss.generator", generator), ("loss.discriminator", discriminator)]
    }

    @Test func meansAreOfTheStepsOfAnEpoch() throws {
        var means = EpochMeans(batchesPerStep: 1, batchesPerEpoch: 3)
        var summaries: [EpochMeans.Summary] = []
        for step in 1...7 {
            if let summary = means.observe(step: step, scalars: scalars(Float(step), Float(step) / 2)) {
                summaries.append(summary)
            }
        }
        #expect(
            summaries == [
                .init(
                    epoch: 1, step: 3, means: [("loss.generator", 2), ("loss.discriminator", 1)], largestLossRatio: 2),
                .init(
                    epoch: 2, step: 6, means: [("loss.generator", 5), ("loss.discriminator", 2.5)], largestLossRatio: 2),
            ])
        // log 2, whatever the epoch.
        #expect(summaries.allSatisfy { abs(($0.logLossRatio ?? 0) - 0.6931471805599453) < 1e-15 })
    }

    @Test(arguments: [
        // Two batches a step, five an epoch: batches 5, 10, 15 fall into steps 3, 5, 8.
        (2, 5, [1, 2, 3, 4], [3, 5, 8, 10]),
        // Steps of more than an epoch.
        (5, 2, [2, 5, 7, 10], [1, 2, 3, 4]),
        (4, 4, [1, 2], [1, 2]),
    ])
    func anEpochEndsWithTheStepThatTakesItsLastBatch(
        perStep: Int, perEpoch: Int, epochs: [Int], steps: [Int]
    ) {
        var means = EpochMeans(batchesPerStep: perStep, batchesPerEpoch: perEpoch)
        let found = (1...(steps.last ?? 0)).compactMap { means.observe(step: $0, scalars: scalars(1, 1)) }
        #expect(found.map(\.epoch) == epochs)
        #expect(found.map(\.step) == steps)
    }

    @Test func theLargestRatioIsThatOfAStep() {
        var means = EpochMeans(batchesPerStep: 1, batchesPerEpoch: 4)
        let steps: [(Float, Float)] = [(1, 2), (6, 2), (1, 1), (-1, 1), (1, 4), (0.5, 1), (.infinity, 1), (1, 0)]
        let found = steps.enumerated().compactMap { index, losses in
            means.observe(step: index + 1, scalars: scalars(losses.0, losses.1))?.largestLossRatio
        }
        #expect(found == [3, 0.5])
    }

    @Test func lossesThatAreNotPositiveHaveNoRatio() {
        for losses in [(-1, 1), (1, 0), (0, 1), (1, -3)] as [(Float, Float)] {
            var means = EpochMeans(batchesPerStep: 1, batchesPerEpoch: 1)
            let summary = means.observe(step: 1, scalars: scalars(losses.0, losses.1))
            #expect(summary?.means.map(\.mean) == [Double(losses.0), Double(losses.1)])
            #expect(summary?.logLossRatio == nil)
        }
        var means = EpochMeans(batchesPerStep: 1, batchesPerEpoch: 1)
        #expect(means.observe(step: 1, scalars: [("loss.generator", 1)])?.logLossRatio == nil)
        #expect(means.observe(step: 2, scalars: scalars(.nan, 2))?.means.map(\.name) == ["loss.discriminator"])
        // A ratio that no double could hold has a logarithm.
        let huge = means.observe(step: 3, scalars: scalars(.greatestFiniteMagnitude, .leastNonzeroMagnitude))
        #expect(abs((huge?.logLossRatio ?? 0) - (128 + 149) * log(2)) < 1e-6)
    }

    @Test func stateCarriesOverAnInterruptionBitForBit() {
        func values(_ step: Int) -> [(name: String, value: Float)] {
            scalars(Float(step) * 1.1e-3 + 0.1, 1e4 / Float(step * step % 97 + 1))
        }
        var whole = EpochMeans(batchesPerStep: 1, batchesPerEpoch: 500)
        var parts = whole
        for step in 1...1000 {
            let expected = whole.observe(step: step, scalars: values(step))
            var resumed = EpochMeans(batchesPerStep: 1, batchesPerEpoch: 500)
            resumed.state = parts.state
            let found = resumed.observe(step: step, scalars: values(step))
            #expect(found == expected && (found == nil) == (step % 500 != 0))
            #expect(resumed.state == whole.state && whole.state.count == 9)
            parts = resumed
        }
    }

    @Test func sumsKeepWhatAFloatWouldLose() {
        var means = EpochMeans(batchesPerStep: 1, batchesPerEpoch: 1_000_000)
        var summary: EpochMeans.Summary?
        for step in 1...1_000_000 { summary = means.observe(step: step, scalars: [("loss.generator", 0.1)]) }
        // A float's sum would be 100958.34; a pair's error is below a million roundings of 2^-48 of the sum.
        #expect(abs((summary?.means[0].mean ?? 0) - Double(Float(0.1))) < 1e-9)
        var pair = FloatPair()
        for _ in 0..<4 { pair.add(.greatestFiniteMagnitude) }
        #expect(pair.value == Double(Float.greatestFiniteMagnitude) && pair.low == 0)
    }
}
