import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonScoring
import AgonTestFiles
import AgonTraining
import Foundation

/// A stand-in for MNIST that is learnt in a moment: 12x12 grey images of ten classes, a bright block at a place of its
/// own for each class, under noise; a classifier of it, and an experiment on it.
package final class TinyDigits: Sendable {
    package let folder: TemporaryFolder
    package let searchPath: DataSearchPath
    package let classifiers: ClassifierCatalogue

    package init() throws {
        folder = try TemporaryFolder()
        let datasets = folder.path + "/Datasets"
        searchPath = DataSearchPath(
            roots: [DataSearchPath.Root(path: datasets, mayBeTheSet: false)], manifestFolders: [datasets],
            fetchFolder: datasets)
        classifiers = ClassifierCatalogue(
            configFolders: [folder.path + "/classifiers"], cacheFolder: folder.path + "/cache")
        try FileManager.default.createDirectory(atPath: datasets + "/mnist", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            atPath: folder.path + "/classifiers", withIntermediateDirectories: true)
        for (part, count) in [("train", 200), ("test", 60)] {
            let labels = (0..<count).map { UInt8($0 % 10) }
            let pixels = labels.enumerated().flatMap(Self.digit)
            try folder.write(idx([count, 12, 12], pixels), to: "Datasets/mnist/\(part)-images")
            try folder.write(idx([count], labels), to: "Datasets/mnist/\(part)-labels")
        }
        func files(_ part: String) -> String {
            #"{"images": ["\#(part)-images"], "labels": "\#(part)-labels"}"#
        }
        let sum = String(repeating: "0", count: 64)
        let named = ["train-images", "train-labels", "test-images", "test-labels"].map {
            #"{"name": "\#($0)", "size": 1, "sha256": "\#(sum)"}"#
        }
        _ = try folder.write(
            """
            {"name": "mnist", "title": "Blocks", "homepage": "https://example.org", "licence": "MIT", "citation": "None.",
             "classes": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
             "forms": [{"format": "idx", "train": \(files("train")), "test": \(files("test")),
                        "files": [\(named.joined(separator: ", "))], "sources": []}]}
            """, to: "Datasets/mnist.json")
        _ = try folder.write(Self.classifier, to: "classifiers/blocks.json")
    }

    package static let classifier = """
        {
          "name": "blocks",
          "architecture": "linear",
          "input": [12, 12, 1],
          "steps": 120,
          "batchSize": 16,
          "checkpointEvery": 25,
          "dataset": {"name": "mnist", "transforms": [{"type": "random-crop", "size": 12, "padding": 1}]},
          "optimizer": {"type": "sgd", "learningRate": 0.05, "momentum": 0.9},
          "network": {"layers": [
            {"type": "conv", "channels": 4, "kernel": 3, "padding": 1}, "batchNorm", "relu", "flatten",
            {"type": "dropout", "rate": 0.2}, {"type": "linear", "features": 10}]}
        }
        """

    package static let experiment = """
        {
          "name": "blocks",
          "steps": 12,
          "seed": 5,
          "dataset": {"name": "mnist"},
          "batchSize": 8,
          "latent": {"size": 4},
          "objective": {"type": "gan"},
          "optimizer": {"type": "adam", "learningRate": 1e-2, "beta1": 0.5},
          "generator": {"layers": [
            {"type": "linear", "features": 16}, "batchNorm", "leakyReLU", {"type": "dropout", "rate": 0.1},
            {"type": "linear", "features": 144}, "tanh", {"type": "reshape", "shape": [12, 12, 1]}]},
          "discriminator": {"layers": ["flatten", {"type": "linear", "features": 1}]},
          "samples": {"every": 12, "count": 4},
          "checkpoints": {"every": 4, "keep": 3},
          "log": {"every": 3}
        }
        """

    package static let evaluate = #"evaluate={"every": 4, "samples": 40, "realSamples": 50, "modeSamples": 30}"#

    package func load(_ overrides: [String] = []) throws -> Experiment {
        try Experiment(ConfigNode.parse(Self.experiment, file: "blocks.json").applying(overrides))
    }

    package func options(_ run: String, resumes: Bool = false, threads: Int = 1) -> TrainingOptions {
        var options = TinyExperiment.options(run, resumes: resumes, threads: threads)
        options.searchPath = searchPath
        return options
    }

    package func evaluation(_ settings: ConfigNode = [:]) throws -> RunEvaluation {
        try RunEvaluation(settings: settings, searchPath: searchPath, catalogue: classifiers, threads: 1)
    }

    /// A classifier that names digits correctly, trained once for a folder.
    @discardableResult
    package func trainClassifier(_ overrides: String...) throws -> ClassifierWeights {
        try classifiers.train(
            classifiers.recipe("blocks", overrides: overrides), searchPath: searchPath, threads: 1, report: { _ in })
    }

    private static func digit(_ index: Int, _ label: UInt8) -> [UInt8] {
        (0..<144).map { pixel in
            let noise = UInt8(truncatingIfNeeded: (index &* 7919 &+ pixel &* 104_729) >> 3) % 60
            return isBright(pixel, Int(label)) ? 190 + noise : noise
        }
    }

    /// Whether a pixel, counted row by row, is in the block of a class.
    package static func isBright(_ pixel: Int, _ label: Int) -> Bool {
        let (top, left) = (label / 4 * 4, label % 4 * 3)
        return (top..<top + 3).contains(pixel / 12) && (left..<left + 3).contains(pixel % 12)
    }
}
