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

    @Test func samplesThatHoldNaNAreRefused() throws {
        let samples = Tensor(shape: [3, 2], values: [0, 1, .nan, 0, 0, -.infinity])
        #expect(throws: SamplingError.notFinite(count: 2, of: 3)) { _ = try samples.checkedSamples() }
        #expect(try Tensor(shape: [1, 2], values: [0, 1]).checkedSamples().values == [0, 1])
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
