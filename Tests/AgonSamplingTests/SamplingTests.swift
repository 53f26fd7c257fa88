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

@Suite struct LatentPathTests {
    @Test func greatCircleKeepsTheLength() {
        let a: [Float] = [3, 0, 0]
        let b: [Float] = [0, 3, 0]
        #expect(LatentPath.greatCircle(a, b, 0) == a)
        let middle = LatentPath.greatCircle(a, b, 0.5)
        #expect(abs(middle[0] - 2.1213203) < 1e-6 && abs(middle[1] - 2.1213203) < 1e-6 && middle[2] == 0)
        let end = LatentPath.greatCircle(a, b, 1)
        #expect(abs(end[0]) < 1e-6 && abs(end[1] - 3) < 1e-6)
        // Parallel or zero vectors have no unique circle, so interpolation is linear.
        #expect(LatentPath.greatCircle(a, a, 0.3).map { ($0 * 1000).rounded() } == [3000, 0, 0])
        #expect(LatentPath.greatCircle([0, 0, 0], b, 0.5) == [0, 1.5, 0])
    }

    @Test func aPathIncludesItsEnds() {
        let path = LatentPath.between([2, 0], [0, 4], count: 5)
        #expect(path.count == 10)
        #expect(Array(path[..<2]) == [2, 0] && abs(path[8]) < 1e-6 && abs(path[9] - 4) < 1e-6)
        // Lengths go over evenly, angles too.
        for step in 0..<5 {
            let (x, y) = (Double(path[2 * step]), Double(path[2 * step + 1]))
            #expect(abs((x * x + y * y).squareRoot() - (2 + 0.5 * Double(step))) < 1e-6)
            #expect(abs(atan2(y, x) - Double(step) * .pi / 8) < 1e-6)
        }
        #expect(LatentPath.between([2, 0], [0, 4], count: 1) == [2, 0])
    }
}

/// Latents of a run: named, combined, and drawn. The run is trained once.
@Suite struct SamplingTests {
    private let folder: TemporaryFolder
    private let run: String
    private let sampling: Sampling

    init() throws {
        folder = try TemporaryFolder()
        run = folder.path + "/run"
        _ = try TrainingRun.run(TinyExperiment.load("steps=2"), options: TinyExperiment.options(run))
        sampling = try Sampling(run: run)
    }

    /// The vectors of the first samples of a seed, four numbers each.
    private func latents(_ seed: UInt64, _ count: Int) -> [[Float]] {
        let values = RandomStream(seed: seed, purpose: "drawn samples").normal(count: 4 * count)
        return (0..<count).map { Array(values[4 * $0..<4 * $0 + 4]) }
    }

    private func image(_ choice: Sampling.Choice, seed: UInt64 = 1, numbered: Bool = false) throws -> Image {
        let path = folder.path + "/image.png"
        _ = try sampling.write(choice, seed: seed, isNumbered: numbered, threads: 1, to: path)
        return try ImageFile.read(path: path)
    }

    @Test func savedLatentsAreNumPyFilesOfTheSeedsSamples() throws {
        let samples = latents(1, 12)
        let paths = try sampling.save(LatentAssignment.parse("king=3,smile=3+7+12"), seed: 1)
        #expect(paths == [run + "/latents/king.npy", run + "/latents/smile.npy"])
        #expect(try NpyArray(path: paths[0]) == NpyArray(Tensor(shape: [4], values: samples[2])))
        let mean = (0..<4).map {
            Float((Double(samples[2][$0]) + Double(samples[6][$0]) + Double(samples[11][$0])) / 3)
        }
        #expect(try NpyArray(path: paths[1]).tensor.values == mean)
        #expect(sampling.saved.names == ["king", "smile"])
        #expect(try sampling.values(of: ["smile", "mean(#3, #7, #12)"], seed: 1) == [mean, mean])
    }

    @Test func aNameIsReplacedOnlyOnDemandAndAllOrNothingIsSaved() throws {
        _ = try sampling.save(LatentAssignment.parse("king=3"), seed: 1)
        let path = run + "/latents/king.npy"
        #expect(
            message { _ = try sampling.save(LatentAssignment.parse("man=1,king=4"), seed: 1) }
                == "\(path): already exists; choose another name, or replace it with --replace")
        #expect(sampling.saved.names == ["king"])
        _ = try sampling.save(LatentAssignment.parse("man=1,king=4"), seed: 1, replacing: true)
        #expect(try sampling.values(of: ["king"], seed: 9) == [latents(1, 4)[3]])
    }

    @Test func expressionsCombineSavedLatentsAndSamples() throws {
        _ = try sampling.save(LatentAssignment.parse("king=1,man=2,woman=3"), seed: 1)
        let (a, b) = (latents(1, 3), latents(5, 4))
        let found = try sampling.values(of: ["king - man + woman", "0.5 * (#4 - king)"], seed: 5)
        for index in 0..<4 {
            #expect(found[0][index] == Float(Double(a[0][index]) - Double(a[1][index]) + Double(a[2][index])))
            #expect(found[1][index] == Float(0.5 * Double(b[3][index]) - 0.5 * Double(a[0][index])))
        }
    }

    @Test func unknownNamesAreAnsweredWithTheNearestAndAll() throws {
        #expect(
            message { _ = try sampling.values(of: ["#1 + kng"], seed: 1) }
                == "column 6: no latent is saved as 'kng'. None are saved yet; save one: agon sample \(run) --save kng=NUMBER\n"
                + "  #1 + kng\n       ^")
        _ = try sampling.save(LatentAssignment.parse("king=1,man=2"), seed: 1)
        #expect(
            message { _ = try sampling.values(of: ["#1 + kng"], seed: 1) }
                == "column 6: no latent is saved as 'kng'. Did you mean 'king'? Saved: king, man\n  #1 + kng\n       ^")
        #expect(
            message { _ = try sampling.values(of: ["telescope"], seed: 1) }
                == "column 1: no latent is saved as 'telescope'. Saved: king, man\n  telescope\n  ^")
    }

    @Test func filesThatAreNoLatentsOfTheRunAreRefused() throws {
        _ = try sampling.save(LatentAssignment.parse("king=1"), seed: 1)
        let path = run + "/latents/king.npy"
        try NpyArray(Tensor(shape: [5])).write(path: path)
        #expect(
            message { _ = try sampling.values(of: ["king"], seed: 1) }
                == "\(path): not a usable latent: its shape is [5], expected [4]")
        try NpyArray(Tensor(shape: [4], values: [0, .nan, 0, 0])).write(path: path)
        #expect(
            message { _ = try sampling.values(of: ["king"], seed: 1) }
                == "\(path): not a usable latent: it holds numbers that are not finite")
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
        #expect(
            message { _ = try sampling.values(of: ["king"], seed: 1) }.hasPrefix("\(path): not a valid npy file: "))
        // Other files in the folder are nobody's names.
        for name in ["a-b.npy", ".king.npy.1-0.partial", "mean.npy", "notes.txt"] {
            try Data().write(to: URL(fileURLWithPath: run + "/latents/" + name))
        }
        #expect(sampling.saved.names == ["king"])
    }

    @Test func theSameVectorsGiveTheSameImagesByAnyWay() throws {
        _ = try sampling.save(LatentAssignment.parse("king=3"), seed: 1)
        let three = try image(.picked([3]))
        #expect(try image(.expressions(["king"]), seed: 9) == three)
        #expect(try image(.expressions(["2 * #3 - king"])) == three)
        #expect(try image(.path(from: "king", to: "#5", count: 1)) == three)
        #expect(try image(.picked([3, 5])) == image(.path(from: "#3", to: "#5", count: 2)))
        #expect(try image(.first(4)) == image(.picked([1, 2, 3, 4])))
        #expect(try image(.first(4), numbered: true) == image(.picked([1, 2, 3, 4]), numbered: true))
        #expect(try image(.first(4), numbered: true) != image(.first(4)))
        #expect(try image(.rows(4)) == image(.rows(4)))
    }
}

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
