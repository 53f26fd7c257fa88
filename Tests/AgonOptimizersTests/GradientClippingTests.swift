import AgonGraph
import AgonOptimizers
import AgonTensors
import Testing

@Suite struct GradientClippingTests {
    /// The gradients of two parameters after clipping, found by SGD steps of rate 1 from zero.
    private func clipped(_ key: String, _ first: [Float], _ second: [Float]) throws -> [Float] {
        let graph = ComputeGraph()
        let parameters = [first, second].enumerated().map { index, values in
            Variable(name: "p\(index)", shape: [values.count], role: .parameter)
        }
        let gradients = zip(parameters, [first, second]).enumerated().map { index, pair in
            (parameter: pair.0, gradient: graph.input("gradient\(index)", shape: pair.0.shape))
        }
        try optimizer(#"{"type": "sgd", "learningRate": 1, \#(key)}"#).apply(to: gradients, in: graph)
        let step = try CompiledStep(graph, name: "clip", pool: WorkerPool(threads: 1), seed: 0)
        first.withUnsafeBufferPointer { a in
            second.withUnsafeBufferPointer { b in
                guard let a = a.baseAddress, let b = b.baseAddress else { return }
                step.run(inputs: ["gradient0": a, "gradient1": b])
            }
        }
        return parameters.flatMap(\.values).map { -$0 }
    }

    @Test func aLargeNormIsScaledOverAllGradientsTogether() throws {
        let result = try clipped(#""clipNorm": 1"#, [3, 0], [0, 4, 0])
        try #require(result.count == 5)
        for (value, wanted) in zip(result, [0.6, 0, 0, 0.8, 0] as [Float]) { #expect(abs(value - wanted) < 1e-6) }
    }

    @Test func aSmallNormIsLeftAlone() throws {
        #expect(try clipped(#""clipNorm": 10"#, [3, 0], [0, 4, 0]) == [3, 0, 0, 4, 0])
    }

    @Test func valuesAreHeldInBounds() throws {
        #expect(try clipped(#""clipValue": 0.5"#, [3, -0.25], [-4, 0.5, 0]) == [0.5, -0.25, -0.5, 0.5, 0])
    }
}
