import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonSampling
@testable import AgonScoring
@testable import AgonTraining

@Suite struct LatentTruncationTests {
    /// Moments of a normal number cut at ±t: mean 0, variance `1 - 2 t φ(t) / (Φ(t) - Φ(-t))`.
    @Test(arguments: [0.3, 0.7, 1.5]) func numbersAreNormalOnesCutAtTheBounds(bound: Double) {
        let values = RandomStream(seed: 3, purpose: "latents").normal(count: 20_000)
        let found = LatentTruncation.truncated(values, to: bound).map(Double.init)
        #expect(found.count == 20_000 && found.allSatisfy { abs($0) <= bound })
        let density = exp(-bound * bound / 2) / (2 * Double.pi).squareRoot()
        let variance = 1 - 2 * bound * density / erf(bound / 2.0.squareRoot())
        let mean = found.reduce(0, +) / 20_000
        let square = found.reduce(0) { $0 + $1 * $1 } / 20_000
        // Five standard errors; of the square at most those of a uniform number.
        #expect(abs(mean) < 5 * (variance / 20_000).squareRoot())
        #expect(abs(square - variance) < 5 * bound * bound / 20_000.0.squareRoot())
        // The order of samples stays.
        let pairs = zip(values, found).sorted { $0.0 < $1.0 }.map(\.1)
        #expect(zip(pairs, pairs.dropFirst()).allSatisfy { $0 <= $1 })
    }

    /// The probability that a normal number is below z.
    private func distribution(_ z: Double) -> Double { (1 + erf(z / 2.0.squareRoot())) / 2 }

    /// The probability that a normal number within ±t is below z.
    private func distribution(_ z: Double, within bound: Double) -> Double {
        (distribution(z) - distribution(-bound)) / (distribution(bound) - distribution(-bound))
    }

    /// The share of numbers within the bounds that are below the result is the share of all that are below the value.
    @Test(arguments: [0.05, 0.7, 2.5]) func eachNumberKeepsItsQuantile(bound: Double) {
        let values = RandomStream(seed: 5, purpose: "latents").normal(count: 1000)
        let found = LatentTruncation.truncated(values, to: bound)
        #expect(found.count == 1000)
        for (value, truncated) in zip(values, found) {
            #expect(abs(distribution(Double(truncated), within: bound) - distribution(Double(value))) < 1e-6)
        }
    }

    /// Truncation by its definition: a number beyond the bounds is drawn again until it is within.
    @Test(arguments: [0.3, 0.7, 1.5]) func theDistributionIsThatOfRedrawnNumbers(bound: Double) throws {
        let count = 20_000
        let found = LatentTruncation.truncated(
            RandomStream(seed: 3, purpose: "latents").normal(count: count), to: bound)
        let drawn = RandomStream(seed: 4, purpose: "latents").normal(count: 10 * count)
        let redrawn = Array(drawn.filter { abs(Double($0)) <= bound }.prefix(count))
        try #require(redrawn.count == count)
        for tenth in -9...9 {
            let point = bound * Double(tenth) / 10
            let expected = distribution(point, within: bound)
            // Five standard errors.
            let error = 5 * (expected * (1 - expected) / Double(count)).squareRoot()
            for numbers in [found, redrawn] {
                let share = Double(numbers.count { Double($0) < point }) / Double(count)
                #expect(abs(share - expected) < error)
            }
        }
    }

    @Test func samplesAreThoseOfTruncatedLatents() throws {
        let folder = try TemporaryFolder()
        let run = folder.path + "/run"
        _ = try TrainingRun.run(TinyExperiment.load("steps=2"), options: TinyExperiment.options(run))
        let sampling = try Sampling(run: run)
        let values = RandomStream(seed: 5, purpose: "drawn samples").normal(count: 12)
        let latents = LatentTruncation.truncated(values, to: 0.5)
        let names = ["a", "b", "c"]
        try sampling.saved.save(
            names.enumerated().map { (name: $1, values: Array(latents[4 * $0..<4 * $0 + 4])) }, replacing: false)
        let samples = try sampling.draw(.first(3), seed: 5, truncation: 0.5, threads: 1).samples
        #expect(try sampling.draw(.expressions(names), seed: 0, threads: 1).samples == samples)
        #expect(try sampling.draw(.first(3), seed: 5, threads: 1).samples != samples)
    }

    @Test func wideBoundsChangeNothing() {
        let values: [Float] = [-2.5, -0.1, 0, 1.25]
        let found = LatentTruncation.truncated(values, to: 8)
        #expect(found.count == 4 && zip(values, found).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test func onlyNormalLatentsAreTruncated() throws {
        let folder = try TemporaryFolder()
        let run = folder.path + "/run"
        _ = try TrainingRun.run(
            TinyExperiment.load("steps=2", "latent.distribution=uniform"), options: TinyExperiment.options(run))
        #expect(
            message { _ = try Sampling(run: run).draw(.first(1), seed: 0, truncation: 0.5, threads: 1) }
                == "--truncation: the run's latents are 'uniform'; only normal ones can be truncated")
    }
}
