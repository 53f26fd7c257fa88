import AgonGraph
import AgonLayers
import AgonTensors
import Testing

/// Gradients through weight norm and spectral norm against finite differences.
@Suite struct WeightGradientTests {
    /// The loss `sum(r * y)` for fixed random r, and its gradients by all parameters.
    private func gradients(_ net: Network, _ x: Tensor) throws -> (loss: () -> Double, gradients: [[Float]]) {
        let graph = ComputeGraph()
        let input = x.permuted([0, 2, 3, 1])
        let y = try net.apply(graph.input("x", shape: input.shape), in: graph, mode: .evaluation)
        let r = sample(y.shape, seed: 9)
        let loss = graph.sum(graph.multiply(y, graph.input("r", shape: y.shape)))
        let values = try graph.gradients(of: loss, withRespectTo: net.parameters.map(graph.read))
        graph.output("loss", loss)
        for (index, value) in values.enumerated() { graph.output("\(index)", value) }
        let step = try CompiledStep(graph, name: "test", pool: WorkerPool(threads: 1), seed: 1)
        let run = {
            input.values.withUnsafeBufferPointer { x in
                r.values.withUnsafeBufferPointer { r in
                    if let x = x.baseAddress, let r = r.baseAddress { step.run(inputs: ["x": x, "r": r]) }
                }
            }
            return Double(step.output("loss")?.values[0] ?? .nan)
        }
        _ = run()
        return (run, try values.indices.map { try #require(step.output("\($0)")).values })
    }

    @Test(arguments: [
        #"{"type": "conv", "channels": 3, "kernel": 2, "norm": "weight"}"#,
        #"{"type": "convTranspose", "channels": 3, "kernel": 2, "norm": "weight"}"#,
        #"{"type": "conv", "channels": 3, "kernel": 2, "norm": {"type": "weight", "gain": 2}}"#,
        #"{"type": "conv", "channels": 3, "kernel": 2, "norm": "spectral"}"#,
        #"{"type": "convTranspose", "channels": 3, "kernel": 2, "norm": "spectral"}"#,
    ])
    func gradientsReachWhatIsTrained(_ layer: String) throws {
        let net = try network("[\(layer)]", input: [3, 4, 2])
        let x = sample([2, 2, 3, 4])
        // Once the vectors have settled, sigma is stationary in them, and its derivative by W is all of its derivative.
        if layer.contains("spectral") { for _ in 0..<300 { _ = try run(net, x, mode: .training) } }
        let (loss, found) = try gradients(net, x)
        let step: Float = 1.0 / 64
        try #require(net.parameters.count == found.count && !found.isEmpty)
        for (parameter, gradient) in zip(net.parameters, found) {
            let scale = Double(gradient.reduce(0) { max($0, abs($1)) })
            #expect(scale > 0)
            for index in gradient.indices {
                var values = parameter.values
                let center = values[index]
                values[index] = center + step
                parameter.values = values
                let above = loss()
                values[index] = center - step
                parameter.values = values
                let below = loss()
                values[index] = center
                parameter.values = values
                let difference = (above - below) / Double(2 * step)
                // The central difference errs by step² / 6 times the third derivative, of the order of the gradient
                // over the squared weight (about 0.3).
                #expect(abs(difference - Double(gradient[index])) < 5e-3 * scale, "\(parameter.name)[\(index)]")
            }
        }
    }
}
