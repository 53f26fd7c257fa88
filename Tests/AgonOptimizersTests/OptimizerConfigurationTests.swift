import AgonConfiguration
import AgonGraph
import AgonOptimizers
import AgonTensors
import Foundation
import Testing

@Suite struct OptimizerConfigurationTests {
    @Test(arguments: [
        ("sgd", []), (#"{"type": "sgd", "momentum": 0.9}"#, ["momentum_buffer"]),
        ("rmsprop", ["square_avg"]), (#"{"type": "rmsprop", "momentum": 0.9}"#, ["square_avg", "momentum_buffer"]),
        (#"{"type": "rmsprop", "centered": true}"#, ["square_avg", "momentum_buffer", "grad_avg"]),
        ("adam", ["exp_avg", "exp_avg_sq"]), ("amsgrad", ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]),
        ("adamw", ["exp_avg", "exp_avg_sq"]), ("adagrad", ["sum"]), ("adadelta", ["square_avg", "acc_delta"]),
    ])
    func statesAreNamedAsInPyTorch(config: String, names: [String]) throws {
        let text = config.hasPrefix("{") ? config : "\"\(config)\""
        let parameter = Variable(
            name: "generator.3.weight", shape: [3, 3, 2, 4], role: .parameter, layout: .convolutionWeight)
        let graph = ComputeGraph()
        try optimizer(text).apply(to: [(parameter, graph.constant(1, shape: parameter.shape))], in: graph)
        let states = graph.updateRules.flatMap(\.states)
        #expect(states.map(\.name) == names.map { "optimizer.generator.3.weight.\($0)" })
        #expect(states.allSatisfy { $0.role == .optimizerState && $0.pyTorchShape == parameter.pyTorchShape })
    }

    @Test func defaultsAreThoseOfPyTorch() throws {
        let adam = try #require(try optimizer(#""adam""#).optimizer as? Adam)
        #expect(adam.learningRate == 1e-3 && adam.beta1 == 0.9 && adam.beta2 == 0.999 && adam.epsilon == 1e-8)
        #expect(!adam.amsgrad && !adam.decoupledDecay && adam.weightDecay == 0)
        let decoupled = try #require(try optimizer(#""adamw""#).optimizer as? Adam)
        #expect(decoupled.decoupledDecay && decoupled.weightDecay == 1e-2)
        let rmsprop = try #require(try optimizer(#""rmsprop""#).optimizer as? RMSProp)
        #expect(rmsprop.learningRate == 1e-2 && rmsprop.alpha == 0.99 && rmsprop.epsilon == 1e-8)
        let adagrad = try #require(try optimizer(#""adagrad""#).optimizer as? Adagrad)
        #expect(adagrad.learningRate == 1e-2 && adagrad.epsilon == 1e-10)
        let adadelta = try #require(try optimizer(#""adadelta""#).optimizer as? Adadelta)
        #expect(adadelta.learningRate == 1 && adadelta.rho == 0.9 && adadelta.epsilon == 1e-6)
        #expect(try optimizer(#""sgd""#).optimizer.learningRate == 1e-3)
    }

    @Test func numbersOfAnUpdateFollowTheSchedule() throws {
        let configuration = try optimizer(
            """
            {"type": "adam", "learningRate": 0.5, "beta1": 0.5,
             "schedule": {"type": "step", "every": 2, "factor": 0.5}}
            """
        )
        let rule = ScheduledUpdate(
            configuration.optimizer, schedule: configuration.schedule,
            states: [
                Variable(name: "m", shape: [1], role: .optimizerState),
                Variable(name: "v", shape: [1], role: .optimizerState),
            ])
        #expect(rule.parameters(updates: 0)[0] == 0.5 && rule.parameters(updates: 2)[0] == 0.25)
        #expect(rule.parameters(updates: 0)[7] == 0.5 && rule.parameters(updates: 2)[7] == 0.875)
        #expect(configuration.learningRate(after: 5) == 0.125)
    }

    /// Bias corrections of late updates, and moments below what single precision holds in full, leave no trace.
    @Test func adamStaysWithDoublePrecisionOverManyUpdates() throws {
        let scales: [Float] = [1, 1e-3, 1e-8, 1e-19, 1e-22, 0]
        let parameter = Variable(name: "p", shape: [scales.count], role: .parameter)
        let graph = ComputeGraph()
        let gradient = graph.input("gradient", shape: [scales.count])
        try optimizer(#"{"type": "adam", "learningRate": 2e-4, "beta1": 0.5}"#).apply(
            to: [(parameter, gradient)], in: graph)
        let step = try CompiledStep(graph, name: "test", pool: WorkerPool(threads: 1), seed: 0)
        var (m, v, p) = (
            [Double](repeating: 0, count: 6), [Double](repeating: 0, count: 6), [Double](repeating: 0, count: 6)
        )
        for update in 0..<20_000 {
            let noise = RandomStream(seed: 1, purpose: "gradient", step: UInt64(update)).normal(count: 6, mean: 0.1)
            let values = zip(noise, scales).map { $0 * $1 }
            values.withUnsafeBufferPointer { buffer in
                if let base = buffer.baseAddress { step.run(inputs: ["gradient": base], index: update) }
            }
            let (c1, c2) = (1 - pow(0.5, Double(update + 1)), 1 - pow(0.999, Double(update + 1)))
            for index in values.indices {
                let g = Double(values[index])
                m[index] = 0.5 * m[index] + 0.5 * g
                v[index] = 0.999 * v[index] + 0.001 * g * g
                p[index] -= 2e-4 * (m[index] / c1) / ((v[index] / c2).squareRoot() + 1e-8)
            }
        }
        for (index, scale) in scales.enumerated() {
            // 20,000 roundings of the parameter, which lies near 0.4 at most.
            #expect(
                abs(Double(parameter.values[index]) - p[index]) <= 2e-3 * max(abs(p[index]), 1e-12),
                "gradients of \(scale): \(parameter.values[index]), expected \(p[index])")
        }
    }

    @Test func rmspropMayBeTensorFlows() throws {
        let parameter = Variable(name: "p", shape: [1], role: .parameter)
        let graph = ComputeGraph()
        let configuration = try optimizer(
            """
            {"type": "rmsprop", "learningRate": 0.5, "alpha": 0.75, "epsilon": 0.25, "initialMeanSquare": 1,
             "epsilonInsideRoot": true}
            """)
        configuration.apply(to: [(parameter, graph.constant(2, shape: [1]))], in: graph)
        let square = try #require(graph.updateRules[0].states.first)
        #expect(square.values == [1])
        try CompiledStep(graph, name: "test", pool: WorkerPool(threads: 1), seed: 0).run(inputs: [:])
        // 0.75 + 0.25 * 4; then 0.5 * 2 / sqrt(1.75 + 0.25).
        #expect(square.values == [1.75])
        #expect(abs(parameter.values[0] + Float(0.5).squareRoot()) < 1e-6)
    }

    @Test func adagradStartsFromItsAccumulatorAndDecays() throws {
        let parameter = Variable(name: "p", shape: [2], role: .parameter)
        let graph = ComputeGraph()
        let configuration = try optimizer(
            #"{"type": "adagrad", "learningRate": 1, "initialAccumulator": 0.25, "learningRateDecay": 1}"#)
        configuration.apply(to: [(parameter, graph.constant(1, shape: [2]))], in: graph)
        #expect(graph.updateRules[0].states[0].values == [0.25, 0.25])
        #expect(graph.updateRules[0].parameters(updates: 1)[0] == 0.5)
    }

    @Test(arguments: [
        (
            #"{"type": "adm"}"#,
            "test.json:1: type: unknown optimizer 'adm'. Did you mean 'adam'? "
                + "Available: adadelta, adagrad, adam, adamw, amsgrad, rmsprop, sgd"
        ),
        (#"{"type": "adam", "beta3": 0.5}"#, "test.json:1: beta3: unknown key. Did you mean 'beta1'?"),
        (
            #"{"type": "adam", "beta1": 1}"#,
            "test.json:1: beta1: 1 is out of range; expected a number of at least 0 and below 1"
        ),
        (
            #"{"type": "sgd", "nesterov": true}"#,
            "test.json:1: nesterov: Nesterov momentum needs a 'momentum' above 0"
        ),
        (
            #"{"type": "sgd", "dampening": 0.1}"#,
            "test.json:1: dampening: has no effect without a 'momentum' above 0; remove it"
        ),
        (
            #"{"type": "sgd", "nesterov": true, "momentum": 0.9, "dampening": 0.1}"#,
            "test.json:1: nesterov: Nesterov momentum needs a 'dampening' of 0"
        ),
        (
            #"{"type": "sgd", "clipNorm": 1, "clipValue": 1}"#,
            "test.json:1: clipValue: give 'clipNorm' or 'clipValue', not both"
        ),
        (
            #"{"type": "sgd", "schedule": {"type": "linear", "start": 5, "end": 5}}"#,
            "test.json:1: schedule.end: 5 is not after the 'start' at 5"
        ),
        (
            #"{"type": "sgd", "schedule": {"type": "multi-step", "at": [3, 2]}}"#,
            "test.json:1: schedule.at[1]: 2 is not after 3"
        ),
        (
            #"{"type": "sgd", "schedule": "cosin"}"#,
            "test.json:1: schedule: unknown learning-rate schedule 'cosin'. Did you mean 'cosine'? "
                + "Available: constant, cosine, linear, multi-step, step"
        ),
    ])
    func wrongSettingsAreRefused(text: String, message: String) throws {
        do {
            _ = try optimizer(text)
            Issue.record("accepted \(text)")
        } catch {
            #expect("\(error)" == message)
        }
    }

    @Test(arguments: ["sgd", "rmsprop", "adam", "amsgrad", "adamw", "adagrad", "adadelta"])
    func resolvedSettingsReadBackTheSame(type: String) throws {
        let node = try ConfigNode.parse(
            #"{"type": "\#(type)", "schedule": {"type": "cosine", "end": 10}}"#, file: "test.json")
        let resolved = try ConfigReader.decode(OptimizerConfiguration.self, from: node).resolved
        #expect(try ConfigReader.decode(OptimizerConfiguration.self, from: resolved).resolved == resolved)
    }

    @Test(arguments: [
        ("beta2", "0.99999999", "it rounds to 1 in single precision, at which nothing decays"),
        ("epsilon", "1e-60", "it rounds to 0 in single precision"),
    ])
    func numbersThatSinglePrecisionLosesAreRefused(key: String, number: String, text: String) throws {
        let node = try ConfigNode.parse(#"{"type": "adam", "\#(key)": \#(number)}"#, file: "x")
        do {
            _ = try ConfigReader.decode(OptimizerConfiguration.self, from: node)
            Issue.record("accepted \(key) \(number)")
        } catch {
            #expect("\(error)" == "x:1: \(key): \(text)")
        }
    }

    @Test func optimizersHaveASchema() throws {
        let schema = try JSONSchema.describe(OptimizerConfiguration.self, title: "Optimizer", id: "test")
        #expect(schema["$defs"]?["LearningRateSchedule"] != nil || schema["$defs"]?["LearningRateCurve"] != nil)
    }

    @Test func programsMayRegisterOptimizersOfTheirOwn() async {
        // In a process of its own: the registry is the whole program's.
        await #expect(processExitsWith: .success) {
            OptimizerConfiguration.registry.register("test-sign", "A test's own.") { _ in SignDescent() }
            try #require(try optimizer(#""test-sign""#).learningRate(after: 0) == 0.25)
        }
    }
}

private struct SignDescent: Optimizer {
    let learningRate = 0.25
    var stateNames: [String] { [] }
    var kernel: Int32 { SGD().kernel }
    func parameters(learningRate: Double, updates: Int) -> [Float] {
        SGD().parameters(learningRate: learningRate, updates: updates)
    }
}
