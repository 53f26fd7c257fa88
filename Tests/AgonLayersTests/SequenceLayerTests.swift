import AgonTensors
import Testing

@testable import AgonGraph
@testable import AgonLayers

@Suite struct SequenceLayerTests {
    private static let stage =
        #"{"type": "linear", "features": 4, "norm": "spectral"}, "batchNorm", "relu", {"type": "dropout", "rate": 0.5}"#

    private func stage(isFrozen: Bool) throws -> Network {
        try network(
            #"[{"type": "sequence", "frozen": \#(isFrozen), "layers": [\#(Self.stage)]}, {"type": "linear", "features": 2}, "batchNorm"]"#,
            input: [3])
    }

    @Test func layersAreNamedAsInANestedSequential() throws {
        let net = try stage(isFrozen: false)
        #expect(
            net.variables.map(\.name) == [
                "net.0.0.weight_orig", "net.0.0.weight_u", "net.0.0.bias", "net.0.1.weight", "net.0.1.bias",
                "net.0.1.running_mean", "net.0.1.running_var", "net.1.weight", "net.1.bias", "net.2.weight",
                "net.2.bias",
                "net.2.running_mean", "net.2.running_var",
            ])
        #expect(
            net.layers.map(\.path)[0...2] == ["net.layers[0]", "net.layers[0].layers[0]", "net.layers[0].layers[1]"])
        #expect(net.layers.map(\.depth) == [0, 1, 1, 1, 1, 0, 0])
    }

    @Test func aSequenceIsItsLayersInARow() throws {
        let nested = try network(#"[{"type": "sequence", "layers": [\#(Self.stage)]}]"#, input: [3])
        let flat = try network("[\(Self.stage)]", input: [3])
        try #require(nested.variables.count == flat.variables.count)
        for (a, b) in zip(nested.variables, flat.variables) { a.values = b.values }
        #expect(try operations(of: nested, batch: 6).map(\.name) == operations(of: flat, batch: 6).map(\.name))
        #expect(try run(nested, sample([6, 3])) == run(flat, sample([6, 3])))
    }

    @Test func aFrozenSequenceIsNotTrained() throws {
        let net = try stage(isFrozen: true)
        #expect(net.parameters.map(\.name) == ["net.1.weight", "net.1.bias", "net.2.weight", "net.2.bias"])
        #expect(net.layers[0].note == "frozen")
        #expect(net.layers[1].parameterCount == 0 && net.layers[1].statisticCount == 20)
        // Of what training would move, the batch norm after it alone.
        let names = try operations(of: net, batch: 6).compactMap { operation in
            if case .assign(let id) = operation { id.variable.name } else { nil }
        }
        #expect(names == ["net.2.running_mean", "net.2.running_var"])
    }

    @Test func aFrozenSequenceWorksAsInEvaluation() throws {
        let text = { (frozen: Bool) in #"[{"type": "sequence", "frozen": \#(frozen), "layers": [\#(Self.stage)]}]"# }
        let (frozen, free) = (try network(text(true), input: [3]), try network(text(false), input: [3]))
        let mean = sample([4], seed: 8)
        for net in [frozen, free] { try net.set("0.1.running_mean", mean) }
        let x = sample([6, 3])
        let evaluated = try run(free, x)
        #expect(try run(frozen, x, mode: .training) == evaluated)
        #expect(try run(free, x, mode: .training) != evaluated)
        #expect(try frozen.values("0.1.running_mean") == mean)
    }

    @Test func gradientsPassThroughAFrozenSequence() throws {
        let net = try network(
            #"[{"type": "linear", "features": 3}, {"type": "sequence", "frozen": true, "layers": ["tanh", {"type": "linear", "features": 2}]}]"#,
            input: [2])
        #expect(net.parameters.map(\.name) == ["net.0.weight", "net.0.bias"])
        let graph = ComputeGraph()
        let y = try net.apply(graph.input("x", shape: [4, 2]), in: graph, mode: .training)
        graph.output("dw", try graph.gradients(of: graph.sum(y), withRespectTo: [graph.read(net.parameters[0])])[0])
        let step = try CompiledStep(graph, name: "test", pool: WorkerPool(threads: 1), seed: 1)
        sample([8]).values.withUnsafeBufferPointer { if let x = $0.baseAddress { step.run(inputs: ["x": x]) } }
        #expect(try #require(step.output("dw")).values.contains { $0 != 0 })
    }
}
