import AgonConfiguration
import AgonGraph
import AgonOptimizers
import AgonTensors
import AgonTestFiles
import Foundation
import Testing

/// Ten steps of each optimizer against PyTorch's (recorded by `Tests/Fixtures/golden/generate.py` in float64).
@Suite struct GoldenTrajectoryTests {
    static let cases: [(file: String, config: String)] = [
        ("sgd", #"{"type": "sgd", "learningRate": 0.1}"#),
        ("sgd-momentum", #"{"type": "sgd", "learningRate": 0.1, "momentum": 0.9}"#),
        ("sgd-nesterov", #"{"type": "sgd", "learningRate": 0.1, "momentum": 0.9, "nesterov": true}"#),
        ("sgd-weight-decay", #"{"type": "sgd", "learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.01}"#),
        ("rmsprop", #"{"type": "rmsprop", "learningRate": 0.01, "alpha": 0.9}"#),
        (
            "rmsprop-centered",
            #"{"type": "rmsprop", "learningRate": 0.01, "alpha": 0.9, "centered": true, "momentum": 0.5}"#
        ),
        ("adam", #"{"type": "adam", "learningRate": 2e-2, "beta1": 0.5}"#),
        ("amsgrad", #"{"type": "amsgrad", "learningRate": 2e-2, "beta1": 0.5, "beta2": 0.9}"#),
        ("amsgrad", #"{"type": "adam", "amsgrad": true, "learningRate": 2e-2, "beta1": 0.5, "beta2": 0.9}"#),
        ("adamw", #"{"type": "adamw", "learningRate": 2e-2, "beta2": 0.99, "weightDecay": 0.1}"#),
        ("adagrad", #"{"type": "adagrad", "learningRate": 0.1}"#),
        ("adadelta", #"{"type": "adadelta"}"#),
    ]

    /// Float32 rounding over ten steps stays near 1e-6 of the scale; a wrong constant shows at 1e-4 and more.
    static let tolerance: Float = 1e-5

    @Test(arguments: cases) func stepsAreThoseOfPyTorch(file: String, config: String) throws {
        let golden = try goldenCase("optimizer/\(file)")
        let initial = try golden.tensor("initial")
        let gradients = try golden.tensor("gradients")
        let expected = try golden.tensor("trajectory")
        let parameter = Variable(name: "network.0.weight", shape: initial.shape, role: .parameter)
        parameter.values = initial.values

        let graph = ComputeGraph()
        let gradient = graph.input("gradient", shape: initial.shape)
        try optimizer(config).apply(to: [(parameter: parameter, gradient: gradient)], in: graph)
        let step = try CompiledStep(graph, name: file, pool: WorkerPool(threads: 1), seed: 0)

        let (steps, size) = (gradients.shape[0], initial.shape.count)
        let scale = expected.values.map(abs).max() ?? 1
        for index in 0..<steps {
            let row = Array(gradients.values[index * size..<(index + 1) * size])
            row.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                step.run(inputs: ["gradient": base], index: index)
            }
            for (element, value) in parameter.values.enumerated() {
                let wanted = expected.values[index * size + element]
                #expect(
                    abs(value - wanted) <= Self.tolerance * scale,
                    "step \(index), element \(element): \(value), expected \(wanted) within \(Self.tolerance * scale)")
            }
        }
    }

    @Test func aFirstAdamStepIsTheLearningRate() throws {
        // 1 - 0.999 as a Float is 5e-5 too large; corrected by the same number it must not show.
        let parameter = Variable(name: "network.0.weight", shape: [2], role: .parameter)
        let graph = ComputeGraph()
        let gradient = graph.add(graph.read(parameter), graph.constant(0.5, shape: [2]))
        try optimizer(#"{"type": "adam", "learningRate": 1}"#).apply(to: [(parameter, gradient)], in: graph)
        let step = try CompiledStep(graph, name: "first", pool: WorkerPool(threads: 1), seed: 0)
        step.run(index: 0)
        for value in parameter.values { #expect(abs(value + 1) < 1e-6, "moved by \(value)") }
    }
}

func optimizer(_ text: String) throws -> OptimizerConfiguration {
    try ConfigReader.decode(OptimizerConfiguration.self, from: ConfigNode.parse(text, file: "test.json")).value
}
