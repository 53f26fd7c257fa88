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
        #expect(found.allSatisfy { abs($0) <= bound })
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

    @Test func wideBoundsChangeNothing() {
        let values: [Float] = [-2.5, -0.1, 0, 1.25]
        let found = LatentTruncation.truncated(values, to: 8)
        #expect(zip(values, found).allSatisfy { abs($0 - $1) < 1e-5 })
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
