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
    private func folder(
        _ name: String, split: DatasetSplit, count: Int, from first: Int = 0, transforms: [ImageTransform] = []
    ) throws -> String {
        let data = try DatasetConfiguration(name: "mnist", split: split, transforms: transforms)
        let dataset = try data.open(searchPath: digits.searchPath)
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

    /// Images of a generator that was trained on resized ones are compared with these.
    @Test func aDatasetIsBroughtToTheSizeOfTheImages() throws {
        let made = try folder("large", split: .test, count: 60, transforms: [.resize(height: 16, width: 16)])
        var comparison = evaluation(made, "mnist")
        comparison.metrics = [.frechet]
        var notes: [String] = []
        let values = try comparison.measure { notes.append($0) }
        #expect(abs(values[0].value) < 1e-5)
        #expect(notes.contains("the images of 'mnist' are resized to 16x16, the size of those in \(made)"))
        let identity = values[0].identity.node
        #expect(identity["realSize"]?.string == "16x16" && identity["realResizer"] == nil)
    }

    @Test func aDatasetWithoutTestImagesIsComparedWithItsTrainingImages() throws {
        let datasets = digits.folder.path + "/Datasets"
        try FileManager.default.createDirectory(atPath: datasets + "/plain", withIntermediateDirectories: true)
        let sum = String(repeating: "0", count: 64)
        let files = try ["train-images", "train-labels"].map { name in
            try FileManager.default.copyItem(atPath: "\(datasets)/mnist/\(name)", toPath: "\(datasets)/plain/\(name)")
            return #"{"name": "\#(name)", "size": 1, "sha256": "\#(sum)"}"#
        }
        try digits.folder.write(
            """
            {"name": "plain", "title": "Plain", "homepage": "https://example.org", "licence": "MIT", "citation": "None.",
             "classes": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
             "forms": [{"format": "idx", "train": {"images": ["train-images"], "labels": "train-labels"},
                        "files": [\(files.joined(separator: ", "))], "sources": []}]}
            """, to: "Datasets/plain.json")
        let made = try folder("made", split: .test, count: 60)
        var comparison = evaluation(made, "plain")
        (comparison.classifier, comparison.metrics) = (.named("blocks"), [.frechet])
        var notes: [String] = []
        let values = try comparison.measure { notes.append($0) }
        #expect(notes.contains("'plain' has no test split: images are compared with the training images"))
        #expect(values[0].identity.node["split"]?.string == "train")
        comparison.split = .test
        #expect(
            message { _ = try comparison.measure() }
                == "'plain' has no test split; leave --split out, or give --split train")
    }

    @Test func withoutAClassifierTheOtherMetricsAreMeasured() throws {
        let made = try folder("made", split: .train, count: 40)
        var comparison = evaluation(made, made)
        var notes: [String] = []
        let values = try comparison.measure { notes.append($0) }
        #expect(values.map(\.metric) == ["ms-ssim"])
        let start = "left out fid, kid, inception-score, prdc: no classifier was trained on "
        #expect(notes.contains { $0.hasPrefix(start + "'\(made)'; name one with --classifier") })
        comparison.metrics = [.frechet]
        #expect(throws: MeasurementError.self) { _ = try comparison.measure() }

        let run = digits.folder.path + "/run"
        let data = #"dataset={"name": "folder", "path": "\#(made)", "transforms": ["grayscale"]}"#
        _ = try TrainingRun.run(digits.load([data]), options: digits.options(run), classifiers: digits.classifiers)
        let outcome = try digits.evaluation(["samples": 40]).evaluate(run: run) { notes.append($0) }
        #expect(outcome.values.map(\.metric) == ["ms-ssim", "ms-ssim-over-real"])
        #expect(notes.contains { $0.hasPrefix(start + "'folder'; name one with --classifier") })
        #expect(throws: MeasurementError.self) { try digits.evaluation(["metrics": ["fid"]]).evaluate(run: run) }
    }

    @Test func statisticsAreThoseOfTheReference() throws {
        let made = try folder("made", split: .train, count: 60)
        let real = try folder("real", split: .test, count: 60)
        let file = digits.folder.path + "/real.npz"
        var first = evaluation(made, real)
        (first.classifier, first.metrics, first.statisticsPath) = (.named("blocks"), [.frechet], file)
        let distance = try first.measure()[0].value
        let stored = try StatisticsFile(path: file)
        // They are written for metrics that do not need them, too.
        (first.metrics, first.statisticsPath) = ([.similarity], digits.folder.path + "/alone.npz")
        #expect(try first.measure().map(\.metric) == ["ms-ssim"])
        #expect(try StatisticsFile(path: digits.folder.path + "/alone.npz").hash == stored.hash)
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

    @Test func statisticsThatAreNoCovarianceAreRefused() throws {
        let file = digits.folder.path + "/sigma.npz"
        func fault(_ sigma: [Double]) throws -> String {
            try NumPyArchive.write(
                [
                    ("mu", NpyArray(shape: [2], values: .float64([1, 2]))),
                    ("sigma", NpyArray(shape: [2, 2], values: .float64(sigma))),
                ], path: file)
            return message { _ = try StatisticsFile(path: file) }
        }
        let start = "\(file): not usable statistics: sigma is not a covariance: "
        #expect(try fault([-1, 0, 0, -1]) == start + "its eigenvalue -1.0 is negative")
        #expect(try fault([1, 2, 2, 1]) == start + "its eigenvalue -1.0 is negative")
        #expect(
            try fault([1, 0.5, -0.5, 1]) == start + "it is not symmetric; [1, 0] is -0.5 and [0, 1] is 0.5")
        // Rounding in single precision is none of it.
        _ = try fault([1, 0.999_999, 1.000_001, 1])
        #expect(try StatisticsFile(path: file).statistics.columns == 2)
        _ = try fault([0, 0, 0, 0])
        #expect(try StatisticsFile(path: file).statistics.columns == 2)
    }

    @Test func equalImagesAreNoted() throws {
        let made = digits.folder.path + "/grey"
        try FileManager.default.createDirectory(atPath: made, withIntermediateDirectories: true)
        let grey = Image(
            shape: ImageShape(height: 20, width: 20, channels: 1), pixels: [UInt8](repeating: 90, count: 400))
        for index in 0..<8 { try ImageFile.writePNG(grey, path: "\(made)/\(index).png") }
        var comparison = evaluation(made, made)
        (comparison.classifier, comparison.metrics) = (.named("blocks"), [.frechet, .neighbours])
        comparison.samples = 9
        var notes: [String] = []
        _ = try comparison.measure { notes.append($0) }
        #expect(notes.contains("\(made) has only 8 images, not 9"))
        #expect(notes.contains { $0.hasPrefix("all 8 images of \(made) have the same features") })
    }

    @Test func metricsThatNeedMoreImagesAreLeftOut() throws {
        let made = try folder("few", split: .train, count: 5)
        var comparison = evaluation(made, made)
        comparison.classifier = .named("blocks")
        var notes: [String] = []
        let names = try comparison.measure { notes.append($0) }.map(\.metric)
        #expect(names.contains("fid-linear") && !names.contains("precision-linear"))
        #expect(
            notes.contains(
                "left out prdc: precision and recall: 5 generated samples, at least 6 are needed"))
        comparison.metrics = [.neighbours]
        #expect(throws: MetricError.self) { _ = try comparison.measure() }
        #expect(notes.allSatisfy { !$0.contains("same features") })
    }

    @Test func brokenImagesThatCannotBeLeftOutAreToBeRemoved() throws {
        let made = try folder("broken", split: .train, count: 3)
        try digits.folder.write("broken", to: "broken/z.png")
        #expect(
            message { _ = try evaluation(made, made).measure() }
                == "\(made)/z.png: not a PNG, JPEG, WebP, TIFF, GIF or BMP; remove the file")
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
        #expect(notes.contains { $0.hasPrefix("\(made) and mnist have images of different sizes") })
        #expect(!values.contains { $0.metric == "ms-ssim" })
        #expect(notes.contains("left out ms-ssim: the images of \(made) have several sizes"))
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
        #expect(
            message { try digits.evaluation(demanded).evaluate(run: run) }.hasSuffix(
                "dataset.split: \(images): has no test samples; hold some out with dataset.holdout, such as 0.1"))
    }

    @Test func samplesWithEmbeddingsOfTheTrainingSplitAreComparedWithIt() throws {
        let path = digits.folder.path + "/vectors.npy"
        try NpyArray(Tensor(shape: [200, 3], repeating: 0.5)).write(path: path)
        let run = digits.folder.path + "/run"
        let generator =
            #"["condition", {"type": "linear", "features": 144}, {"type": "reshape", "shape": [12, 12, 1]}]"#
        let discriminator = #"["flatten", "condition", {"type": "linear", "features": 1}]"#
        let conditioned = try digits.load([
            #"task={"type": "generation", "embedding": 3}"#, "dataset.embeddings=\(path)",
            "generator.layers=\(generator)", "discriminator.layers=\(discriminator)",
        ])
        _ = try TrainingRun.run(conditioned, options: digits.options(run), classifiers: digits.classifiers)
        var notes: [String] = []
        let settings: ConfigNode = ["metrics": ["fid"], "classifier": "blocks", "samples": 40]
        let outcome = try digits.evaluation(settings).evaluate(run: run) { notes.append($0) }
        #expect(
            notes.contains(
                "\(path) has no vectors for the test split: samples are compared with the training samples; hold some "
                    + "out with dataset.holdout, and set evaluate.split to \"validation\""))
        #expect(outcome.values.first?.identity.node["split"]?.string == "train")
        let demanded: ConfigNode = ["metrics": ["fid"], "classifier": "blocks", "split": "test"]
        #expect(message { _ = try digits.evaluation(demanded).evaluate(run: run) }.contains("contains 200 vectors"))
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
