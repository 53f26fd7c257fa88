import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonTraining
import Foundation

/// An experiment on points of the plane that trains in milliseconds; every kind of state is in it: running statistics,
/// Adam's moments, the images of the step before, dropout.
package enum TinyExperiment {
    package static let text = """
        {
          "name": "tiny",
          "steps": 24,
          "seed": 3,
          "dataset": {"name": "gaussians-8", "count": 200},
          "batchSize": 8,
          "latent": {"size": 4},
          "objective": {"type": "selfgan"},
          "optimizer": {"type": "adam", "learningRate": 1e-2, "beta1": 0.5},
          "generator": {"layers": [
            {"type": "linear", "features": 16}, "batchNorm", "leakyReLU", {"type": "linear", "features": 2}]},
          "discriminator": {"layers": [
            {"type": "linear", "features": 16}, "leakyReLU", {"type": "dropout", "rate": 0.2},
            {"type": "linear", "features": 1}]},
          "samples": {"every": 10, "count": 5},
          "checkpoints": {"every": 5, "keep": 3},
          "log": {"every": 2}
        }
        """

    package static func load(_ overrides: String...) throws -> Experiment {
        try Experiment(ConfigNode.parse(text, file: "tiny.json").applying(overrides))
    }

    /// Options of a run in a folder, which need not exist.
    package static func options(_ folder: String, resumes: Bool = false, threads: Int = 1) -> TrainingOptions {
        var options = TrainingOptions()
        options.folder = folder
        options.resumes = resumes
        // Signals of other tests do not reach this one.
        options.stop = StopRequest()
        options.threads = threads
        options.searchPath = DataSearchPath(roots: [], manifestFolders: [], fetchFolder: folder)
        options.commandLine = ["agon", "run", "tiny.json"]
        options.configPath = folder + "/tiny.json"
        return options
    }
}

/// A folder that is gone when the test ends.
package final class TemporaryFolder: Sendable {
    package let path: String

    /// - Parameter inMemory: where large files are to be no work for the disk.
    package init(inMemory: Bool = false) throws {
        let memory = "/dev/shm"
        let parent =
            inMemory && FileManager.default.isWritableFile(atPath: memory)
            ? memory : FileManager.default.temporaryDirectory.path
        path = parent + "/agon-experiments-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    package func write(_ text: String, to name: String) throws -> String {
        let place = path + "/" + name
        try text.write(toFile: place, atomically: true, encoding: .utf8)
        return place
    }
}

/// The project's folder.
package let projectFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

package func bytes(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

/// The message of the error that `body` throws.
package func message(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "no error"
    } catch { return "\(error)" }
}
