import AgonRuns
import AgonSampling
import AgonTestSupport
import Foundation
import Testing

@testable import AgonTraining

@Suite struct SamplingModelTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Samples of a model are those of its run, to the byte.
    @Test func aModelSamplesAsItsRun() throws {
        let options = TinyExperiment.options(folder.path + "/run")
        _ = try TrainingRun.run(TinyExperiment.load("steps=6"), options: options) { _ in }
        let outcome = try SamplingModel.write(run: folder.path + "/run", to: folder.path + "/model")
        #expect(outcome.step == 6 && outcome.bytes > 0)
        #expect(throws: RunError.self) {
            try SamplingModel.write(run: folder.path + "/run", to: folder.path + "/model")
        }
        func samples(_ name: String) throws -> Data {
            let path = "\(folder.path)/\(name).npy"
            _ = try Sampling(run: "\(folder.path)/\(name)").write(.first(8), seed: 3, threads: 1, to: path)
            return try Data(contentsOf: URL(fileURLWithPath: path))
        }
        #expect(try samples("run") == samples("model"))
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/model")
        #expect(Set(names) == ["config.json", "run.json", "checkpoints", "checkpoints/step-0000006.safetensors"])
    }

    @Test func aModelOfAnEarlierStepStatesIt() throws {
        let options = TinyExperiment.options(folder.path + "/run")
        _ = try TrainingRun.run(
            TinyExperiment.load("steps=6", "log={\"every\": 1}", "checkpoints={\"every\": 2, \"keep\": 3}"),
            options: options
        ) { _ in }
        _ = try SamplingModel.write(run: folder.path + "/run", checkpoint: 4, to: folder.path + "/model")
        _ = try SamplingModel.write(run: folder.path + "/run", to: folder.path + "/last")
        func record(_ name: String) -> RunRecord? { RunFolder(path: "\(folder.path)/\(name)").record }
        let (whole, early) = (try #require(record("run")), try #require(record("model")))
        #expect(whole.step == 6 && early.step == 4 && early.checkpoint == 4 && early.steps == 6)
        #expect(try #require(early.seconds) <= #require(whole.seconds))
        #expect(record("last")?.node == whole.node)
    }

    /// A folder in place of the record stands for a full disk.
    @Test func aModelThatCannotBeWrittenLeavesNothing() throws {
        _ = try TrainingRun.run(
            TinyExperiment.load("steps=2"), options: TinyExperiment.options(folder.path + "/run")
        ) { _ in }
        let model = RunFolder(path: folder.path + "/model")
        try FileManager.default.createDirectory(atPath: model.recordPath, withIntermediateDirectories: true)
        #expect(
            message { try SamplingModel.write(run: folder.path + "/run", to: model.path) }.hasPrefix(
                "\(model.recordPath): cannot write ("))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: model.path) == ["run.json"])
        try FileManager.default.removeItem(atPath: model.recordPath)
        _ = try SamplingModel.write(run: folder.path + "/run", to: model.path)
    }

    @Test func shippedModelsSample() throws {
        let models = SamplingModel.all
        #expect(models.count >= 2)
        for model in models {
            let name = (model.path as NSString).lastPathComponent
            #expect(SamplingModel.run(name) == model.path)
            let path = folder.path + "/\(name).npy"
            let outcome = try Sampling(run: model.path).write(.first(2), seed: 0, threads: 1, to: path)
            #expect(outcome.count == 2)
            let bytes = try FileManager.default.subpathsOfDirectory(atPath: model.path + "/checkpoints").reduce(0) {
                $0 + (try Data(contentsOf: URL(fileURLWithPath: model.path + "/checkpoints/" + $1)).count)
            }
            #expect(bytes < 2_000_000, "\(name)")
        }
    }

    @Test func modelsAreFoundByTheirNames() {
        #expect(SamplingModel.run("") == "")
        #expect(SamplingModel.run("no-such-model") == "no-such-model")
        #expect(SamplingModel.run("/tmp") == "/tmp")
        #expect(
            message { _ = try SamplingModel.existingRun("quickstrat") }
                == "quickstrat: no run is in a folder of this name, and no model of this name comes with Agon. "
                + "Did you mean 'quickstart'? List models with: agon models; runs with: agon runs")
        #expect(throws: Never.self) { try SamplingModel.existingRun("/tmp/none") }
        let model = SamplingModel.run("quickstart")
        #expect(SamplingModel.shipped("quickstart") == model && SamplingModel.shipped(model + "/") == model + "/")
        #expect(SamplingModel.shipped("/tmp") == nil && SamplingModel.shipped("no-such-model") == nil)
        #expect(
            message { try SamplingModel.requireRun("quickstart", remedy: "do this") }
                == "quickstart: a model that comes with Agon: a generator without the discriminator and the logs of its "
                + "run; do this")
    }
}
