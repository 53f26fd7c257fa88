import Configuration
import Foundation
import Graph
import Layers
import Tensors
import Testing

@testable import Adversarial

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
    let phases: [(phase: TrainingPhase, running: RunningGraph)]

    init(_ setting: AdversarialSetting, threads: Int = 1, seed: UInt64 = 1) throws {
        phases = try setting.phases().map {
            ($0, try RunningGraph($0.graph, name: $0.name, threads: threads, seed: seed))
        }
    }

    /// One iteration. `inputs` gives each run's inputs by phase.
    func iterate(_ inputs: (TrainingPhase, CompiledStep) -> [String: [Float]]) {
        for (phase, running) in phases {
            for _ in 0..<phase.repeats { running.run(inputs(phase, running.step)) }
        }
    }

    func scalar(_ name: String) throws -> Float {
        let running = try #require(phases.first { $0.running.step.outputNames.contains(name) }, "no output '\(name)'")
        return try running.running.scalar(name)
    }
}

func network(_ name: String, _ layers: String, input: Shape, seed: UInt64 = 3) throws -> Network {
    let node = try ConfigNode.parse(#"{"layers": \#(layers)}"#, file: "test.json")
    let configuration = try ConfigReader.decode(NetworkConfiguration.self, from: node).value
    return try Network(name: name, configuration: configuration, input: input, seed: seed)
}

func adversarial(_ text: String) throws -> AdversarialConfiguration {
    let node = try ConfigNode.parse(text, file: "test.json")
    return try ConfigReader.decode(AdversarialConfiguration.self, from: node).value
}

func goldenLoss(_ name: String) throws -> SafetensorsFile {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try SafetensorsFile(path: folder.appendingPathComponent("Fixtures/golden/loss/\(name).safetensors").path)
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
