import AgonGraph
import AgonLayers
import AgonTensors
import Testing

@Suite struct LayerShapeTests {
    /// Each kind: the layer, its input, its output, trained numbers.
    private static let kinds: [(String, input: [Int], output: [Int], parameters: Int)] = [
        (#"{"type": "linear", "features": 5}"#, [3], [5], 20),
        (#"{"type": "linear", "features": 5, "bias": false}"#, [3], [5], 15),
        (#"{"type": "conv", "channels": 8, "kernel": 3, "stride": 2, "padding": 1}"#, [9, 8, 4], [5, 4, 8], 296),
        (#"{"type": "conv", "channels": 8, "kernel": [3, 5], "padding": [1, 2]}"#, [9, 8, 4], [9, 8, 8], 488),
        (#"{"type": "conv", "channels": 8, "kernel": 4, "padding": [2, 2, 1, 1]}"#, [9, 8, 4], [9, 8, 8], 520),
        (#"{"type": "conv", "channels": 8, "kernel": 5, "stride": 2, "padding": "same"}"#, [7, 6, 4], [4, 3, 8], 808),
        (#"{"type": "conv", "channels": 4, "kernel": 3, "groups": 4}"#, [9, 8, 4], [7, 6, 4], 40),
        (#"{"type": "conv", "channels": 1, "kernel": 3, "dilation": 2}"#, [9, 8, 4], [5, 4, 1], 37),
        (
            #"{"type": "conv", "channels": 1, "kernel": 8, "stride": 2, "padding": 3, "bias": false}"#, [64, 64, 3],
            [32, 32, 1], 192
        ),
        (
            #"{"type": "convTranspose", "channels": 8, "kernel": 4, "stride": 2, "padding": 1}"#, [4, 5, 3],
            [8, 10, 8], 392
        ),
        (
            #"{"type": "convTranspose", "channels": 8, "kernel": 5, "stride": 2, "padding": "same"}"#, [4, 5, 3],
            [8, 10, 8], 608
        ),
        (
            #"{"type": "convTranspose", "channels": 8, "kernel": 3, "stride": 2, "padding": 1, "outputPadding": 1}"#,
            [4, 5, 3], [8, 10, 8], 224
        ),
        (
            #"{"type": "convTranspose", "channels": 8, "kernel": 1, "stride": 2, "padding": "same"}"#, [4, 5, 3],
            [8, 10, 8], 32
        ),
        (
            #"{"type": "convTranspose", "channels": 6, "kernel": 4, "groups": 3, "bias": false}"#, [1, 1, 3],
            [4, 4, 6], 96
        ),
        (#"{"type": "batchNorm", "epsilon": 0.8}"#, [4, 5, 3], [4, 5, 3], 6),
        (#"{"type": "batchNorm", "affine": false}"#, [7], [7], 0),
        (#""instanceNorm""#, [4, 5, 3], [4, 5, 3], 0),
        (#"{"type": "instanceNorm", "affine": true}"#, [4, 5, 3], [4, 5, 3], 6),
        (#""layerNorm""#, [4, 5, 3], [4, 5, 3], 120),
        (#""layerNorm""#, [7], [7], 14),
        (#""relu""#, [7], [7], 0),
        (#"{"type": "leakyReLU", "slope": 0.1}"#, [4, 5, 3], [4, 5, 3], 0),
        (#""tanh""#, [7], [7], 0),
        (#""sigmoid""#, [7], [7], 0),
        (#""softplus""#, [7], [7], 0),
        (#""elu""#, [7], [7], 0),
        (#""softmax""#, [7], [7], 0),
        (#"{"type": "dropout", "rate": 0.3}"#, [7], [7], 0),
        (#"{"type": "channelDropout", "rate": 0.25, "atEvaluation": true}"#, [4, 5, 3], [4, 5, 3], 0),
        (#""maxPool""#, [7, 9, 4], [3, 4, 4], 0),
        (#"{"type": "maxPool", "padding": "same"}"#, [7, 9, 4], [4, 5, 4], 0),
        (#"{"type": "averagePool", "kernel": 3, "stride": 1, "padding": 1}"#, [7, 9, 4], [7, 9, 4], 0),
        (#""globalAveragePool""#, [7, 9, 4], [4], 0),
        (#""globalSumPool""#, [7, 9, 4], [4], 0),
        (#"{"type": "upsample", "scale": 3, "method": "bilinear"}"#, [2, 3, 4], [6, 9, 4], 0),
        (#""depthToSpace""#, [2, 3, 8], [4, 6, 2], 0),
        (#"{"type": "pad", "padding": [1, 2, 0, 0]}"#, [2, 3, 8], [3, 5, 8], 0),
        (#"{"type": "pad", "padding": 1, "content": "reflection"}"#, [2, 3, 8], [4, 5, 8], 0),
        (#"{"type": "pad", "padding": [0, 0, -1, -1]}"#, [2, 3, 8], [1, 2, 8], 0),
        (#""flatten""#, [2, 3, 8], [48], 0),
        (#"{"type": "reshape", "shape": [4, 6, 2]}"#, [48], [4, 6, 2], 0),
        (#"{"type": "reshape", "shape": [14, 14, 64], "order": "channelsLast"}"#, [7, 7, 256], [14, 14, 64], 0),
        (#"{"type": "reshape", "shape": [48]}"#, [2, 3, 8], [48], 0),
        (
            #"{"type": "residual", "layers": [{"type": "conv", "channels": 8, "kernel": 3, "padding": 1}, "relu"]}"#,
            [2, 3, 8], [2, 3, 8], 584
        ),
        (
            #"{"type": "residual", "layers": [{"type": "linear", "features": 4}], "shortcut": [{"type": "linear", "features": 4, "bias": false}]}"#,
            [3], [4], 28
        ),
        (
            #"{"type": "concat", "branches": [[], [{"type": "conv", "channels": 2, "kernel": 1}], ["relu", "tanh"]]}"#,
            [2, 3, 4], [2, 3, 10], 10
        ),
        (#"{"type": "repeat", "count": 3, "layers": [{"type": "linear", "features": 4}, "relu"]}"#, [4], [4], 60),
    ]

    @Test(arguments: kinds)
    func theOutputShapeFollowsFromTheInput(_ layer: String, input: [Int], output: [Int], parameters: Int) throws {
        let built = try network("[\(layer)]", input: Shape(input))
        #expect(built.outputShape == Shape(output))
        #expect(built.parameterCount == parameters)
        #expect(built.parameters.reduce(0) { $0 + $1.shape.count } == parameters)
        for mode in [NetworkMode.training, .evaluation] {
            let graph = ComputeGraph()
            let x = graph.input("x", shape: Shape([4] + input))
            #expect(try built.apply(x, in: graph, mode: mode).shape == Shape([4] + output))
        }
    }

    @Test func skipsJoinWhatWasSaved() throws {
        let net = try network(
            """
            [{"type": "save", "as": "a"}, {"type": "conv", "channels": 5, "kernel": 1}, {"type": "save", "as": "b"},
             "relu",
             {"type": "join", "with": "a"}, {"type": "conv", "channels": 5, "kernel": 1},
             {"type": "join", "with": "b", "method": "add"}]
            """, input: [4, 4, 3])
        #expect(net.layers.map(\.outputShape[-1]) == [3, 5, 5, 5, 8, 5, 5])
        #expect(net.parameters.map(\.name) == ["net.1.weight", "net.1.bias", "net.5.weight", "net.5.bias"])
    }

    @Test func repeatedLayersMayReuseNamesOfSkips() throws {
        let net = try network(
            """
            [{"type": "repeat", "count": 2, "layers": [
                {"type": "save", "as": "x"}, {"type": "linear", "features": 2}, {"type": "join", "with": "x"}]}]
            """, input: [3])
        #expect(net.outputShape == [7])
    }

    @Test func nearestDoublingBeforeAConvolutionIsFolded() throws {
        let up = #"{"type": "upsample", "scale": 2}"#
        func folds(_ layers: String) throws -> Bool {
            let found = try operations(of: try network("[\(layers)]", input: [4, 4, 2]))
            let isFolded = found.contains(.foldUpsampling)
            #expect(isFolded != found.contains { $0.name.hasPrefix("upsample") })
            return isFolded
        }
        #expect(try folds(#"\#(up), {"type": "conv", "channels": 3, "kernel": 3, "padding": 1}"#))
        #expect(try folds(#"\#(up), {"type": "conv", "channels": 3, "kernel": 5, "padding": "same"}"#))
        #expect(try folds(#"\#(up), {"type": "conv", "channels": 3, "kernel": 1}"#))
        #expect(try folds(#"\#(up), {"type": "conv", "channels": 3, "kernel": 3, "norm": "spectral"}"#))
        #expect(try !folds(#"\#(up), {"type": "conv", "channels": 3, "kernel": 4, "padding": 1}"#))
        #expect(try !folds(#"\#(up), {"type": "conv", "channels": 3, "kernel": 3, "padding": 1, "stride": 2}"#))
        #expect(try !folds(#"\#(up), {"type": "conv", "channels": 3, "kernel": 3, "padding": [1, 1, 0, 0]}"#))
        #expect(try !folds(#"\#(up), {"type": "conv", "channels": 2, "kernel": 3, "padding": 1, "groups": 2}"#))
        #expect(try !folds(#"\#(up), {"type": "conv", "channels": 3, "kernel": 3, "padding": 3}"#))
        #expect(try !folds(#"\#(up), "relu", {"type": "conv", "channels": 3, "kernel": 3, "padding": 1}"#))
        #expect(
            try !folds(
                #"{"type": "upsample", "method": "bilinear"}, {"type": "conv", "channels": 3, "kernel": 3, "padding": 1}"#
            ))
    }

    @Test func theTableShowsTheFoldedPair() throws {
        let net = try network(
            #"["upsample", {"type": "conv", "channels": 3, "kernel": 3, "padding": 1}, "tanh"]"#, input: [4, 5, 2])
        #expect(net.layers.map(\.type) == ["upsample", "conv", "tanh"])
        #expect(net.layers.map(\.path) == ["net.layers[0]", "net.layers[1]", "net.layers[2]"])
        #expect(net.layers.map(\.outputShape) == [[8, 10, 2], [8, 10, 3], [8, 10, 3]])
        #expect(net.layers.map(\.parameterCount) == [0, 57, 0])
        // A 4x4 kernel at each pixel of the small image.
        #expect(net.layers.map(\.floatingPointOperations) == [0, 2 * 20 * 2 * 16 * 3, 0])
        #expect(net.parameters.map(\.name) == ["net.1.weight", "net.1.bias"])
    }
}
