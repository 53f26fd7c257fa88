import AgonDatasets
import AgonExperiments
import AgonRuns
import AgonScoring
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonSampling
@testable import AgonTraining

/// Samples as one image, as an array and as numbered images; animations.
@Suite struct SampleOutputTests {
    private let digits: TinyDigits
    private let run: String
    private let sampling: Sampling

    init() throws {
        digits = try TinyDigits()
        run = digits.folder.path + "/run"
        _ = try TrainingRun.run(
            digits.load([#"tricks={"averaging": {"decay": 0.9}}"#, "samples.every=4"]), options: digits.options(run))
        sampling = try Sampling(run: run)
    }

    private func path(_ name: String) -> String { digits.folder.path + "/" + name }

    @Test func theEndingSaysTheForm() throws {
        #expect(try SampleOutput(path: path("b.png")) == .image(path("b.png")))
        #expect(
            message { _ = try SampleOutput(path: "none/b.png") }
                == "none/b.png: cannot write (No such file or directory); its folder does not exist")
        #expect(try SampleOutput(path: "b.NPY") == .array("b.NPY"))
        #expect(try SampleOutput(path: "new/") == .folder("new"))
        #expect(try SampleOutput(path: run) == .folder(run))
        for wrong in ["a.jpg", "a.jpeg", "a", "png", "a.gif"] {
            #expect(
                message { _ = try sampling.write(.first(2), seed: 0, threads: 1, to: wrong) }
                    == "\(wrong): samples are written as one image (.png), as an array (.npy), or as numbered images "
                    + "into a folder (DIR/)")
        }
    }

    @Test func aFolderHoldsEachSampleAtItsNativeSize() throws {
        let outcome = try sampling.write(.first(3), seed: 2, threads: 1, to: path("made/"))
        #expect(outcome.count == 3 && outcome.scale == 1)
        let names = try FileManager.default.contentsOfDirectory(atPath: path("made")).sorted()
        #expect(names == ["00001.png", "00002.png", "00003.png"])
        _ = try sampling.write(.first(3), seed: 2, threads: 1, to: path("made.npy"))
        let array = try NpyArray(path: path("made.npy"))
        #expect(array.shape == [3, 12, 12, 1])
        let levels = EightBitImages(array.tensor)
        for (index, name) in names.enumerated() {
            let image = try ImageFile.read(path: path("made/") + name)
            #expect(image.shape == ImageShape(height: 12, width: 12, channels: 1))
            #expect(image.pixels == levels[index..<index + 1].pixels)
        }
        // Images of another call would be taken for samples of this one.
        #expect(
            message { _ = try sampling.write(.first(1), seed: 2, threads: 1, to: path("made")) }
                == "\(path("made")): holds '00001.png'; choose a new or an empty folder, or remove its files")
        // What a killed process left is not in the way.
        try digits.folder.write("", to: "again/.unfinished/00001.png")
        _ = try sampling.write(.first(2), seed: 2, threads: 1, to: path("again/"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: path("again")).sorted() == ["00001.png", "00002.png"])
    }

    /// The images of two processes would be mixed.
    @Test func twoProcessesDoNotWriteIntoOneFolder() throws {
        try digits.folder.write("", to: "busy/.unfinished/00001.png")
        let lock = try RunFolder(path: path("busy")).lock()
        #expect(
            message { _ = try sampling.write(.first(2), seed: 2, threads: 1, to: path("busy/")) }
                == "\(path("busy")): another process writes samples into this folder; choose another one, or wait for it "
                + "to end")
        withExtendedLifetime(lock) {}
        // Nothing is deleted from a folder that is refused.
        try digits.folder.write("", to: "busy/other.png")
        #expect(
            message { _ = try sampling.write(.first(2), seed: 2, threads: 1, to: path("busy/")) }.contains(
                "'other.png'"))
        #expect(digits.folder.holds("busy/.unfinished/00001.png"))
    }

    @Test func gridsThatNoPNGCanHoldAreRefusedBeforeSamplesAreDrawn() {
        // A side above libpng's limit, and too many pixels.
        for (count, columns) in [(100_000, 1), (10_000_000, 3000)] {
            let words = message {
                _ = try sampling.write(.first(count), seed: 0, columns: columns, threads: 1, to: path("large.png"))
            }
            #expect(words.contains("pixels is too large for one image; take fewer samples"), "\(words)")
        }
        #expect(
            message {
                _ = try Animation.writeWalk(
                    sampling, count: 1_000_000, seed: 0, label: nil, threads: 1, to: path("walk.png"))
            }.contains("too large for one image"))
    }

    @Test func gridsSayTheirScale() throws {
        #expect(try sampling.write(.first(4), seed: 0, threads: 1, to: path("a.png")).scale == 5)
        #expect(try sampling.write(.first(4), seed: 0, scale: 1, threads: 1, to: path("b.png")).scale == 1)
        let shape = try ImageFile.read(path: path("b.png")).shape
        #expect(shape == ImageShape(height: 30, width: 30, channels: 1))
        #expect(
            message { _ = try sampling.write(.first(4), seed: 0, scale: 2, threads: 1, to: path("c/")) }
                == "\(path("c/")): --scale is for a grid of images (.png); leave it out")
    }

    @Test func optionsOfGridsAreForGrids() throws {
        let file = path("d.npy")
        func fault(_ choice: Sampling.Choice, columns: Int? = nil, isNumbered: Bool = false) -> String {
            message {
                _ = try sampling.write(
                    choice, seed: 0, columns: columns, isNumbered: isNumbered, threads: 1, to: file)
            }
        }
        let end = " is for a grid of images (.png); leave it out"
        #expect(fault(.first(4), columns: 2) == "\(file): --columns" + end)
        #expect(fault(.first(4), isNumbered: true) == "\(file): --numbered" + end)
        // The columns of interpolations are the samples of each.
        _ = try sampling.write(.rows(6), seed: 0, columns: 3, threads: 1, to: file)
    }

    /// Each class has a column, and no place of the last row stays blank.
    @Test func gridsOfClassesAreWhole() throws {
        let labelled = path("labelled")
        let conditional = [
            #"task={"type": "generation", "labels": 10}"#,
            #"generator.layers=["condition", {"type": "linear", "features": 144}, "tanh", {"type": "reshape", "shape": [12, 12, 1]}]"#,
            #"discriminator.layers=["flatten", "condition", {"type": "linear", "features": 1}]"#,
        ]
        _ = try TrainingRun.run(digits.load(conditional), options: digits.options(labelled))
        let sampling = try Sampling(run: labelled)
        let file = path("classes.png")
        let whole = try sampling.write(.first(12), seed: 0, scale: 1, threads: 1, to: file)
        #expect(whole.count == 20 && whole.added == 8)
        #expect(
            try ImageFile.read(path: file).shape
                == ImageShape(height: 2 * 14 + 2, width: 10 * 14 + 2, channels: 1))
        let own = try sampling.write(.first(12), seed: 0, columns: 4, threads: 1, to: file)
        #expect(own.count == 12 && own.added == 0)
        #expect(try sampling.write(.first(12), seed: 0, label: 3, threads: 1, to: file).count == 12)
        let nowhere = DataSearchPath(roots: [], manifestFolders: [], fetchFolder: digits.folder.path + "/none")
        var notes: [String] = []
        #expect(try sampling.label("3", searchPath: nowhere) { notes.append($0) } == 3)
        #expect(notes.isEmpty, "the run's record has the names")
        let folder = RunFolder(path: labelled)
        var record = try #require(folder.record)
        #expect(record.classes == (0...9).map(String.init))
        record.classes = nil
        try folder.write(record)
        #expect(try sampling.label("3", searchPath: nowhere) { notes.append($0) } == 3)
        let words = "the dataset's class names are unknown: 3 is the class of this number, from 0; "
        #expect(notes.count == 1 && notes[0].hasPrefix(words), "\(notes)")
        #expect(try sampling.label("3", searchPath: digits.searchPath) == 3)
        #expect(
            message { _ = try sampling.label("three", searchPath: digits.searchPath) }
                == "--label three: no class has this name. Classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9")
        #expect(try sampling.write(.first(7), seed: 0, threads: 1, to: file).count == 7)
        #expect(try sampling.write(.first(12), seed: 0, threads: 1, to: path("classes.npy")).count == 12)
        let frames = try sampling.walk(count: 12, legs: 1, frames: 1, seed: 0, label: nil, threads: 1)
        // Enlarged five times.
        #expect(frames[0].shape == ImageShape(height: 2 * 62 + 2, width: 10 * 62 + 2, channels: 1))
    }

    @Test func rawWeightsAreThoseOfTheGenerator() throws {
        let raw = try Sampling(run: run, weights: .raw)
        let average = try sampling.draw(.first(2), seed: 0, threads: 1).samples
        #expect(try raw.draw(.first(2), seed: 0, threads: 1).samples != average)
        #expect(try Sampling(run: run, weights: .average).draw(.first(2), seed: 0, threads: 1).samples == average)
    }

    @Test func averagesThatARunDoesNotKeepAreNoted() throws {
        let plain = path("plain")
        _ = try TrainingRun.run(digits.load(["steps=1"]), options: digits.options(plain))
        var notes: [String] = []
        _ = try Sampling(run: plain, weights: .average) { notes.append($0) }
        #expect(notes.count == 1 && notes[0].contains("keeps no averages"), "\(notes)")
        for weights in [nil, EvaluationSettings.Weights.raw] {
            _ = try Sampling(run: plain, weights: weights) { Issue.record("\($0)") }
        }
    }

    @Test func gridsAreDrawnFromTheFirstWeightsOn() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: run + "/samples").sorted()
        #expect(names == ["00", "04", "08", "12"].map { "step-00000\($0).png" })
    }

    /// Frames are counted in the files: a GIF's graphic control blocks, an APNG's control chunks.
    @Test(arguments: ["gif", "png"]) func trainingIsAnimated(ending: String) throws {
        let file = path("training.\(ending)")
        #expect(try Animation.writeTraining(run: run, to: file) == 4)
        let bytes = try #require(FileManager.default.contents(atPath: file))
        let mark = ending == "gif" ? Data([0x21, 0xf9, 0x04]) : Data("fcTL".utf8)
        var (count, rest) = (0, bytes[...])
        while let found = rest.range(of: mark) {
            count += 1
            rest = rest[found.upperBound...]
        }
        #expect(count == 4)
        // Readers without animation show the first frame.
        let first = try ImageFile.read(path: run + "/samples/step-0000000.png")
        let shown = try ImageFile.read(path: file)
        #expect(shown.shape.height == first.shape.height)
        let channels = shown.shape.channels
        #expect(shown.pixels.enumerated().allSatisfy { $1 == first.pixels[$0 / channels] })
    }

    @Test func walksEndWhereTheyBegin() throws {
        let frames = try sampling.walk(count: 4, legs: 2, frames: 3, seed: 1, label: nil, threads: 1)
        #expect(frames.count == 6 && Set(frames.map(\.pixels)).count > 2)
        #expect(try Animation.writeWalk(sampling, count: 2, seed: 1, label: nil, threads: 1, to: path("w.gif")) == 60)
        #expect(
            message { _ = try Animation.writeWalk(sampling, count: 2, seed: 1, label: nil, threads: 1, to: "w.mp4") }
                == "w.mp4: an animation is a .png (APNG) or a .gif")
    }

    @Test func coloursOfAGIFAreNear() throws {
        let shape = ImageShape(height: 16, width: 16, channels: 3)
        let pixels = (0..<shape.count).map { index -> UInt8 in
            let (column, channel) = (index / 3 % 16, index % 3)
            return UInt8(column * 15 + channel * 5)
        }
        let image = Image(shape: shape, pixels: pixels)
        for format in AnimationFile.Format.allCases {
            let file = path("colours.\(format.rawValue)")
            try AnimationFile.write([(image, 100), (image, 100)], as: format, path: file)
            let read = try ImageFile.read(path: file)
            try #require(read.pixels.count == image.pixels.count)
            let largest = zip(read.pixels, image.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
            #expect(largest <= (format == .gif ? 24 : 0))
        }
    }
}
