import AgonConfiguration
import AgonExperiments
import AgonRuns
import AgonTensors
import Foundation

/// Models that come with Agon (`Models/NAME`): folders of runs with only what drawing samples needs.
public enum SamplingModel {
    private static let shippedFolder = "Models"

    /// Writes a run's config and record, and a checkpoint of the generator alone, to a new folder.
    ///
    /// - Parameters:
    ///   - weights: of the generator; default: averages, if the run keeps any.
    ///   - note: called with messages about skipped checkpoints.
    /// - Returns: the step and the bytes of the checkpoint.
    ///
    /// Throws what `TrainedGenerator.forExport` throws, `RunError.cannotMakeFolder` for a folder that holds a run or a
    /// model, `TensorsError`.
    public static func write(
        run path: String, checkpoint step: Int? = nil, weights: EvaluationSettings.Weights? = nil,
        to target: String, note: (String) -> Void = { _ in }
    ) throws -> (step: Int, bytes: Int) {
        let trained = try TrainedGenerator.forExport(run: path, checkpoint: step, weights: weights, note: note)
        let (source, model) = (RunFolder(path: path), RunFolder(path: target))
        guard !model.holdsRun else {
            throw RunError.cannotMakeFolder(
                path: target,
                reason:
                    "it holds \(model.holdsExport ? "an exported generator" : "a run") already; choose another folder")
        }
        let checkpoint = model.checkpointPath(step: trained.step)
        let own = [checkpoint, model.configPath, model.recordPath].filter { !FileSystem.exists($0) }
        let ownFolders = [model.checkpointsFolder, model.path].filter { !FileSystem.exists($0) }
        do {
            try RunFolder.makeFolders(model.checkpointsFolder)
            try Checkpoint.write(
                trained.network.variables, step: trained.step, batches: 0, config: trained.whole.digest,
                seed: UInt64(trained.whole.configuration.seed), path: checkpoint, lastGood: nil)
            if let bytes = try FileSystem.contents(of: source.configPath) {
                try AtomicFile.write(path: model.configPath, bytes: bytes)
            }
            try writeRecord(of: source, step: trained.step, to: model)
        } catch {
            // An incomplete model would block the next attempt.
            own.forEach { unlink($0) }
            ownFolders.forEach { rmdir($0) }
            throw error
        }
        return (trained.step, try FileSystem.contents(of: checkpoint)?.count ?? 0)
    }

    /// Writes the run's record as it was at the step: unchanged for the last one, else with the step and the seconds up
    /// to it, which the run logged.
    private static func writeRecord(of source: RunFolder, step: Int, to model: RunFolder) throws {
        guard let bytes = try FileSystem.contents(of: source.recordPath) else { return }
        guard var record = source.record, record.step != step else {
            return try AtomicFile.write(path: model.recordPath, bytes: bytes)
        }
        var seconds: Double?
        _ = MetricsScan.read(source.metricsPath) { line in
            if line.step <= step { seconds = line.seconds ?? seconds }
        }
        (record.step, record.checkpoint) = (step, step)
        (record.seconds, record.checkpointSeconds) = (seconds, seconds)
        try model.write(record)
    }

    /// The folder of a run that the user named, or that of the model with this name.
    public static func run(_ name: String) -> String {
        guard !["", ".", ".."].contains(name), !name.contains("/"), !RunFolder(path: name).holdsRun else { return name }
        return ProjectFiles.places(of: "\(shippedFolder)/\(name)").first ?? name
    }

    /// The folder of a run that the user named, or that of the model with this name.
    ///
    /// Throws `SamplingError.unknownModel` for a name without a folder that is not the name of a model.
    public static func existingRun(_ name: String) throws -> String {
        let folder = run(name)
        guard !name.isEmpty, !name.contains("/"), !FileSystem.exists(folder) else { return folder }
        throw SamplingError.unknownModel(name, nearest: nearestName(to: name, in: all.map(Self.name)))
    }

    /// The folder of a model that the user named by its name or by its folder; nil for runs.
    public static func shipped(_ name: String) -> String? {
        let folder = run(name)
        let path = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
        return all.contains { URL(fileURLWithPath: $0.path).resolvingSymlinksInPath().path == path } ? folder : nil
    }

    /// Checks that a name is not that of a model.
    ///
    /// - Parameter remedy: what to do instead, such as a command.
    ///
    /// Throws `SamplingError.isModel`.
    public static func requireRun(_ name: String, remedy: String) throws {
        guard shipped(name) == nil else { throw SamplingError.isModel(name, remedy: remedy) }
    }

    /// The name of a model by its folder.
    public static func name(_ model: RunFolder) -> String { (model.path as NSString).lastPathComponent }

    /// The folders of the models that come with Agon, by name.
    public static var all: [RunFolder] {
        var found: [String: RunFolder] = [:]
        for folder in ProjectFiles.places(of: shippedFolder) {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where found[name] == nil {
                let run = RunFolder(path: "\(folder)/\(name)")
                if run.holdsRun { found[name] = run }
            }
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }
}
