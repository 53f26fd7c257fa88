import AgonGraph
import AgonTensors
import Testing

@testable import AgonLayers

/// Layers of conditional and attentive networks. Values and gradients of trainings are compared with PyTorch's in the
/// recorded trajectory `projection`.
@Suite struct ConditionalLayerTests {
    @Test func variablesAreNamedAsStated() throws {
        let norm = try network(#"["conditionalBatchNorm"]"#, input: [4, 4, 8], condition: 3)
        #expect(
            norm.variables.map(\.name) == [
                "net.0.weight.embedding", "net.0.bias.embedding", "net.0.running_mean", "net.0.running_var",
            ])
        #expect(norm.variables[0].values == [Float](repeating: 1, count: 24))
        #expect(norm.usesCondition && norm.layers[0].mixesSamples)
        let score = try network(#"["projection"]"#, input: [6], condition: 3)
        #expect(
            score.variables.map(\.name) == ["net.0.score.0.weight", "net.0.score.0.bias", "net.0.embedding.0.weight"])
        #expect(score.outputShape == [1] && score.usesCondition)
        let normed = try network(#"[{"type": "projection", "norm": "spectral"}]"#, input: [6], condition: 3)
        #expect(normed.variables.filter { $0.name.hasSuffix("weight_u") }.count == 2)
        let attention = try network(#"["selfAttention"]"#, input: [4, 6, 16])
        #expect(
            attention.variables.map { "\($0.name) \($0.pyTorchShape)" } == [
                "net.0.query.0.weight [2, 16, 1, 1]", "net.0.key.0.weight [2, 16, 1, 1]",
                "net.0.value.0.weight [8, 16, 1, 1]", "net.0.output.0.weight [16, 8, 1, 1]", "net.0.gamma [1]",
            ])
        #expect(attention.outputShape == [4, 6, 16])
    }

    /// With gamma 0 the layer is the identity, so that it can be put into a network that is trained already.
    @Test func attentionBeginsAsTheIdentity() throws {
        let attention = try network(#"["selfAttention"]"#, input: [4, 4, 8])
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [2, 4, 4, 8])
        graph.output("y", try attention.apply(x, in: graph, mode: .training))
        let values = RandomStream(seed: 1, purpose: "x").normal(count: 256)
        let step = try CompiledStep(graph, name: "attention", pool: WorkerPool(threads: 1), seed: 0)
        values.withUnsafeBufferPointer { pointer in
            if let base = pointer.baseAddress { step.run(inputs: ["x": base]) }
        }
        #expect(step.output("y")?.values == values)
    }
}
