import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonTensors
import Testing

@Suite struct NetworkTests {
    @Test func variablesHavePyTorchsNamesAndShapes() throws {
        let net = try network(
            """
            [{"type": "linear", "features": 64}, {"type": "reshape", "shape": [4, 4, 4]}, "batchNorm",
             {"type": "conv", "channels": 6, "kernel": [3, 5], "padding": "same", "bias": false}, "layerNorm",
             {"type": "convTranspose", "channels": 2, "kernel": 4, "stride": 2, "padding": 1}]
            """, input: [10], name: "generator")
        let found = net.variables.map { "\($0.name) \($0.pyTorchShape)" }
        #expect(
            found == [
                "generator.0.weight [64, 10]", "generator.0.bias [64]",
                "generator.2.weight [4]", "generator.2.bias [4]", "generator.2.running_mean [4]",
                "generator.2.running_var [4]", "generator.3.weight [6, 4, 3, 5]", "generator.4.weight [6, 4, 4]",
                "generator.4.bias [6, 4, 4]", "generator.5.weight [6, 2, 4, 4]", "generator.5.bias [2]",
            ])
        #expect(net.statistics.map(\.name) == ["generator.2.running_mean", "generator.2.running_var"])
        #expect(net.statistics.map(\.values) == [[0, 0, 0, 0], [1, 1, 1, 1]])
    }

    @Test func nestedVariablesAreNamedByTheirPlace() throws {
        let net = try network(
            """
            [{"type": "residual", "layers": ["relu", {"type": "linear", "features": 2, "bias": false}],
              "shortcut": [{"type": "linear", "features": 2, "bias": false}]},
             {"type": "concat", "branches": [[], ["relu", {"type": "linear", "features": 2, "bias": false}]]},
             {"type": "repeat", "count": 2, "layers": ["relu", {"type": "linear", "features": 4, "bias": false}]}]
            """, input: [3])
        #expect(
            net.parameters.map(\.name) == [
                "net.0.layers.1.weight", "net.0.shortcut.0.weight", "net.1.branches.1.1.weight", "net.2.0.1.weight",
                "net.2.1.1.weight",
            ])
        #expect(
            net.layers.map { "\($0.depth) \($0.path)" } == [
                "0 net.layers[0]", "1 net.layers[0].layers[0]", "1 net.layers[0].layers[1]",
                "1 net.layers[0].shortcut[0]",
                "0 net.layers[1]", "1 net.layers[1].branches[1][0]", "1 net.layers[1].branches[1][1]",
                "0 net.layers[2]", "1 net.layers[2].copies[0].layers[0]", "1 net.layers[2].copies[0].layers[1]",
                "1 net.layers[2].copies[1].layers[0]", "1 net.layers[2].copies[1].layers[1]",
            ])
    }

    @Test func frozenLayersHaveStatisticsAlone() throws {
        let net = try network(
            """
            [{"type": "linear", "features": 6, "frozen": true, "norm": {"type": "weight", "gain": 1}},
             {"type": "linear", "features": 4, "frozen": true, "norm": "weight"},
             {"type": "linear", "features": 4, "frozen": true, "norm": "spectral", "bias": false},
             {"type": "batchNorm", "frozen": true}]
            """, input: [5])
        #expect(net.parameters.isEmpty)
        #expect(net.parameterCount == 0)
        #expect(
            net.statistics.map(\.name) == [
                "net.0.weight_v", "net.0.bias", "net.1.weight_v", "net.1.weight_g", "net.1.bias", "net.2.weight_orig",
                "net.2.weight_u", "net.3.weight", "net.3.bias", "net.3.running_mean", "net.3.running_var",
            ])
    }

    @Test func weightNormStartsAtTheLengthOfEachOutput() throws {
        let net = try network(
            """
            [{"type": "convTranspose", "channels": 3, "kernel": 2, "norm": "weight", "bias": false},
             {"type": "conv", "channels": 2, "kernel": 2, "norm": "weight", "bias": false}]
            """, input: [2, 2, 5])
        let v = net.variables.map { $0.exported() }
        #expect(v.map(\.shape) == [[5, 3, 2, 2], [1, 3, 1, 1], [2, 3, 2, 2], [2, 1, 1, 1]])
        for (direction, length, axis) in [(v[0], v[1], 1), (v[2], v[3], 0)] {
            let rows = axis == 0 ? direction : direction.permuted([1, 0, 2, 3])
            let count = rows.shape.count / rows.shape[0]
            for output in 0..<rows.shape[0] {
                let sum = rows.values[output * count..<(output + 1) * count].reduce(0) { $0 + $1 * $1 }
                #expect(abs(length.values[output] - sum.squareRoot()) < 1e-6)
            }
        }
    }

    @Test func valuesDependOnSeedAndNameAlone() throws {
        let text = #"[{"type": "linear", "features": 4}, {"type": "linear", "features": 4}]"#
        let first = try network(text, input: [4], seed: 7)
        let again = try network(text, input: [4], seed: 7)
        let other = try network(text, input: [4], seed: 8)
        let renamed = try network(text, input: [4], name: "other", seed: 7)
        #expect(first.variables.map(\.values) == again.variables.map(\.values))
        for (index, variable) in first.variables.enumerated() {
            #expect(variable.values != other.variables[index].values)
            #expect(variable.values != renamed.variables[index].values)
        }
        #expect(first.variables[0].values != first.variables[2].values)
    }

    @Test func applicationsShareWeightsAndDifferInDropout() throws {
        let net = try network(#"[{"type": "linear", "features": 4}, "dropout"]"#, input: [4], name: "discriminator")
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [2, 4])
        for call in ["real", "fake"] { _ = try net.apply(x, in: graph, mode: .training, call: call) }
        let streams = graph.nodes.compactMap { node -> String? in
            if case .random(_, let stream) = node.operation { stream } else { nil }
        }
        #expect(streams == ["discriminator.1/real", "discriminator.1/fake"])
        #expect(graph.variables.map(\.name) == ["discriminator.0.weight", "discriminator.0.bias"])
    }

    @Test func dropoutIsAbsentInEvaluationUnlessToldOtherwise() throws {
        func draws(_ layer: String, _ mode: NetworkMode) throws -> Bool {
            try operations(of: try network("[\(layer)]", input: [2, 2, 4]), mode: mode).contains { $0.name == "random" }
        }
        #expect(try draws(#"{"type": "dropout", "rate": 0.5}"#, .training))
        #expect(try !draws(#"{"type": "dropout", "rate": 0.5}"#, .evaluation))
        #expect(try draws(#"{"type": "channelDropout", "atEvaluation": true}"#, .evaluation))
        #expect(try !draws(#"{"type": "dropout", "rate": 0}"#, .training))
    }

    @Test func nodesNameTheLayerTheyComeFrom() throws {
        let net = try network(
            #"["relu", {"type": "residual", "layers": ["tanh"]}, "sigmoid"]"#, input: [4], name: "generator")
        let graph = ComputeGraph()
        graph.origin = .root.key("step")
        _ = try net.apply(graph.input("x", shape: [2, 4]), in: graph, mode: .training)
        #expect(
            graph.nodes.map { "\($0.origin)" } == [
                "step", "generator.layers[0]", "generator.layers[1].layers[0]", "generator.layers[1]",
                "generator.layers[2]",
            ])
        #expect("\(graph.origin)" == "step")
    }

    @Test func evaluationLeavesStatisticsAlone() throws {
        let net = try network(
            #"["batchNorm", {"type": "linear", "features": 4, "norm": "spectral"}]"#, input: [4])
        func assigns(_ mode: NetworkMode) throws -> Int {
            try operations(of: net, mode: mode).count { $0.name == "assign" }
        }
        #expect(try assigns(.training) == 3)
        #expect(try assigns(.evaluation) == 0)
    }
}
