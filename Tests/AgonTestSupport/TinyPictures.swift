import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonTensors
import AgonTestFiles
import AgonTraining
import Foundation

/// A folder of small noisy images and an experiment that reads each from its file in each epoch.
package final class TinyPictures: Sendable {
    package let folder: TemporaryFolder
    package var path: String { folder.path + "/pictures" }
    package var run: String { folder.path + "/run" }

    package init(count: Int = 16) throws {
        folder = try TemporaryFolder()
        for index in 0..<count { try write(index) }
    }

    package func picture(_ index: Int) -> String { path + "/\(index + 100).png" }

    /// Writes an image; another seed gives another image of about the same size.
    package func write(_ index: Int, seed: UInt64 = 0) throws {
        let place = try folder.write([], to: "pictures/\(index + 100).png")
        let shape = ImageShape(height: 6, width: 6, channels: 3)
        let words = RandomStream(seed: seed, purpose: "picture \(index)").bits(count: shape.count)
        try ImageFile.writePNG(Image(shape: shape, pixels: words.map { UInt8(truncatingIfNeeded: $0) }), path: place)
    }

    package var text: String {
        """
        {
          "name": "pictures",
          "steps": 24,
          "dataset": {"name": "folder", "path": "\(path)", "memoryLimit": 0},
          "batchSize": 4,
          "latent": {"size": 3},
          "objective": {"type": "gan"},
          "optimizer": {"type": "adam", "learningRate": 1e-2},
          "generator": {"layers": [{"type": "linear", "features": 108}, "tanh", {"type": "reshape", "shape": [6, 6, 3]}]},
          "discriminator": {"layers": ["flatten", {"type": "linear", "features": 1}]},
          "samples": {"every": 24, "count": 4},
          "checkpoints": {"every": 10, "keep": 5},
          "log": {"every": 3}
        }
        """
    }

    /// Trains or continues, and returns the notes.
    ///
    /// - Parameter place: the pictures' folder, if it is not `path`.
    /// - Parameter progress: called at each step.
    @discardableResult
    package func train(
        to step: Int, run: String? = nil, resumes: Bool = true, accepts: Bool = false, at place: String? = nil,
        progress: @escaping (Int) throws -> Void = { _ in }
    ) throws -> [String] {
        var options = TinyExperiment.options(run ?? self.run, resumes: resumes)
        options.acceptsChangedData = accepts
        let experiment = try Experiment(
            ConfigNode.parse(text, file: "pictures.json").applying([
                "steps=\(step)", "dataset.path=\"\(place ?? path)\"",
            ]))
        var notes: [String] = []
        _ = try TrainingRun.run(experiment, options: options, evaluating: { _, _, _ in nil }) { event in
            switch event {
            case .note(let text): notes.append(text)
            case .progress(let now): try? progress(now.step)
            default: break
            }
        }
        return notes
    }
}
