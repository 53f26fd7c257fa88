import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonScoring
import AgonTestSupport
import AgonTraining
import Foundation
import Testing

@Suite struct ShippedConfigTests {
    /// Every experiment's config, but those that others extend.
    static let shipped: [String] = {
        let folder = URL(fileURLWithPath: projectFolder + "/Configs").resolvingSymlinksInPath().path
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        let others = ["base/", "classifiers/", "sweeps/", "tables/"]
        return paths.filter { path in
            path.hasSuffix(".json") && !path.hasSuffix("schema.json") && !others.contains { path.hasPrefix($0) }
        }.sorted()
    }()

    @Test func everyPublishedSystemIsShipped() {
        let folders = Set(Self.shipped.compactMap { $0.split(separator: "/").first.map(String.init) })
        #expect(
            folders.isSuperset(of: [
                "selfgan", "gan", "lsgan", "wgan-gp", "wgan", "hinge", "r1", "dragan", "acgan", "catgan", "stackgan",
                "ema", "bcr", "sngan", "sagan", "relativistic", "gas", "g-advantage", "hypervolume", "hacks",
                "pix2pix", "cyclegan",
            ]))
    }

    /// No reader has to trust a comment: the table of systems says what each config is.
    @Test(arguments: shipped) func everyConfigSaysWhoseSystemItIs(config: String) throws {
        let system = try #require(
            try Experiment.load(path: projectFolder + "/Configs/" + config).configuration.system, "no section 'system'")
        let table = try String(contentsOfFile: projectFolder + "/Documentation/systems.md", encoding: .utf8)
        let differs = system.differs.isEmpty ? "nothing known" : system.differs.joined(separator: "; ")
        let row = "| `\(config.dropLast(5))` | \(system.source) | \(system.form) | \(differs) |\n"
        #expect(table.contains(row), "run scripts/systems-table")
    }

    /// The six cases of GAS as they were run.
    static let casesOfGAS = shipped.filter { $0.hasPrefix("gas/") && $0.hasSuffix("-as-run.json") }

    @Test func allCasesOfGASAreShipped() { #expect(Self.casesOfGAS.count == 6, "\(Self.casesOfGAS)") }

    /// Published: a D loss of 8.0 at iteration 0, a quarter for each of 32 images, in five of the six cases. The
    /// other's norms, active in training, give its scores sizes of their own.
    @Test(arguments: casesOfGAS)
    func discriminatorsOfGASBeginUndecided(config: String) throws {
        let data = try Self.data.get()
        let experiment = try Experiment.load(
            path: projectFolder + "/Configs/" + config,
            overrides: ["log.every=1", "samples.count=1", "updates.generator=1"], steps: 1)
        let folder = try TemporaryFolder(inMemory: true)
        var options = TinyExperiment.options(folder.path + "/run", threads: 2)
        options.searchPath = data.searchPath
        let outcome = try TrainingRun.run(experiment, options: options)
        let line = try String(contentsOfFile: outcome.folder + "/metrics.jsonl", encoding: .utf8)
        let loss = try #require(try ConfigNode.parse(line, file: "metrics")["loss.discriminator"]?.number)
        let isDepthwise = config.hasPrefix("gas/depthwise-inception-as-run")
        #expect(isDepthwise ? abs(loss - 8) > 0.05 : abs(loss - 8) < 0.05, "D loss \(loss)")
    }

    /// One folder of data for all configs.
    static let data = Result { try SyntheticData(in: TemporaryFolder.ofTheProcess.get().path + "/data") }

    /// What makes a step of a config quick without changing what it does: less of the same.
    private func quickened(_ config: ExperimentConfiguration, _ data: SyntheticData) -> [String] {
        var overrides = [
            "samples.count=2", "samples.every=1", "log.every=1", "alarms.discriminatorLossNearZero.action=off",
        ]
        let training = config.training
        // Unoptimized kernels take seconds for images of 256x256.
        let size = min(training.batchSize, config.name.contains("256") ? 2 : 4)
        let shards = (training.objective as? SelfGANObjective)?.shards ?? 1
        overrides.append("batchSize=\(max(size, 2 * shards))")
        if training.ensemble.copies > 2 { overrides.append("ensemble.copies=2") }
        if training.updates.generator > 4 { overrides.append("updates.generator=4") }
        if let labelled = training.objective.labelledSamples, labelled.count > 20 {
            overrides += ["objective.labelled.count=20", "objective.labelled.batchSize=4"]
        }
        if config.dataset.name == "stacked-mnist" { overrides.append("dataset.count=64") }
        if config.dataset.name == "folder" { overrides.append("dataset.path=\"\(data.path)/images\"") }
        if let generation = training.task as? GenerationTask, case .embedding = generation.condition {
            overrides.append("dataset.embeddings=\"\(data.path)/images.npy\"")
        }
        // Networks without a fixed size do with smaller images.
        if training.task is CycleTask {
            overrides.append(#"dataset.transforms=[{"type": "resize", "size": 32}, "mirror"]"#)
        }
        // Each stage begins after one step more.
        for index in config.stages.indices {
            overrides += ["stages[\(index)].share=null", "stages[\(index)].from=\(index + 1)"]
        }
        return overrides
    }

    @Test(arguments: shipped) func shippedConfigTakesTwoSteps(config: String) throws {
        let data = try Self.data.get()
        let path = projectFolder + "/Configs/" + config
        let given = try Experiment.load(path: path)
        let steps = 2 + given.configuration.stages.count
        let experiment = try Experiment.load(
            path: path, overrides: quickened(given.configuration, data), steps: steps)
        let folder = try TemporaryFolder(inMemory: true)
        var options = TinyExperiment.options(folder.path + "/run", threads: 2)
        options.searchPath = data.searchPath
        let outcome = try TrainingRun.run(experiment, options: options)
        #expect(outcome.step == steps)
        #expect(outcome.sampleGrid != nil)
    }
}
