import AgonGraph
import AgonScoring
import AgonTestSupport
import Testing

@testable import AgonSampling
@testable import AgonTraining

/// Samples of a generator that draws random numbers itself.
@Suite struct NoisySamplingTests {
    @Test func samplesKeepTheirNoiseByNumber() throws {
        let folder = try TemporaryFolder()
        let generator =
            #"generator.layers=[{"type": "linear", "features": 2}, {"type": "noise", "deviation": 1, "atEvaluation": true}]"#
        let run = folder.path + "/run"
        _ = try TrainingRun.run(TinyExperiment.load("steps=1", generator), options: TinyExperiment.options(run))
        let sampling = try Sampling(run: run)
        let all = try sampling.draw(.first(150), seed: 1, threads: 1).samples.values
        let picked = try sampling.draw(.picked([3, 66, 140]), seed: 1, threads: 1).samples.values
        for (position, number) in [3, 66, 140].enumerated() {
            #expect(picked[2 * position..<2 * position + 2] == all[2 * number - 2..<2 * number])
        }
        // Without its latent a sample is noise alone, which no two samples share.
        let same = [Float](repeating: 0, count: 4 * 150)
        let sampler = try Sampler(
            TrainedGenerator(run: run, checkpoint: nil, weights: .raw) { _ in }.network, count: 150,
            pool: WorkerPool(threads: 1), seed: 1)
        let noise = sampler.samples(from: same).values
        #expect(Set(stride(from: 0, to: 300, by: 2).map { noise[$0] }).count == 150)
    }
}
