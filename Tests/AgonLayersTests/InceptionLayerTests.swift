import AgonGraph
import AgonLayers
import AgonTensors
import Testing

@Suite struct InceptionLayerTests {
    /// Block, the branches it stands for, input, output channels, trained numbers.
    private static let blocks: [(String, branches: String, input: [Int], channels: Int, parameters: Int)] = [
        (
            #"{"type": "inception", "channels": 32}"#,
            #"[[{"type": "conv", "channels": 16, "kernel": 1}], [{"type": "conv", "channels": 16, "kernel": 1}, {"type": "conv", "channels": 16, "kernel": 3, "padding": "same"}]]"#,
            [7, 5, 3], 32, 64 + 64 + 2320
        ),
        (
            #"{"type": "inception", "channels": 32, "reads": "input"}"#,
            #"[[{"type": "conv", "channels": 16, "kernel": 1}], [{"type": "conv", "channels": 16, "kernel": 3, "padding": "same"}]]"#,
            [7, 5, 3], 32, 64 + 448
        ),
        (
            #"{"type": "inception", "channels": 32, "depthwise": true}"#,
            #"[[{"type": "conv", "channels": 16, "kernel": 1}], [{"type": "conv", "channels": 16, "kernel": 1}, {"type": "conv", "channels": 16, "kernel": 3, "padding": "same", "groups": 16}, "batchNorm", {"type": "conv", "channels": 64, "kernel": 1}, "batchNorm"]]"#,
            [7, 5, 3], 80, 64 + 64 + 160 + 32 + 1088 + 128
        ),
        (
            #"{"type": "inception", "channels": 16, "depthwise": true, "widthMultiplier": 1, "reads": "input"}"#,
            #"[[{"type": "conv", "channels": 8, "kernel": 1}], [{"type": "conv", "channels": 3, "kernel": 3, "padding": "same", "groups": 3}, "batchNorm", {"type": "conv", "channels": 8, "kernel": 1}, "batchNorm"]]"#,
            [7, 5, 3], 16, 32 + 30 + 6 + 32 + 16
        ),
        (
            #"{"type": "inception", "channels": 7, "branchChannels": 2}"#,
            #"[[{"type": "conv", "channels": 5, "kernel": 1}], [{"type": "conv", "channels": 2, "kernel": 1}, {"type": "conv", "channels": 2, "kernel": 3, "padding": "same"}]]"#,
            [1, 1, 3], 7, 20 + 8 + 38
        ),
    ]

    @Test(arguments: blocks)
    func theBlockIsTwoBranchesJoined(
        _ block: String, branches: String, input: [Int], channels: Int, parameters: Int
    ) throws {
        let net = try network("[\(block)]", input: Shape(input))
        let plain = try network(#"[{"type": "concat", "branches": \#(branches)}]"#, input: Shape(input))
        #expect(net.outputShape == Shape(input.dropLast() + [channels]))
        #expect(net.parameterCount == parameters)
        #expect(net.floatingPointOperations == plain.floatingPointOperations)
        #expect(net.layers.map(\.name) == plain.layers.map(\.name))
        #expect(net.layers.dropFirst().map(\.type) == plain.layers.dropFirst().map(\.type))
        // The same names, hence the same first values.
        #expect(net.variables.map(\.name) == plain.variables.map(\.name))
        #expect(net.variables.map(\.values) == plain.variables.map(\.values))
        let x = sample([4, input[2], input[0], input[1]])
        #expect(try run(net, x, mode: .training) == run(plain, x, mode: .training))
    }

    @Test func theNetworksInitializationHolds() throws {
        let configuration = try networkConfiguration(
            """
            {"layers": [{"type": "inception", "channels": 4}],
             "initialization": {"weights": {"type": "constant", "value": 2}, "biases": {"type": "constant", "value": 1}}}
            """)
        let net = try Network(name: "net", configuration: configuration, input: [3, 3, 1], seed: 1)
        #expect(net.variables.map { Set($0.values) } == [[2], [1], [2], [1], [2], [1]])
    }
}
