import AgonConfiguration
import AgonDatasets
import AgonGraph
import AgonScoring
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonExperiments
@testable import AgonSampling
@testable import AgonTraining

/// Runs whose generators are more than one network on latents.
@Suite struct SamplingOfOtherRunsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func train(_ overrides: String...) throws -> String {
        let run = folder.path + "/run-\(overrides.count)"
        let experiment = try Experiment(
            ConfigNode.parse(TinyExperiment.text, file: "tiny.json").applying(overrides + ["objective=gan"]))
        _ = try TrainingRun.run(experiment, options: TinyExperiment.options(run))
        return run
    }

    private func image(
        _ sampling: Sampling, _ choice: Sampling.Choice, label: Int? = nil
    ) throws -> Image {
        let path = folder.path + "/image.png"
        _ = try sampling.write(choice, seed: 1, label: label, threads: 1, to: path)
        return try ImageFile.read(path: path)
    }

    @Test func labelsTakeTurnsOrAreChosen() throws {
        let layers = TinyExperiment.text.components(separatedBy: #""generator": {"layers": ["#)[1]
            .components(separatedBy: "]},")[0]
        let run = try train(
            #"task={"type": "generation", "labels": 8}"#, "steps=30",
            #"generator.layers=[{"type": "condition", "features": 3}, "# + layers + "]",
            #"discriminator.layers=["condition", {"type": "linear", "features": 1}]"#)
        let sampling = try Sampling(run: run)
        let turns = try image(sampling, .first(8))
        #expect(try image(sampling, .picked(Array(1...8))) == turns)
        #expect(try image(sampling, .first(8), label: 0) != turns)
        #expect(try image(sampling, .picked([3])) == image(sampling, .expressions(["#3"]), label: 2))
        #expect(try image(sampling, .picked([3])) != image(sampling, .expressions(["#3"]), label: 5))
        #expect(
            message { _ = try image(sampling, .expressions(["#3"])) }
                == "samples of \(run) have labels; choose one with --label, from 0 to 7")
        #expect(
            message { _ = try image(sampling, .first(2), label: 8) } == "--label 8: expected a label from 0 to 7")
    }

    @Test func runsWithoutLabelsTakeNone() throws {
        let run = try train("steps=1")
        #expect(
            message { _ = try image(Sampling(run: run), .first(2), label: 0) }
                == "--label 0: samples of \(run) have no label; leave it out")
    }

    @Test func runsThatNeedMoreThanLatentsAreRefused() throws {
        let run = try train("steps=1")
        let path = run + "/config.json"
        let config = try ConfigNode.load(path: path)
        for (task, reason) in [
            ("cycle", "it translates images instead of sampling latents"),
            (#"{"type": "generation", "embedding": 4}"#, "its samples need embeddings of the dataset"),
        ] {
            // A task that starts from images has no latents.
            var changed = try #require(try config.applying(["task=" + task]).object)
            if task == "cycle" { changed["latent"] = nil }
            try ConfigNode(changed).prettyText.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(
                message { _ = try Sampling(run: run) }
                    == "\(run): cannot be sampled: \(reason). The run's own grids are in \(run)/samples")
            guard task == "cycle" else { continue }
            #expect(
                message { _ = try SamplingModel.write(run: run, to: folder.path + "/model") }
                    .hasPrefix("\(run): cannot be exported: it translates images"))
        }
    }

    @Test func theAveragedGeneratorIsSampled() throws {
        let run = try train(#"tricks.averaging={"decay": 0.99}"#, "steps=8")
        let file = try SafetensorsFile(path: run + "/checkpoints/step-0000008.safetensors")
        #expect(try file.tensor("average.0.weight") != file.tensor("generator.0.weight"))
        // The run's own grid is of the averages too, and of other latents: only that it draws is seen here.
        let averaged = try image(Sampling(run: run), .first(9))
        let plain = try train("steps=8")
        #expect(try image(Sampling(run: plain), .first(9)) != averaged)
    }

    @Test func aStagesCheckpointHasItsNetworks() throws {
        let wider =
            #"stages=[{"from": 5, "set": {"generator": {"layers": ["#
            + #"{"type": "linear", "features": 7}, {"type": "linear", "features": 2}]}}}]"#
        let run = try train(wider, "steps=8", "checkpoints.keep=9")
        for step in [5, 8] {
            let path = folder.path + "/stage.png"
            #expect(
                try Sampling(run: run, checkpoint: step).write(count: 3, seed: 0, threads: 1, to: path).step == step)
        }
    }
}
