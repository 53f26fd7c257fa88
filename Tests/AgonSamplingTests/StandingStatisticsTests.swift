import AgonAdversarial
import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonScoring
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonSampling
@testable import AgonTraining

@Suite struct StandingStatisticsTests {
    private let golden: SafetensorsFile
    private let network: Network

    init() throws {
        golden = try SafetensorsFile(path: projectFolder + "/Tests/Fixtures/standing/statistics.safetensors")
        let layers = try #require(golden.metadata["layers"])
        let node = try ConfigNode.parse("{\"layers\": \(layers)}", file: "layers")
        network = try Network(
            name: "generator", configuration: ConfigReader.decode(NetworkConfiguration.self, from: node).value,
            input: [6], condition: 3, seed: 1)
        for variable in network.variables {
            #expect(variable.importing(try golden.tensor("initial.\(variable.name)")), "\(variable.name)")
        }
    }

    private func standing(_ batches: Int) throws -> StandingStatistics {
        let (latents, conditions) = (try golden.tensor("latents"), try golden.tensor("conditions"))
        func batch(_ tensor: Tensor, _ index: Int) -> [Float] {
            let count = tensor.shape.count / tensor.shape[0]
            return Array(tensor.values[index * count..<(index + 1) * count])
        }
        return try StandingStatistics(
            of: network, batches: batches, batchSize: 5, conditionSize: 3, pool: WorkerPool(threads: 1)
        ) { (batch(latents, $0), batch(conditions, $0)) }
    }

    private func worstError(_ found: [Float], _ expected: [Float]) -> Float {
        guard found.count == expected.count else { return .infinity }
        let scale = expected.map(abs).max() ?? 1
        return zip(found, expected).map { abs($0 - $1) / scale }.max() ?? .infinity
    }

    @Test func statisticsAndImagesAreThoseOfPyTorch() throws {
        let parameters = network.parameters.map(\.values)
        try standing(4).accumulate()
        for variable in network.statistics {
            let expected = try golden.tensor("standing.\(variable.name)")
            // Single precision through three layers.
            #expect(worstError(variable.exported().values, expected.values) < 2e-6, "\(variable.name)")
        }
        #expect(network.statistics.count == 4)
        #expect(network.parameters.map(\.values) == parameters)
        let sampler = try Sampler(network, conditionSize: 3, count: 5, pool: WorkerPool(threads: 1), seed: 0)
        let images = sampler.samples(
            from: Array(try golden.tensor("latents").values.prefix(30)),
            conditions: Array(try golden.tensor("conditions").values.prefix(15)))
        #expect(worstError(images.values, try golden.tensor("images").values) < 1e-5)
    }

    @Test func theFormerStatisticsReturn() throws {
        let former = network.variables.map(\.values)
        let inside = try standing(2).during { network.variables.map(\.values) }
        #expect(inside != former)
        #expect(network.variables.map(\.values) == former)
    }

    // MARK: Runs

    @Test func samplesOfARunDependOnTheNumberOfBatchesAlone() throws {
        let folder = try TemporaryFolder()
        let run = folder.path + "/run"
        _ = try TrainingRun.run(TinyExperiment.load("steps=2"), options: TinyExperiment.options(run))
        func samples(_ batches: Int?, threads: Int = 1) throws -> Tensor {
            try Sampling(run: run, standingStatistics: batches, threads: threads).draw(.first(5), seed: 1, threads: 1)
                .samples
        }
        let four = try samples(4)
        #expect(try samples(4, threads: 2) == four)
        #expect(try samples(5) != four)
        #expect(try samples(nil) != four)
        #expect(try samples(nil) == Sampling(run: run).draw(.first(5), seed: 1, threads: 1).samples)
    }

    @Test func generatorsWithoutBatchNormAreRefused() throws {
        let folder = try TemporaryFolder()
        let run = folder.path + "/run"
        let plain = #"generator.layers=[{"type": "linear", "features": 2}]"#
        _ = try TrainingRun.run(TinyExperiment.load("steps=1", plain), options: TinyExperiment.options(run))
        let text =
            "standing statistics: no layer of the generator is a 'batchNorm' or 'conditionalBatchNorm'; leave them out"
        #expect(message { _ = try Sampling(run: run, standingStatistics: 4) } == text)
        // Before the first step, where training would measure with them.
        let measured = folder.path + "/measured"
        let experiment = try TinyExperiment.load(plain, #"evaluate={"standingStatistics": 4, "modeSamples": 20}"#)
        #expect(message { _ = try TrainingRun.run(experiment, options: TinyExperiment.options(measured)) } == text)
        #expect(!FileManager.default.fileExists(atPath: measured))
    }

    @Test func frozenNormsKeepTheirStatistics() throws {
        let layers =
            #"[{"type": "sequence", "frozen": true, "layers": ["batchNorm"]}, {"type": "linear", "features": 2}]"#
        let node = try ConfigNode.parse("{\"layers\": \(layers)}", file: "layers")
        let frozen = try Network(
            name: "generator", configuration: ConfigReader.decode(NetworkConfiguration.self, from: node).value,
            input: [4], seed: 1)
        let training = try TinyExperiment.load().configuration.training
        #expect(throws: SamplingError.self) { try StandingStatistics.check(frozen, training: training) }
    }
}
