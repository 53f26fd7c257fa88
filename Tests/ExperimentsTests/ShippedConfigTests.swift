import Datasets
import Foundation
import Testing

@testable import Experiments

extension TrainingTests {
    /// Every config but those that others extend.
    static let shipped: [String] = {
        let folder = URL(fileURLWithPath: projectFolder + "/Configs").resolvingSymlinksInPath().path
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        return paths.filter { $0.hasSuffix(".json") && $0 != "schema.json" && !$0.hasPrefix("base/") }.sorted()
    }()

    @Test func configsAreShipped() {
        #expect(
            Set(Self.shipped).isSuperset(of: [
                "gan/dcgan.json", "gan/mlp.json", "lsgan/dcgan.json", "selfgan/dcgan.json", "selfgan/mlp.json",
                "wgan-gp/dcgan.json",
            ]))
    }

    @Test(arguments: shipped) func shippedConfigTakesTwoSteps(config: String) throws {
        let pictures = folder.path + "/pictures"
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        for index in 0..<4 {
            let pixels = (0..<784).map { UInt8(truncatingIfNeeded: $0 &* (index + 3)) }
            try PictureFile.writePNG(
                Picture(shape: PictureShape(height: 28, width: 28, channels: 1), pixels: pixels),
                path: "\(pictures)/\(index).png")
        }
        let size = config.hasSuffix("mlp.json") ? 28 : 32
        let experiment = try Experiment.load(
            path: projectFolder + "/Configs/" + config,
            overrides: [
                "dataset.name=folder", "dataset.path=\"\(pictures)\"", "batchSize=4", "samples.count=2",
                #"dataset.transforms=["grayscale", {"type": "resize", "size": \#(size)}]"#,
            ], steps: 2)
        let outcome = try Training.run(experiment, options: TinyExperiment.options(folder.path + "/run", threads: 2))
        #expect(outcome.step == 2)
        #expect(outcome.sampleGrid != nil)
    }
}
