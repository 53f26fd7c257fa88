import AgonAdversarial
import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonTensors
import Foundation
import Testing

/// A graph made ready to run from arrays.
final class RunningGraph {
    let step: CompiledStep
    private(set) var runs = 0

    init(_ graph: ComputeGraph, name: String = "test", threads: Int = 1, seed: UInt64 = 1) throws {
        step = try CompiledStep(graph, name: name, pool: WorkerPool(threads: threads), seed: seed)
    }

    func run(_ inputs: [String: [Float]] = [:]) {
        var pointers: [String: UnsafePointer<Float>] = [:]
        var owned: [UnsafeMutablePointer<Float>] = []
        for (name, values) in inputs {
            let pointer = UnsafeMutablePointer<Float>.allocate(capacity: max(values.count, 1))
            pointer.update(from: values, count: values.count)
            owned.append(pointer)
            pointers[name] = UnsafePointer(pointer)
        }
        step.run(inputs: pointers, index: runs)
        runs += 1
        for pointer in owned { pointer.deallocate() }
    }

    func values(_ name: String) throws -> [Float] { try #require(step.output(name), "no output '\(name)'").values }
    func scalar(_ name: String) throws -> Float { try #require(try values(name).first) }
}

/// The phases of a training made ready to run.
final class RunningTraining {
    let phases: [(phase: IterationPhase, running: RunningGraph)]
    private(set) var iterations = 0

    init(_ setting: AdversarialSetting, threads: Int = 1, seed: UInt64 = 1) throws {
        phases = try setting.phases().map {
            ($0, try RunningGraph($0.graph, name: $0.name, threads: threads, seed: seed))
        }
    }

    /// One iteration, measurements last. `inputs` gives each run's inputs by phase; the iteration's number is added.
    func iterate(_ inputs: (IterationPhase, CompiledStep) -> [String: [Float]] = madeUpInputs) {
        for (phase, running) in phases {
            for _ in 0..<phase.repeats {
                running.run(inputs(phase, running.step).merging(["iteration": [Float(iterations)]]) { $1 })
            }
        }
        iterations += 1
    }

    var outputNames: [String] { phases.flatMap(\.running.step.outputNames) }

    /// All that the last iteration would log.
    var scalars: [(name: String, value: Float)] { phases.flatMap { $0.running.step.scalars() } }

    var isFinite: Bool { scalars.allSatisfy { $0.value.isFinite } }

    func scalar(_ name: String) throws -> Float {
        let running = try #require(phases.first { $0.running.step.outputNames.contains(name) }, "no output '\(name)'")
        return try running.running.scalar(name)
    }

    /// What objectives and tricks keep between steps.
    func state(_ name: String) throws -> Variable {
        let variables = phases.flatMap(\.phase.graph.variables).filter { $0.role == .loopState }
        return try #require(variables.first { $0.name == name }, "no state '\(name)' in \(variables.map(\.name))")
    }
}

/// Inputs of any step: real samples and latents are normal, labels in turn, other random numbers uniform.
func madeUpInputs(_ phase: IterationPhase, _ step: CompiledStep) -> [String: [Float]] {
    var inputs: [String: [Float]] = [:]
    for (name, shape) in step.inputs where name != IterationPhase.iterationInput {
        let stream = RandomStream(seed: 7, purpose: name)
        inputs[name] =
            switch name {
            case "condition" where shape.rank == 2, "labelled.condition": oneHot(shape[0], classes: shape[1])
            case "real", "labelled", "condition": stream.normal(count: shape.count)
            case _ where name.hasPrefix("latent") || name.hasPrefix("noise"): stream.normal(count: shape.count)
            default: stream.uniform(count: shape.count)
            }
    }
    return inputs
}

/// Rows of labels 0, 1, 2, ... in turn.
func oneHot(_ count: Int, classes: Int, first: Int = 0) -> [Float] {
    (0..<count * classes).map { ($0 / classes + first) % classes == $0 % classes ? 1 : 0 }
}

func network(_ name: String, _ layers: String, input: Shape, seed: UInt64 = 3) throws -> Network {
    try Network(name: name, configuration: networkConfiguration(layers), input: input, seed: seed)
}

func networkConfiguration(_ layers: String) throws -> NetworkConfiguration {
    let node = try ConfigNode.parse(#"{"layers": \#(layers)}"#, file: "test.json")
    return try ConfigReader.decode(NetworkConfiguration.self, from: node).value
}

/// A game as a config states it, with several kinds of discriminators where several are given.
func game(
    _ text: String, generator: String = #"[{"type": "linear", "features": 2}]"#,
    discriminators: [String] = [#"[{"type": "linear", "features": 1}]"#], data: DataShapes = DataShapes(sample: [2]),
    seed: UInt64 = 3, recorded: Bool = false, norms: Bool = false
) throws -> AdversarialSetting {
    let configuration = try adversarial(text)
    let gan = try GANNetworks(
        generator: networkConfiguration(generator), discriminators: discriminators.map(networkConfiguration),
        isList: discriminators.count > 1, configuration: configuration, data: data, seed: seed)
    return try AdversarialSetting(
        gan: gan, data: data, configuration: configuration, randomNumbersAreInputs: recorded,
        reportsGradientNorms: norms)
}

func adversarial(_ text: String) throws -> AdversarialConfiguration {
    let node = try ConfigNode.parse(text, file: "test.json")
    return try ConfigReader.decode(AdversarialConfiguration.self, from: node).value
}

/// Compares relative to the largest magnitude expected.
func expectClose(
    _ values: [Float], _ expected: [Float], within tolerance: Float, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard values.count == expected.count else {
        Issue.record("\(what): \(values.count) values, expected \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    let scale = max(expected.map(abs).max() ?? 0, 1e-6)
    var worst = (index: 0, error: Float(0))
    for (index, pair) in zip(values, expected).enumerated() {
        let error = abs(pair.0 - pair.1) / scale
        if !(error <= worst.error) { worst = (index, error) }
    }
    #expect(
        worst.error <= tolerance,
        """
        \(what)[\(worst.index)]: \(values[worst.index]), expected \(expected[worst.index]) \
        within \(tolerance) of \(scale)
        """,
        sourceLocation: sourceLocation)
}
