import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonMetrics
import AgonSampling
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonScoring
@testable import AgonTraining

/// Folders of images that no run made, and samples beside training images.
@Suite struct ImageEvaluationTests {
    private let digits: TinyDigits

    init() throws {
        digits = try TinyDigits()
        try digits.trainClassifier()
    }

    /// A folder with the first images of a split.
    private func folder(_ name: String, split: DatasetSplit, count: Int, from first: Int = 0) throws -> String {
        let dataset = try DatasetConfiguration(name: "mnist", split: split).open(searchPath: digits.searchPath)
        let path = digits.folder.path + "/" + name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for index in first..<first + count {
            let image = EightBitImages(try dataset.samples([index]))
            try ImageFile.writePNG(Image(shape: image.shape, pixels: image.pixels), path: "\(path)/\(index).png")
        }
        return path
    }

    private func evaluation(_ images: String, _ reference: String) -> ImageEvaluation {
        ImageEvaluation(
            images: images, against: ImageEvaluation.Reference(reference), searchPath: digits.searchPath,
            catalogue: digits.classifiers, threads: 1)
    }

    @Test func referencesAreToldApart() {
        #expect(ImageEvaluation.Reference("mnist") == .dataset("mnist"))
        #expect(ImageEvaluation.Reference("./mnist") == .folder("./mnist"))
        #expect(ImageEvaluation.Reference(digits.folder.path) == .folder(digits.folder.path))
        #expect(ImageEvaluation.Reference("a/b.NPZ") == .statistics("a/b.NPZ"))
    }

    @Test func twoFoldersAreCompared() throws {
        let made = try folder("made", split: .train, count: 60)
        let real = try folder("real", split: .test, count: 60)
        var comparison = evaluation(made, real)
        comparison.classifier = .named("blocks")
        let values = try comparison.measure()
        #expect(
            values.map(\.metric) == [
                "fid-linear", "kid-linear", "inception-score-linear", "precision-linear", "recall-linear",
                "density-linear", "coverage-linear", "ms-ssim",
            ])
        let identity = try #require(values.first?.identity.node)
        #expect(identity["extractor"]?.string == "blocks" && identity["resizer"]?.string == "none")
        #expect(identity["realSamples"]?.integer == 60 && identity["generatedSamples"]?.integer == 60)
        #expect(identity["dataset"]?.string == real && identity["images"]?.string?.count == 12)
        // The same images are at no distance.
        var same = evaluation(made, made)
        same.classifier = .named("blocks")
        same.metrics = [.frechet]
        let zero = try #require(try same.measure().first)
        #expect(abs(zero.value) < 1e-6 * max(1, values[0].value))
    }

    /// A folder against a dataset is the dataset against itself, where the folder holds its images.
    @Test func aDatasetBringsItsClassifier() throws {
        let made = try folder("all", split: .test, count: 60)
        var comparison = evaluation(made, "mnist")
        comparison.metrics = [.frechet, .neighbours]
        let values = try comparison.measure()
        #expect(abs(values[0].value) < 1e-5)
        #expect(values.first { $0.metric == "recall-linear" }?.value == 1)
        #expect(values[0].identity.node["split"]?.string == "test")
    }

    @Test func statisticsAreThoseOfTheReference() throws {
        let made = try folder("made", split: .train, count: 60)
        let real = try folder("real", split: .test, count: 60)
        let file = digits.folder.path + "/real.npz"
        var first = evaluation(made, real)
        (first.classifier, first.metrics, first.statisticsPath) = (.named("blocks"), [.frechet], file)
        let distance = try first.measure()[0].value
        let stored = try StatisticsFile(path: file)
        #expect(stored.statistics.columns == 10)
        var second = evaluation(made, file)
        (second.classifier, second.metrics) = (.named("blocks"), [.frechet])
        let value = try second.measure()[0]
        #expect(value.value == distance)
        #expect(value.identity.node["statisticsHash"]?.string == stored.hash)
        second.metrics = [.kernel]
        #expect(
            message { _ = try second.measure() }
                == "metric 'kid': \(file) holds statistics, not samples; give a folder or a dataset")
    }

    @Test func filesThatAreNoStatisticsAreRefused() throws {
        let file = try digits.folder.write("no zip", to: "bad.npz")
        #expect(throws: DatasetError.self) { try StatisticsFile(path: file) }
        let other = digits.folder.path + "/other.npz"
        try NumPyArchive.write([("mu", NpyArray(shape: [2], values: .float64([1, 2])))], path: other)
        #expect(
            message { _ = try StatisticsFile(path: other) }
                == "\(other): there is no array 'sigma'; it has mu.npy")
        try NumPyArchive.write(
            [
                ("mu", NpyArray(shape: [2], values: .float64([1, 2]))),
                ("sigma", NpyArray(shape: [1, 1], values: .float64([1]))),
            ], path: other)
        #expect(
            message { _ = try StatisticsFile(path: other) }
                == "\(other): not usable statistics: 'mu' is [2] and 'sigma' [1, 1]")
    }

    @Test func imagesOfSeveralSizesAreResized() throws {
        let made = try folder("made", split: .train, count: 40)
        try ImageFile.writePNG(
            Image(
                shape: ImageShape(height: 20, width: 30, channels: 1), pixels: [UInt8](repeating: 90, count: 600)),
            path: made + "/wide.png")
        var comparison = evaluation(made, "mnist")
        var notes: [String] = []
        let values = try comparison.measure { notes.append($0) }
        #expect(notes.contains { $0.hasPrefix("\(made) and mnist have images of other sizes") })
        #expect(!values.contains { $0.metric == "ms-ssim" })
        #expect(values[0].identity.node["resizer"]?.string == "bilinear-antialiased-8bit")
        comparison.metrics = [.similarity]
        #expect(
            message { _ = try comparison.measure() }
                == "metric 'ms-ssim': the images of \(made) have several sizes")
    }

    @Test func aFolderWithoutTestImagesIsComparedWithItsTrainingImages() throws {
        let images = try folder("images", split: .train, count: 40)
        let run = digits.folder.path + "/run"
        let data = #"dataset={"name": "folder", "path": "\#(images)", "transforms": ["grayscale"]}"#
        _ = try TrainingRun.run(digits.load([data]), options: digits.options(run), classifiers: digits.classifiers)
        var notes: [String] = []
        let settings: ConfigNode = ["metrics": ["fid"], "classifier": "blocks", "samples": 40]
        let outcome = try digits.evaluation(settings).evaluate(run: run) { notes.append($0) }
        #expect(
            notes.contains(
                "'folder' has no test split: samples are compared with the training samples; hold some out with "
                    + "dataset.holdout"))
        #expect(outcome.values.first?.identity.node["split"]?.string == "train")
        let demanded: ConfigNode = ["metrics": ["fid"], "classifier": "blocks", "split": "test"]
        #expect(throws: (any Error).self) { try digits.evaluation(demanded).evaluate(run: run) }
    }

    @Test(arguments: [nil, "blocks"]) func samplesStandBesideTheirNearestTrainingImages(classifier: String?) throws {
        let run = digits.folder.path + "/run"
        _ = try TrainingRun.run(digits.load(), options: digits.options(run), classifiers: digits.classifiers)
        let nearest = NearestImages(
            run: run, sampling: try Sampling(run: run), searchPath: digits.searchPath, catalogue: digits.classifiers,
            threads: 2)
        let path = digits.folder.path + "/near.png"
        let outcome = try nearest.write(count: 3, neighbours: 2, seed: 0, classifier: classifier, to: path)
        #expect(outcome.samples == 3 && outcome.trainingImages == 200)
        #expect(outcome.sampleDistance > 0 && outcome.trainingDistance > 0)
        // Untrained samples are grey noise: farther from digits than these from each other, in pixels.
        if classifier == nil { #expect(outcome.sampleDistance > outcome.trainingDistance) }
        // Three strips of three images, enlarged to 60 pixels.
        let shape = try ImageFile.read(path: path).shape
        #expect(shape.height == 3 * 62 + 2 && shape.width == 3 * 62 + 2)
    }
}
