import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonSampling
import AgonTestFiles
import AgonTestSupport
import AgonTraining
import Testing

/// Samples of a run that translates images, which come from its dataset.
@Suite struct PairSamplingTests {
    let folder: TemporaryFolder

    /// Trains two steps on four pairs of 2x2 pixels.
    init() throws {
        folder = try TemporaryFolder()
        let shape = ImageShape(height: 2, width: 4, channels: 3)
        for index in 0..<4 {
            let file = try folder.write([], to: "pairs/\(index).png")
            try ImageFile.writePNG(
                Image(shape: shape, pixels: [UInt8](repeating: UInt8(50 * index), count: shape.count)), path: file)
        }
        let node = try ConfigNode.parse(
            """
            {"name": "pairs", "steps": 2, "batchSize": 2, "task": "translation", "objective": "lsgan",
             "optimizer": "adam", "dataset": {"name": "pairs", "path": "\(folder.path)/pairs"},
             "generator": {"layers": [{"type": "conv", "channels": 3, "kernel": 1}]},
             "discriminator": {"layers": [{"type": "conv", "channels": 1, "kernel": 1}]}}
            """, file: "pairs.json")
        _ = try TrainingRun.run(Experiment(node), options: TinyExperiment.options(folder.path + "/run")) { _ in }
    }

    /// Of unpaired data, all conditions can be translated; a strip needs a target too.
    @Test(arguments: [("strips.png", 4), ("all.npy", 6)]) func countsAreThoseOfTheDrawn(name: String, count: Int) throws
    {
        let shape = ImageShape(height: 2, width: 2, channels: 3)
        for (domain, images) in [("trainA", 6), ("trainB", 4)] {
            for index in 0..<images {
                let file = try folder.write([], to: "domains/\(domain)/\(index).png")
                try ImageFile.writePNG(Image(shape: shape, pixels: [UInt8](repeating: 9, count: 12)), path: file)
            }
        }
        let node = try ConfigNode.load(path: folder.path + "/run/config.json").applying([
            #"dataset={"name": "unpaired", "path": "\#(folder.path)/domains"}"#, "task=cycle", "name=cycle",
            #"discriminator={"layers": [{"type": "conv", "channels": 1, "kernel": 1}]}"#,
        ])
        let run = folder.path + "/cycle"
        _ = try TrainingRun.run(Experiment(node), options: TinyExperiment.options(run)) { _ in }
        let outcome = try Sampling.writeFromDataset(
            run: run, count: 9, seed: 0, searchPath: TinyExperiment.options(run).searchPath, threads: 1,
            to: folder.path + "/" + name)
        #expect(outcome.count == count)
    }

    private func sample(_ split: DatasetSplit?) throws -> Sampling.Outcome {
        try Sampling.writeFromDataset(
            run: folder.path + "/run", split: split, count: 9, seed: 0,
            searchPath: TinyExperiment.options(folder.path).searchPath, threads: 1, to: folder.path + "/strips.png")
    }

    @Test func samplesAreThoseOfTheDataset() throws {
        #expect(try sample(nil).count == 4)
        #expect(try sample(.train).count == 4)
    }

    @Test(arguments: [DatasetSplit.test, .validation]) func aSplitThatTheDataLackIsRefused(split: DatasetSplit) {
        #expect(throws: SamplingError.noSplit(split, folder: folder.path + "/run")) { try sample(split) }
    }
}
