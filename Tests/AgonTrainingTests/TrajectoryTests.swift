import AgonAdversarial
import AgonConfiguration
import AgonGraph
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonExperiments
@testable import AgonTraining

/// Trainings followed step by step beside PyTorch's, from the same weights, batches and random numbers
/// (`Tests/Fixtures/trajectories`).
@Suite struct TrajectoryTests {
    static let folder = projectFolder + "/Tests/Fixtures/trajectories/"

    static let cases: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }()

    /// Ten steps in float32 against float64, relative to the largest magnitude of a tensor.
    static let tolerance: Float = 1e-4

    @Test func thereAreCases() { #expect(Self.cases.count >= 30) }

    @Test(arguments: cases) func lossesAndWeightsAreThoseOfPyTorch(name: String) throws {
        let experiment = try Experiment.load(
            path: Self.folder + name + ".json",
            overrides: [
                "initialWeights=\(Self.folder)\(name).weights.safetensors",
                "recordedInputs=\(Self.folder)\(name).trajectory.safetensors",
            ])
        let recorded = try SafetensorsFile(path: Self.folder + name + ".trajectory.safetensors")
        try BLAS.open()
        let prepared = try TrainingSetup(experiment, options: TrainingOptions())
        var worst: (what: String, error: Float) = ("", 0)
        func compare(_ what: String, _ values: [Float], _ expected: [Float]) {
            guard values.count == expected.count else { return worst = (what, .infinity) }
            let scale = max(expected.map(abs).max() ?? 0, 1e-6)
            for (value, expected) in zip(values, expected) {
                let error = abs(value - expected) / scale
                if !(error <= worst.error) { worst = (what, error) }
            }
        }

        var expected: [(phase: String, output: String, values: [Float])] = []
        for entry in recorded.entries where entry.name.hasPrefix("expected.") {
            let parts = entry.name.dropFirst(9).split(separator: ".", maxSplits: 1).map(String.init)
            expected.append((parts[0], parts[1], try recorded.tensor(entry.name).values))
        }
        let steps = experiment.configuration.steps
        try #require(expected.count >= 2)
        for step in 0..<steps {
            try prepared.step.run(step, inputs: prepared.inputs)
            let scalars = prepared.step.scalars
            for (phase, output, values) in expected {
                let value = try #require(
                    scalars.first { $0.name == output }?.value, "phase '\(phase)' has no output '\(output)'")
                // Of several runs of a phase in a step, the last.
                let runs = values.count / steps
                compare("step \(step): \(output)", [value], [values[(step + 1) * runs - 1]])
            }
        }
        #expect(worst.error <= Self.tolerance, "\(worst.what): relative error \(worst.error)")

        worst = ("", 0)
        var compared = 0
        for entry in recorded.entries where entry.name.hasPrefix("final.") {
            let name = String(entry.name.dropFirst(6))
            let variable = try #require(
                prepared.networks.variables.first { $0.name == name }, "no variable is called '\(name)'")
            let tensor = try recorded.tensor(entry.name)
            let exported = variable.exported()
            #expect(exported.shape.count == tensor.shape.count, "\(name): \(exported.shape), \(tensor.shape)")
            compare(name, exported.values, tensor.values)
            compared += 1
        }
        #expect(compared > 4)
        #expect(worst.error <= Self.tolerance, "\(worst.what): relative error \(worst.error)")
    }
}
