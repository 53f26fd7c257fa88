import AgonConfiguration
import AgonGraph
import AgonOptimizers
import AgonTensors

extension RecordedCase {
    /// The parameter after each of several updates with given gradients.
    ///
    /// The optimizer's name is the operation's up to the first hyphen; attributes have PyTorch's names.
    func replayOptimizer(_ recorded: RecordedCase) throws {
        let type = String(operation.prefix { $0 != "-" })
        let optimizer = try optimizer(type)
        let initial = try tensor("initial")
        let gradients = try tensor("gradients")
        guard gradients.shape.dimensions.dropFirst().elementsEqual(initial.shape.dimensions), gradients.shape[0] > 0
        else {
            throw RecordedCaseError.shape("gradients", found: gradients.shape, expected: initial.shape)
        }
        let parameter = Variable(name: "parameter", shape: initial.shape, role: .parameter)
        parameter.values = initial.values
        let graph = ComputeGraph()
        let gradient = graph.input("gradient", shape: initial.shape)
        optimizer.apply(to: [(parameter: parameter, gradient: gradient)], in: graph)
        let step = try CompiledStep(graph, name: name, pool: pool, seed: 0)
        var trajectory: [Float] = []
        gradients.values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            for update in 0..<gradients.shape[0] {
                step.run(inputs: ["gradient": base + update * initial.shape.count], index: update)
                trajectory += parameter.values
            }
        }
        try compare("trajectory", Tensor(shape: gradients.shape, values: trajectory))
    }

    /// Maps PyTorch's names of settings to those of configs.
    private static let settingNames = [
        "lr": "learningRate", "eps": "epsilon", "weight_decay": "weightDecay", "lr_decay": "learningRateDecay",
        "initial_accumulator_value": "initialAccumulator", "beta1": "beta1", "beta2": "beta2", "momentum": "momentum",
        "dampening": "dampening", "nesterov": "nesterov", "alpha": "alpha", "centered": "centered", "rho": "rho",
        "amsgrad": "amsgrad",
    ]

    /// The optimizer, decoded as from a config, which refuses unknown settings.
    private func optimizer(_ type: String) throws -> OptimizerConfiguration {
        var section: ConfigObject = ["type": ConfigNode(type)]
        for (name, key) in Self.settingNames {
            guard let value = try attributes.optionalNode(name, "A setting of the optimizer.") else { continue }
            // The kind's name already implies it.
            if type == "amsgrad", key == "amsgrad", value.boolean == true { continue }
            section[key] = value
        }
        return try ConfigReader.decode(OptimizerConfiguration.self, from: ConfigNode(section)).value
    }
}
