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

package func bytes(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }
