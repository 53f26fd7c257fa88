import AgonAdversarial
import AgonGraph
import AgonTensors
import AgonText

/// The inputs of a training from a file, including random numbers. They reproduce a training that another program
/// recorded.
///
/// The safetensors file holds tensors `input.<phase>.<input>`, whose first dimension counts the runs of the phase.
/// Images have the shape `[runs, N, C, H, W]`.
final class RecordedFeed: PhaseInputs {
    private let path: String
    private let inputs: [String: Tensor]

    /// Throws `TensorsError`, `TrainingError.badRecording` for a file without inputs.
    init(path: String) throws {
        self.path = path
        let file = try SafetensorsFile(path: path)
        var inputs: [String: Tensor] = [:]
        for entry in file.entries where entry.name.hasPrefix("input.") {
            let tensor = try file.tensor(entry.name)
            guard tensor.shape.rank >= 2 else {
                throw TrainingError.badRecording(
                    path: path, problem: "'\(entry.name)' is \(tensor.shape), expected [runs, N, ...]")
            }
            inputs[String(entry.name.dropFirst(6))] =
                tensor.shape.rank == 5 ? tensor.permuted([0, 1, 3, 4, 2]) : tensor
        }
        guard !inputs.isEmpty else {
            throw TrainingError.badRecording(path: path, problem: "it contains no array 'input.<phase>.<input>'")
        }
        self.inputs = inputs
    }

    /// The shapes of the recorded batches.
    var shapes: DataShapes? {
        func shape(_ input: DataInput) -> Shape? {
            inputs.first { $0.key.hasSuffix("." + input.rawValue) }
                .map { Shape(Array($0.value.shape.dimensions.dropFirst(2))) }
        }
        return shape(.real).map { DataShapes(sample: $0, condition: shape(.condition)) }
    }

    /// Throws `TrainingError.badRecording` if a phase's input is missing or has another shape.
    func check(_ phases: [IterationPhase]) throws {
        for phase in phases where !phase.isMeasurement {
            for node in phase.graph.nodes {
                guard case .input(let input) = node.operation, input != IterationPhase.iterationInput else { continue }
                let name = "\(phase.name).\(input)"
                guard let recorded = inputs[name] else {
                    throw TrainingError.badRecording(
                        path: path,
                        problem: "it lacks 'input.\(name)'; it holds \(inputs.keys.sorted().joined(separator: ", "))")
                }
                let shape = Shape(Array(recorded.shape.dimensions.dropFirst()))
                guard shape == node.output.shape else {
                    throw TrainingError.badRecording(
                        path: path, problem: "a run of 'input.\(name)' is \(shape), expected \(node.output.shape)")
                }
            }
        }
    }

    func values(for phase: IterationPhase, batch: Int, run: Int) throws -> [String: UnsafePointer<Float>] {
        var values: [String: UnsafePointer<Float>] = [:]
        for (name, tensor) in inputs where name.hasPrefix(phase.name + ".") {
            let runs = tensor.shape[0]
            guard run < runs else {
                throw TrainingError.badRecording(
                    path: path,
                    problem: "'input.\(name)' holds \(CountText.short(runs, "run")); lower 'steps', or record more")
            }
            let count = tensor.shape.count / runs
            let piece = UnsafeMutablePointer<Float>.allocate(capacity: count)
            tensor.values.withUnsafeBufferPointer { source in
                if let base = source.baseAddress { piece.initialize(from: base + run * count, count: count) }
            }
            pieces.append(piece)
            values[String(name.dropFirst(phase.name.count + 1))] = UnsafePointer(piece)
        }
        // The pieces of the previous run are no longer needed.
        while pieces.count > 2 * inputs.count { pieces.removeFirst().deallocate() }
        return values
    }

    private var pieces: [UnsafeMutablePointer<Float>] = []

    deinit { for piece in pieces { piece.deallocate() } }

    func stop() {}
}
