import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonExperiments
@testable import AgonTraining

/// Trainings that a program controls.
@Suite struct GANTrainerTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func trainer(_ overrides: String...) throws -> GANTrainer {
        let configuration = try Experiment(
            ConfigNode.parse(TinyExperiment.text, file: "tiny.json").applying(overrides)
        ).configuration
        return try GANTrainer(
            generator: configuration.generator.layers, discriminator: configuration.discriminators[0].layers,
            dataset: configuration.dataset.open(
                searchPath: DataSearchPath(roots: [], manifestFolders: [], fetchFolder: folder.path)),
            settings: configuration.training, seed: configuration.seed, threads: 1)
    }

    private func weights(of trainer: GANTrainer, _ name: String = "generator.0.weight") throws -> [Float] {
        let path = folder.path + "/weights.safetensors"
        try trainer.writeWeights(to: path)
        return try SafetensorsFile(path: path).tensor(name).values
    }

    @Test func programAndConfigTrainTheSameWeights() throws {
        let run = folder.path + "/run"
        _ = try TrainingRun.run(TinyExperiment.load(), options: TinyExperiment.options(run), report: { _ in })
        let trainer = try trainer()
        for _ in 1...24 { try trainer.step() }
        let saved = try SafetensorsFile(path: run + "/checkpoints/step-0000024.safetensors")
        for name in ["generator.0.weight", "discriminator.3.weight"] {
            #expect(try weights(of: trainer, name) == saved.tensor(name).values)
        }
    }

    /// Older weights train for a few iterations, but samples and files are of the newest.
    @Test func samplesOfASwapAreOfTheNewestWeights() throws {
        let trainer = try trainer(#"tricks={"checkpointSwap": {"every": 4, "iterations": 2}}"#)
        for _ in 1...4 { try trainer.step() }
        let (newest, samples) = (try weights(of: trainer), try trainer.samples(3).values)
        for _ in 5...6 {
            try trainer.step()
            #expect(try weights(of: trainer) == newest && trainer.samples(3).values == samples)
        }
        try trainer.step()
        #expect(try weights(of: trainer) != newest && trainer.samples(3).values != samples)
    }

    @Test(arguments: [2, 5]) func weightsThatAreReadStayThroughASwap(iterations: Int) throws {
        let source = try trainer("seed=8")
        let path = folder.path + "/other.safetensors"
        try source.writeWeights(to: path)
        let trainer = try trainer(
            #"tricks={"checkpointSwap": {"every": 4, "iterations": 2}, "averaging": {"decay": 0.99}}"#,
            #"optimizer={"type": "sgd", "learningRate": 1e-30}"#)
        for _ in 0..<iterations { try trainer.step() }
        try trainer.readWeights(from: path)
        #expect(try weights(of: trainer, "average.0.weight") == weights(of: source))
        // Steps as small as these leave the weights alone, so they are those of the file before, in and after a swap.
        for _ in 0..<8 {
            try trainer.step()
            #expect(try weights(of: trainer) == weights(of: source))
        }
    }

    @Test func steepestDirectionIsMeasuredAtTheEndOfAnEpoch() throws {
        let trainer = try trainer(
            #"ensemble={"copies": 2, "combination": "hypervolume", "steepestDirection": true}"#, "objective=gan",
            "dataset.count=24")
        let measured = try (1...6).map { _ in try trainer.step().contains { $0.name == "steepestDirection" } }
        #expect(measured == [false, false, true, false, false, true])
    }

    @Test func slackThatGrowsByEvaluationsIsRefused() {
        #expect(throws: AdversarialError.growthWithoutEvaluations) {
            _ = try trainer(
                #"ensemble={"copies": 2, "combination": {"type": "hypervolume", "growth": {}}}"#, "objective=gan",
                #"evaluate={"every": 8, "metrics": ["fid"]}"#)
        }
    }
}
