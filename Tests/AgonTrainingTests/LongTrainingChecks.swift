import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonRuns
import AgonScoring
import AgonTestSupport
import AgonTraining
import Foundation
import Testing

/// Trainings of some hundred steps, one of each family; they take minutes and are run by `make long` alone.
@Suite(
    .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["AGON_LONG"] != nil, "trainings of half an hour; run make long"))
struct LongTrainingChecks {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// On real data where a package or `AGON_DATA` has them, else on noise.
    private func options(_ data: SyntheticData) -> TrainingOptions {
        var options = TrainingOptions()
        options.folder = folder.path + "/run"
        let standard = DataSearchPath.standard()
        options.searchPath = DataSearchPath(
            roots: standard.roots + data.searchPath.roots,
            manifestFolders: [projectFolder + "/Datasets"], fetchFolder: folder.path)
        return options
    }

    static let families = [
        "selfgan/mlp", "selfgan/dcgan", "selfgan/tpu-dcgan", "gan/mlp", "lsgan/dcgan", "hinge/dcgan", "wgan/dcgan",
        "wgan-gp/dcgan", "r1/dcgan", "dragan/dcgan", "ema/dcgan", "acgan/fashion-mnist", "catgan/semi-supervised",
        "hypervolume/mnist", "hypervolume/gaussians-25", "hacks/base", "hacks/replay", "hacks/growing",
    ]
    /// Heavier ones: fewer samples a step.
    static let heavy = [
        "gas/original", "g-advantage/advantage-4", "selfgan/pix2pix-128", "selfgan/cyclegan-128",
        "hypervolume/cifar10-64", "hypervolume/stacked-mnist", "stackgan/stages",
    ]

    @Test(arguments: families + heavy) func twoHundredStepsEndInFiniteLosses(config: String) throws {
        let data = try SyntheticData(in: folder.path + "/data")
        var overrides = ["samples.every=200", "log.every=20"]
        if Self.heavy.contains(config) {
            overrides.append("batchSize=\(config.hasPrefix("selfgan/") ? 1 : 4)")
            if config.hasPrefix("hypervolume") { overrides.append("ensemble.copies=2") }
            if config.hasSuffix("cyclegan-128") {
                overrides.append(#"dataset.transforms=[{"type": "resize", "size": 32}, "mirror"]"#)
            }
        }
        let path = projectFolder + "/Configs/\(config).json"
        let stages = try Experiment.load(path: path).configuration.stages
        for index in stages.indices {
            overrides += ["stages[\(index)].share=null", "stages[\(index)].from=\(60 * (index + 1))"]
        }
        let experiment = try Experiment.load(path: path, overrides: overrides, steps: 200)
        let outcome = try TrainingRun.run(experiment, options: options(data))
        #expect(outcome.step == 200)
        let lines = try String(contentsOfFile: outcome.folder + "/metrics.jsonl", encoding: .utf8).split(
            separator: "\n")
        let first = try ConfigNode.parse(String(try #require(lines.first)), file: "metrics")
        let last = try ConfigNode.parse(String(try #require(lines.last)), file: "metrics")
        // Something was learnt: the losses are not those of the start.
        #expect(first["loss.generator"]?.number != last["loss.generator"]?.number)
    }

    @Test func eightDiscriminatorsUnderHypervolumeCoverAllEightGaussians() throws {
        let experiment = try Experiment.load(path: projectFolder + "/Configs/hypervolume/gaussians-8.json")
        let data = try SyntheticData(in: folder.path + "/data")
        let outcome = try TrainingRun.run(experiment, options: options(data))
        let covered = EvaluationCurves(of: RunFolder(path: outcome.folder))["metric.modes"]?.points.map(\.value) ?? []
        #expect(covered.last == 8, "covered over time: \(covered)")
    }
}
