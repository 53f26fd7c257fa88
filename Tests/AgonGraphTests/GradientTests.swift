import AgonGraph
import AgonTensors
import Testing

/// Derivatives of every operation against central differences of the reference, whose double precision leaves the
/// differences exact to 1e-7.
@Suite struct GradientTests {
    @Test func everyOperationIsChecked() {
        var checked = Set<OperationKind>()
        for gradientCase in GradientCase.all {
            for node in gradientCase.makeGraph().graph.nodes { checked.insert(OperationKind(node.operation)) }
        }
        let missing = OperationKind.allCases.filter { $0.hasGradient && !checked.contains($0) }
        #expect(missing.isEmpty, "no gradient check: \(missing.map(\.rawValue))")
    }

    @Test(arguments: GradientCase.all)
    func firstDerivatives(_ gradientCase: GradientCase) throws {
        let plain = gradientCase.makeGraph()
        let loss = contracted(plain.output, name: "r", in: plain.graph)
        var sample = gradientCase.sample()
        sample["r"] = uniform(plain.output.shape.count, seed: 1)

        let (graph, inputs, output) = gradientCase.makeGraph()
        let gradients = try graph.gradients(
            of: contracted(output, name: "r", in: graph), withRespectTo: inputs)
        try expect(graph, gradients, of: inputs, toBeSlopesOf: loss, in: plain.graph, at: sample)
    }

    /// The gradient of a gradient's product with fixed numbers, as in a gradient penalty.
    @Test(arguments: GradientCase.all)
    func secondDerivatives(_ gradientCase: GradientCase) throws {
        func penalty() throws -> (graph: ComputeGraph, variables: [Value], loss: Value) {
            let (graph, inputs, output) = gradientCase.makeGraph()
            let cotangent = graph.input("r", shape: output.shape)
            let gradients = try graph.gradients(
                of: graph.sum(graph.multiply(output, cotangent)), withRespectTo: inputs)
            let parts = gradients.enumerated().map { contracted($1, name: "q\($0)", in: graph) }
            let loss = parts.dropFirst().reduce(parts[0]) { graph.add($0, $1) }
            return (graph, inputs + [cotangent], loss)
        }
        let plain = try penalty()
        let (graph, variables, loss) = try penalty()
        var sample = gradientCase.sample()
        for (index, shape) in gradientCase.shapes.enumerated() {
            sample["q\(index)"] = uniform(shape.count, seed: UInt64(2 + index))
        }
        sample["r"] = uniform(variables[variables.count - 1].shape.count, seed: 1)
        let gradients = try graph.gradients(of: loss, withRespectTo: variables)
        try expect(graph, gradients, of: variables, toBeSlopesOf: plain.loss, in: plain.graph, at: sample)
    }

    /// The scalar product of a value with an input of the given name.
    private func contracted(_ value: Value, name: String, in graph: ComputeGraph) -> Value {
        graph.sum(graph.multiply(value, graph.input(name, shape: value.shape)))
    }

    private func expect(
        _ graph: ComputeGraph, _ gradients: [Value], of inputs: [Value], toBeSlopesOf loss: Value,
        in plain: ComputeGraph, at sample: [String: [Float]], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let names = inputs.map { input in
            graph.nodes[input.index].operation.inputName ?? ""
        }
        for (name, gradient) in zip(names, gradients) { graph.output("d\(name)", gradient) }
        let step = try graph.compiled(threads: 2)
        step.run(sample)
        let place = sample.mapValues { $0.map(Double.init) }
        for (name, input) in zip(names, inputs) {
            let slopes = (0..<input.shape.count).map { element -> Double in
                let half = 1e-4
                let ends = [half, -half].map { move -> Double in
                    var moved = place
                    moved[name]?[element] += move
                    return Reference(plain, inputs: moved)[loss][0]
                }
                return (ends[0] - ends[1]) / (2 * half)
            }
            expectClose(
                try step.values("d\(name)"), slopes, "gradient by \(name)", tolerance: 2e-5,
                sourceLocation: sourceLocation)
        }
    }
}

extension Operation {
    var inputName: String? {
        if case .input(let name) = self { return name }
        return nil
    }
}
