import AgonExperiments
import AgonGraph
import AgonTensors

/// The state of a run after a step, as a safetensors file: parameters, statistics, optimizer and loop state under their
/// names and in PyTorch's layouts, and the position as metadata.
///
/// Random streams and the order of the data are functions of the seed and a counter, so the step determines their
/// state. The bytes depend only on config and step, not on threads, interruptions or the clock. The file contains its
/// own checksum, so training never continues from damaged weights.
public struct Checkpoint: Sendable {
    public static let format = "agon-checkpoint-2"
    /// The previous format, which has no checksum and computes digests differently.
    private static let formerFormat = "agon-checkpoint-1"

    public let step: Int
    /// `Experiment.digest` of the config that it belongs to; nil for a file whose digest cannot be compared.
    public let config: String?
    public let path: String
    private let file: SafetensorsFile

    /// Opens a checkpoint and checks its checksum, header and metadata, which detects truncated and damaged files.
    ///
    /// Throws `TensorsError` or `RunError.badCheckpoint`.
    public init(path: String) throws {
        file = try SafetensorsFile(path: path)
        self.path = path
        guard let format = file.metadata["format"] else {
            throw RunError.badCheckpoint(path: path, problem: "its metadata lack the key 'format'")
        }
        guard format == Self.format && file.isSealed || format == Self.formerFormat else {
            throw RunError.badCheckpoint(
                path: path,
                problem: format == Self.format
                    ? "it has no checksum" : "its format is '\(format)', expected '\(Self.format)'")
        }
        guard let step = file.metadata["step"].flatMap(Int.init), step >= 0, let config = file.metadata["config"] else {
            throw RunError.badCheckpoint(path: path, problem: "its metadata lack the step or the config")
        }
        self.step = step
        self.config = format == Self.format ? config : nil
    }

    /// Writes the state, then reads it back.
    ///
    /// - Parameters:
    ///   - batches: the number of data batches read so far.
    ///   - config: the digest of the config.
    ///   - lastGood: the previous checkpoint, for the error message.
    ///
    /// Throws `RunError.notFinite` before anything is written if a value is not finite, `TensorsError` if the write
    /// fails.
    package static func write(
        _ variables: [Variable], step: Int, batches: Int, config: String, seed: UInt64, path: String,
        lastGood: String?
    ) throws {
        if let bad = firstNotFinite(variables) {
            throw RunError.notFinite(
                step: step, quantity: bad.name, value: "\(bad.value)", tensor: nil, checkpoint: lastGood)
        }
        let contents = variables.map { SafetensorsFile.Content(name: $0.name, tensor: $0.exported()) }
        let metadata = [
            "format": format, "step": String(step), "config": config, "seed": String(seed),
            "batches": String(batches),
        ]
        try SafetensorsFile.write(path: path, contents, metadata: metadata, isSealed: true)
        let written = try Checkpoint(path: path)
        guard written.file.entries.count == contents.count, written.step == step else {
            throw RunError.badCheckpoint(path: path, problem: "its contents differ from those that were written")
        }
    }

    /// The name of the first variable with a value that is not finite, and the value.
    package static func firstNotFinite(_ variables: [Variable]) -> (name: String, value: Float)? {
        for variable in variables {
            let values = UnsafeBufferPointer(start: variable.storage, count: variable.shape.count)
            if let bad = values.first(where: { !$0.isFinite }) { return (variable.name, bad) }
        }
        return nil
    }

    /// Whether it holds the variables of one network alone, without the state of training: an exported generator.
    var isOfOneNetwork: Bool {
        Set(file.entries.map { $0.name.prefix { $0 != "." } }).count == 1
    }

    /// Whether to take the averages of the generator's weights: as wanted, if the file has these weights, else the
    /// others.
    ///
    /// - Parameters:
    ///   - weights: the wanted ones; nil: averages, if there are any.
    ///   - keepsAverages: whether the run keeps averages.
    ///   - note: called if the run or the file has only the others, as a model may.
    package func takesAverages(
        _ weights: EvaluationSettings.Weights?, keepsAverages: Bool, note: (String) -> Void
    ) -> Bool {
        if weights == .average, !keepsAverages {
            note("\(path): the run keeps no averages of its weights (tricks.averaging); took the raw weights")
        }
        let wanted = keepsAverages && weights != .raw
        func holds(_ network: String) -> Bool { file.entries.contains { $0.name.hasPrefix(network + ".") } }
        let names = wanted ? ("average", "generator") : ("generator", "average")
        guard !holds(names.0), holds(names.1) else { return wanted }
        note("\(path): has only the \(wanted ? "raw weights" : "averages of the weights"); took these")
        return !wanted
    }

    /// Sets variables to the values of the file.
    ///
    /// Throws `RunError.badCheckpoint` for a variable that is missing or has another shape, `TensorsError`.
    package func restore(_ variables: [Variable]) throws {
        for variable in variables {
            guard file.contains(variable.name) else {
                throw RunError.badCheckpoint(path: path, problem: "it lacks the tensor '\(variable.name)'")
            }
            let tensor = try file.tensor(variable.name)
            guard variable.importing(tensor) else {
                throw RunError.badCheckpoint(
                    path: path,
                    problem: "tensor '\(variable.name)' is \(tensor.shape), expected \(variable.pyTorchShape)")
            }
        }
    }

    /// Sets the networks' variables to the values that the file has for the same name and shape.
    ///
    /// - Returns: the names of the variables for which it has no values.
    package func carryOver(to variables: [Variable]) throws -> [String] {
        var others: [String] = []
        for variable in variables where variable.role == .parameter || variable.role == .buffer {
            let fits = file.contains(variable.name) ? try variable.importing(file.tensor(variable.name)) : false
            if !fits { others.append(variable.name) }
        }
        return others
    }

    /// Checks that the file holds exactly these variables, in their shapes.
    ///
    /// Throws `RunError.badCheckpoint`.
    package func check(_ variables: [Variable]) throws {
        for variable in variables {
            guard file.contains(variable.name), try file.entry(variable.name).shape == variable.pyTorchShape else {
                throw RunError.badCheckpoint(
                    path: path, problem: "tensor '\(variable.name)' is missing or has another shape")
            }
        }
        guard file.entries.count == variables.count else {
            throw RunError.badCheckpoint(
                path: path, problem: "it holds \(file.entries.count) tensors, expected \(variables.count)")
        }
    }
}

extension RunFolder {
    /// Whether it is an exported generator (`agon export --model`): the folder of a run with one network and no log.
    package var holdsExport: Bool {
        guard holdsRun, !FileSystem.exists(metricsPath), let step = try? checkpointSteps.last,
            let checkpoint = try? Checkpoint(path: checkpointPath(step: step))
        else { return false }
        return checkpoint.isOfOneNetwork
    }
}
