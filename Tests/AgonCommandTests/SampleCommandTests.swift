import AgonTestFiles
import Foundation
import Testing

/// `agon sample` as its users call it, on a run that is trained once for a test.
@Suite struct SampleCommandTests {
    private let temporary: TemporaryFolder
    private var folder: String { temporary.path }

    init() throws {
        temporary = try TemporaryFolder()
        try temporary.write(pointsConfig(steps: 2), to: "points.json")
        let run = try agon("run", "points.json", "--out", "run")
        #expect(run.code == 0, "\(run.errors)")
    }

    private func agon(_ arguments: String...) throws -> AgonResult { try agon(arguments) }

    private func agon(_ arguments: [String]) throws -> AgonResult {
        try AgonCommandTests.agon(arguments, folder: folder)
    }

    private func contents(_ name: String) -> Data? { FileManager.default.contents(atPath: folder + "/" + name) }

    @Test func samplesAreNamedCombinedAndDrawn() throws {
        let saved = try agon("sample", "run", "--seed", "1", "--save", "king=3+7+12,man=5", "--save", "woman=2")
        #expect(saved.code == 0, "\(saved.errors)")
        #expect(
            saved.output
                == "run/latents/king.npy: mean of samples 3, 7, 12 of seed 1\n"
                + "run/latents/man.npy: sample 5 of seed 1\nrun/latents/woman.npy: sample 2 of seed 1\n")
        let again = try agon("sample", "run", "--save", "man=6")
        #expect(again.code == 64)
        #expect(
            again.errors
                == "agon: error: run/latents/man.npy: already exists; choose another name, or replace it with --replace\n"
        )
        #expect(try agon("sample", "run", "--save", "man=6", "--replace").code == 0)

        let sum = try agon(
            "sample", "run", "--expression", "king - man + woman", "--expression", "-1 * (#4 - man)", "--out", "sum.png"
        )
        #expect(sum.output == "sum.png: 2 samples of step 2\n", "\(sum.errors)")
        let way = try agon(
            "sample", "run", "--from", "king", "--to", "mean(man, #9)", "--count", "5", "--out", "way.png")
        #expect(way.output == "way.png: 5 samples of step 2\n", "\(way.errors)")
        let pick = try agon("sample", "run", "--pick", "12,15", "--numbered", "--out", "pick.png")
        #expect(pick.output == "pick.png: 2 samples of step 2\n", "\(pick.errors)")
        #expect(try agon("sample", "run", "--count", "4", "--numbered", "--out", "numbered.png").code == 0)
        #expect(try agon("sample", "run", "--count", "4", "--out", "plain.png").code == 0)
        #expect(contents("numbered.png") != contents("plain.png"))
        // A sample by its number is the sample, saved or not.
        #expect(try agon("sample", "run", "--pick", "6", "--out", "six.png").code == 0)
        #expect(try agon("sample", "run", "--expression", "man", "--out", "man.png").code == 0)
        #expect(contents("six.png") == contents("man.png"))
    }

    @Test func faultsOfExpressionsAreThoseOfTheCommandLine() throws {
        let fault = try agon("sample", "run", "--expression", "#1 + * #2", "--out", "x.png")
        #expect(fault.code == 64)
        #expect(
            fault.errors
                == "agon: error: column 6: expected a latent or a number, found '*'\n  #1 + * #2\n       ^\n")
        let unknown = try agon("sample", "run", "--from", "kng", "--to", "#1", "--out", "x.png")
        #expect(unknown.code == 64)
        #expect(unknown.errors.hasPrefix("agon: error: column 1: no latent is saved as 'kng'. None are saved yet"))
        #expect(contents("x.png") == nil)
    }

    @Test func samplesGoToAFileOfTheRunsName() throws {
        let few = try agon("sample", "run", "--count", "4")
        #expect(few.output == "run-samples.png: 4 samples of step 2\n", "\(few.errors)")
        #expect(contents("run-samples.png") != nil)
        let pick = try agon("sample", "run/", "--pick", "3")
        #expect(pick.output == "run-pick.png: 1 sample of step 2\n", "\(pick.errors)")
        // A name needs no image.
        let saved = try agon("sample", "run", "--save", "one=1")
        #expect(saved.output == "run/latents/one.npy: sample 1 of seed 0\n", "\(saved.errors)")
    }

    @Test(arguments: ["x.png", "x.npy", "x.gif"]) func theFolderOfAFileMustExist(name: String) throws {
        let result = try agon("sample", "run", name.hasSuffix("gif") ? "--animate" : "--out", "none/" + name)
        #expect(result.code == 65)
        #expect(
            result.errors
                == "agon: error: none/\(name): cannot write (No such file or directory); its folder does not exist\n")
    }

    @Test func aPointIsNoModel() throws {
        let result = try agon("sample", ".", "--out", "x.png")
        #expect(result.code == 64 && result.errors.hasPrefix("agon: error: .: contains no run"), "\(result.errors)")
    }

    @Test func gridsOfTrainingAreAnimated() throws {
        let animation = try agon("sample", "run", "--animate", "training.gif")
        #expect(animation.output == "training.gif: 2 frames\n", "\(animation.errors)")
        #expect(contents("training.gif") != nil)
    }

    /// Each option gives other samples of the same seed.
    @Test func latentsAndStatisticsCanBeChosen() throws {
        let choices: [[String]] = [[], ["--truncation", "0.5"], ["--standing-statistics", "1"]]
        var found: Set<Data> = []
        for (index, options) in choices.enumerated() {
            let result = try agon(["sample", "quickstart", "--count", "2", "--out", "\(index).npy"] + options)
            #expect(result.code == 0, "\(result.errors)")
            found.insert(try #require(contents("\(index).npy")))
        }
        #expect(found.count == choices.count)
    }

    @Test(arguments: [
        (
            ["--neighbours", "3", "--out", "near/"],
            "near/: samples beside training images are written as one image; give a path that ends in .png"
        ),
        (
            ["--neighbours", "3", "--out", "near.png"],
            "run: the samples are points; only images are compared with training images (--neighbours)"
        ),
        (["--columns", "3", "--out", "x.npy"], "x.npy: --columns is for a grid of images (.png); leave it out"),
        (["--numbered", "--out", "x.npy"], "x.npy: --numbered is for a grid of images (.png); leave it out"),
    ])
    func outputsThatDoNotFit(arguments: [String], expected: String) throws {
        let result = try agon(["sample", "run"] + arguments)
        #expect(result.code == 64)
        #expect(result.errors == "agon: error: \(expected)\n")
    }

    @Test(arguments: [
        (["--pick", "1", "--interpolate", "--out", "x.png"], "--pick and --interpolate cannot be combined"),
        (["--from", "#1", "--out", "x.png"], "--from and --to must be given together"),
        (
            ["--expression", "#1", "--count", "3", "--out", "x.png"],
            "--count does not go with --expression, which sets the number of samples"
        ),
        (
            ["--expression", "#1", "--numbered", "--out", "x.png"],
            "--numbered does not go with --expression, whose samples have no numbers"
        ),
        (["--replace", "--out", "x.png"], "--replace is for --save"),
        (
            ["--standing-statistics", "0", "--out", "x.png"],
            "--standing-statistics 0: expected a number from 1 to 1000"
        ),
        (
            ["--standing-statistics", "9", "--animate", "x.png"],
            "--standing-statistics is for --animate with --interpolate"
        ),
        (["--split", "train", "--out", "x.png"], "--split is for generators that take samples of a dataset"),
        (["--count", "0", "--out", "x.png"], "--count 0: expected a number from 1 to 100000"),
        (["--columns", "3", "--animate", "x.png"], "--columns does not go with --animate"),
        (["--columns", "3", "--neighbours", "2", "--out", "x.png"], "--columns does not go with --neighbours"),
    ])
    func optionsThatDoNotGoTogether(arguments: [String], expected: String) throws {
        let result = try agon(["sample", "run"] + arguments)
        #expect(result.code == 64)
        #expect(result.errors.hasPrefix("Error: \(expected)\n"), "\(result.errors)")
    }
}
