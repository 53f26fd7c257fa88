import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonRuns
import AgonScoring
import AgonTensors
import AgonTestSupport
import AgonTraining
import Foundation
import Testing

/// Trainings of some hundred or thousand steps, of each family of systems. They take half an hour or more and are run
/// by `make long` alone.
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
        "wgan-gp/dcgan", "r1/dcgan", "dragan/dcgan", "relativistic/dcgan", "bcr/dcgan", "ema/dcgan",
        "acgan/fashion-mnist", "catgan/semi-supervised", "hypervolume/mnist", "hypervolume/gaussians-25", "hacks/base",
        "hacks/replay", "hacks/growing",
    ]
    /// Heavier ones: fewer samples a step.
    static let heavy = [
        "gas/original", "g-advantage/advantage-4", "selfgan/pix2pix-128", "selfgan/cyclegan-128", "pix2pix/facades-128",
        "cyclegan/facades-128", "hypervolume/cifar10-64", "hypervolume/stacked-mnist", "stackgan/stages",
    ]
    /// Residual networks on small images: fewer samples and steps.
    static let residual = ["sngan/cifar10", "sagan/cifar10"]

    @Test func eachFamilyIsTrained() throws {
        let folders = Set((Self.families + Self.heavy + Self.residual).compactMap { $0.split(separator: "/").first })
        let shipped = Set(ShippedConfigTests.shipped.compactMap { $0.split(separator: "/").first })
        #expect(folders == shipped.filter { !$0.hasSuffix(".json") })
    }

    @Test(arguments: families + heavy + residual)
    func weightsMoveAndLossesStayFinite(config: String) throws {
        let steps = Self.residual.contains(config) ? 60 : 200
        let data = try SyntheticData(in: folder.path + "/data")
        var overrides = ["samples.every=200", "log.every=20", #"checkpoints={"every": 20, "keep": 2}"#]
        if Self.heavy.contains(config) || Self.residual.contains(config) {
            let isOfPairs = config.contains("pix2pix") || config.contains("cyclegan")
            overrides.append("batchSize=\(isOfPairs ? 1 : 4)")
            if config.hasPrefix("hypervolume") { overrides.append("ensemble.copies=2") }
            if config.contains("cyclegan") {
                overrides.append(#"dataset.transforms=[{"type": "resize", "size": 32}, "mirror"]"#)
            }
        }
        let path = projectFolder + "/Configs/\(config).json"
        let stages = try Experiment.load(path: path).configuration.stages
        for index in stages.indices {
            overrides += ["stages[\(index)].share=null", "stages[\(index)].from=\(60 * (index + 1))"]
        }
        let experiment = try Experiment.load(path: path, overrides: overrides, steps: steps)
        let outcome = try TrainingRun.run(experiment, options: options(data))
        #expect(outcome.step == steps)

        let lines = LineReader<MetricsLine>.all(path: outcome.folder + "/metrics.jsonl")
        // The ends of epochs have lines of their own.
        #expect(Set(lines.map(\.step)).isSuperset(of: [1] + Array(stride(from: 20, through: steps, by: 20))))
        for line in lines {
            let losses = line.values.filter { $0.key.hasPrefix("loss") }
            #expect(!losses.isEmpty && losses.allSatisfy { $0.value.isFinite }, "\(line.step): \(losses)")
        }

        // The last steps still move all weights that have moments, which frozen ones do not.
        let run = RunFolder(path: outcome.folder)
        #expect(try run.checkpointSteps == [steps - 20, steps])
        let before = try SafetensorsFile(path: run.checkpointPath(step: steps - 20))
        let after = try SafetensorsFile(path: run.checkpointPath(step: steps))
        let names = after.entries.map(\.name)
        var moved: [String] = []
        for name in names where names.contains(where: { $0.hasPrefix("optimizer.\(name).") }) {
            let new = try after.tensor(name)
            #expect(new.values.allSatisfy { $0.isFinite }, "\(name)")
            // A stage that begins between the two has layers of its own.
            guard before.contains(name), new.shape.rank > 1 else { continue }
            #expect(try before.tensor(name) != new, "\(name) stands still")
            moved.append(name)
        }
        for network in ["generator", "discriminator"] {
            #expect(moved.contains { $0.hasPrefix(network) }, "\(network): \(moved)")
        }
    }

    @Test func eightDiscriminatorsUnderHypervolumeCoverSevenOfEightGaussians() throws {
        let experiment = try Experiment.load(path: projectFolder + "/Configs/hypervolume/gaussians-8.json")
        let data = try SyntheticData(in: folder.path + "/data")
        let outcome = try TrainingRun.run(experiment, options: options(data))
        let covered = EvaluationCurves(of: RunFolder(path: outcome.folder))["metric.modes"]?.points.map(\.value) ?? []
        // Which of the last two depends on the processor's rounding.
        #expect(covered.last ?? 0 >= 7, "covered over time: \(covered)")
    }
}
