import AgonConfiguration
import AgonLayers
import AgonTensors
import Testing

@Suite struct LayerErrorTests {
    /// Layers, input, message.
    private static let shapes: [(String, input: [Int], message: String)] = [
        (
            #"["relu", {"type": "conv", "channels": 8, "kernel": 5}]"#, [2, 2, 128],
            "net.layers[1] (conv): input [2, 2, 128] is smaller than the kernel 5x5 with padding 0"
        ),
        (
            #"[{"type": "conv", "channels": 8, "kernel": 3, "dilation": [4, 1], "padding": [0, 1]}]"#, [8, 8, 3],
            "net.layers[0] (conv): input [8, 8, 3] is smaller than the kernel 3x3 dilated by 4x1 with padding [0, 1]"
        ),
        (
            #"["upsample", {"type": "conv", "channels": 8, "kernel": 5}]"#, [2, 2, 3],
            "net.layers[1] (conv): input [4, 4, 3] is smaller than the kernel 5x5 with padding 0"
        ),
        (
            #"[{"type": "conv", "channels": 8, "kernel": 3}]"#, [100],
            "net.layers[0] (conv): input [100] is not an image [height, width, channels]; put a reshape before it"
        ),
        (
            #"[{"type": "linear", "features": 8}]"#, [4, 4, 3],
            "net.layers[0] (linear): input [4, 4, 3] is not a list of features; put a flatten or globalAveragePool before it"
        ),
        (
            #"[{"type": "conv", "channels": 8, "kernel": 3, "groups": 4}]"#, [4, 4, 6],
            "net.layers[0] (conv): 4 groups do not divide the 6 input channels"
        ),
        (
            #"[{"type": "convTranspose", "channels": 9, "kernel": 3, "groups": 2}]"#, [4, 4, 6],
            "net.layers[0] (convTranspose): 2 groups do not divide the 9 output channels"
        ),
        (
            #"[{"type": "convTranspose", "channels": 9, "kernel": 3, "padding": 2}]"#, [1, 1, 6],
            "net.layers[0] (convTranspose): input [1, 1, 6] would give an output of -1x-1 pixels; use less padding or a larger kernel"
        ),
        (
            #"[{"type": "maxPool", "kernel": 3}]"#, [2, 4, 6],
            "net.layers[0] (maxPool): input [2, 4, 6] is smaller than the kernel 3x3 with padding 0"
        ),
        (
            #"[{"type": "averagePool", "kernel": 2, "padding": 2}]"#, [8, 8, 6],
            "net.layers[0] (averagePool): padding 2 makes windows that contain only padding; each side must be less than the kernel 2x2"
        ),
        (
            #"[{"type": "pad", "padding": [0, 0, 3, 0], "content": "reflection"}]"#, [3, 3, 6],
            "net.layers[0] (pad): input [3, 3, 6] cannot be reflected by [0, 0, 3, 0]; each side must be less than the image"
        ),
        (
            #"[{"type": "pad", "padding": [0, 0, -3, 0]}]"#, [3, 3, 6],
            "net.layers[0] (pad): input [3, 3, 6] would give an output of 0x3 pixels; use less padding or a larger kernel"
        ),
        (
            #"[{"type": "reshape", "shape": [4, 4, 4]}]"#, [100],
            "net.layers[0] (reshape): input [100] has 100 elements, but the shape [4, 4, 4] has 64"
        ),
        (
            #"["depthToSpace"]"#, [4, 4, 6],
            "net.layers[0] (depthToSpace): the 6 channels of input [4, 4, 6] are not divisible by 4"
        ),
        (
            #"["instanceNorm"]"#, [1, 1, 6],
            "net.layers[0] (instanceNorm): input [1, 1, 6] has one pixel per channel, which normalization reduces to zero; remove the norm here"
        ),
        (
            #"[{"type": "concat", "branches": [[], ["maxPool"]]}]"#, [4, 4, 6],
            "net.layers[0] (concat): branches[0] gives [4, 4, 6] and branches[1] [2, 2, 6]; they may differ only in channels"
        ),
        (
            #"[{"type": "residual", "layers": ["maxPool"]}]"#, [4, 4, 6],
            "net.layers[0] (residual): the layers give [2, 2, 6], the input is [4, 4, 6]; a shortcut, such as a conv with kernel 1, must adapt it"
        ),
        (
            #"[{"type": "residual", "layers": ["maxPool"], "shortcut": ["relu"]}]"#, [4, 4, 6],
            "net.layers[0] (residual): the layers give [2, 2, 6], the shortcut [4, 4, 6]; the two must be equal"
        ),
        (
            #"[{"type": "save", "as": "down1"}, {"type": "join", "with": "donw1"}]"#, [4],
            "net.layers[1] (join): nothing is saved as 'donw1' before it. Did you mean 'down1'? Saved: down1"
        ),
        (
            #"[{"type": "join", "with": "down1"}, {"type": "save", "as": "down1"}]"#, [4],
            "net.layers[0] (join): nothing is saved as 'down1' before it. A save layer must come first"
        ),
        (
            #"[{"type": "save", "as": "a"}, {"type": "save", "as": "a"}]"#, [4],
            "net.layers[1] (save): 'a' is already saved by net.layers[0]; use another name"
        ),
        (
            #"[{"type": "save", "as": "a"}, "maxPool", {"type": "join", "with": "a"}]"#, [4, 4, 1],
            "net.layers[2] (join): input [2, 2, 1] cannot be joined with 'a' [4, 4, 1]; they may differ only in channels"
        ),
        (
            #"[{"type": "save", "as": "a"}, {"type": "linear", "features": 2}, {"type": "join", "with": "a", "method": "add"}]"#,
            [3],
            "net.layers[2] (join): input [2] cannot be joined with 'a' [3]; the two must be equal"
        ),
        (
            #"[{"type": "repeat", "count": 3, "layers": ["maxPool"]}]"#, [4, 4, 1],
            "net.layers[0].copies[2].layers[0] (maxPool): input [1, 1, 1] is smaller than the kernel 2x2 with padding 0"
        ),
        (
            #"[{"type": "linear", "features": 16000000}, {"type": "linear", "features": 16000000}]"#, [1],
            "net.layers[1] (linear): its variable 'weight' of 16000000 x 16000000 has more than 2147483647 elements"
        ),
        (
            #"[{"type": "repeat", "count": 1000, "layers": [{"type": "upsample", "scale": 64}]}]"#, [1, 1, 1],
            "net.layers[0].copies[2].layers[0] (upsample): its output of 262144 x 262144 x 1 has more than 2147483647 elements"
        ),
        (
            #"[{"type": "linear", "features": 3, "initialization": {"biases": "orthogonal"}}]"#, [4],
            "net.layers[0] (linear): orthogonal initialization of 'net.0.bias' needs a matrix or a kernel, not the shape [3]"
        ),
        (
            #"[{"type": "relu", "name": "a"}, {"type": "tanh"}, {"type": "linear", "features": 2, "name": "a"}]"#, [4],
            "net.layers[2] (linear): net.layers[0] already has the name 'a'; use another name"
        ),
        (
            #"["relu", {"type": "sequence", "layers": ["condition"]}]"#, [4],
            "net.layers[1].layers[0] (condition): the network has no condition to read; set task.labels or task.embedding, or remove the layer"
        ),
        (
            #"["selfAttention"]"#, [4, 4, 12],
            "net.layers[0] (selfAttention): the 12 channels of input [4, 4, 12] are not divisible by 8"
        ),
        (
            #"["selfAttention"]"#, [4, 3, 8],
            "net.layers[0] (selfAttention): input [4, 3, 8] cannot be halved; height and width must be even"
        ),
        (
            #"["projection"]"#, [4, 4, 8],
            "net.layers[0] (projection): input [4, 4, 8] is not a list of features; put a flatten or globalAveragePool before it"
        ),
        (
            #"["conditionalBatchNorm"]"#, [4, 4, 8],
            "net.layers[0] (conditionalBatchNorm): the network has no condition to read; set task.labels or task.embedding, or remove the layer"
        ),
        (
            #"[{"type": "conv", "channels": "data", "kernel": 3}]"#, [4, 4, 3],
            "net.layers[0] (conv): the channels follow the data, which are unknown here; set \"channels\" to a number, 1 or 3"
        ),
        (
            #"["minibatchDiscrimination"]"#, [4, 4, 3],
            "net.layers[0] (minibatchDiscrimination): input [4, 4, 3] is not a list of features; put a flatten or globalAveragePool before it"
        ),
        (
            #"[{"type": "inception", "channels": 4}]"#, [4],
            "net.layers[0] (inception): input [4] is not an image [height, width, channels]; put a reshape before it"
        ),
        (
            #"["relu"]"#, [2, 3],
            "net: input [2, 3] is neither features [C] nor an image [height, width, channels] of positive sizes"
        ),
        (
            #"["relu"]"#, [0],
            "net: input [0] is neither features [C] nor an image [height, width, channels] of positive sizes"
        ),
    ]

    @Test(arguments: shapes)
    func aMessageSaysWhereAndWhat(_ layers: String, input: [Int], expected: String) {
        #expect(message(layers, input: Shape(input)) == expected)
    }

    @Test func aConditionOfAnotherSizeDoesNotMultiply() {
        #expect(
            message(#"[{"type": "condition", "method": "multiply", "features": 4}]"#, input: [2, 2, 3], condition: 10)
                == "net.layers[0] (condition): a condition of 4 features does not match the 3 channels of input [2, 2, 3]; remove \"features\""
        )
    }

    @Test func messagesNameThePathInTheConfig() throws {
        let network = ConfigPath.root.key("discriminators").index(0)
        #expect(
            throws: LayerError.notFeatures(
                LayerPlace(path: network.key("layers").index(1), type: "linear"), input: [2, 2, 3])
        ) {
            try Network(
                name: "discriminators.0", layers: try layers(#"["relu", {"type": "linear", "features": 1}]"#),
                input: [2, 2, 3], path: network, seed: 1)
        }
        let net = try Network(
            name: "discriminators.0", layers: try layers(#"[{"type": "linear", "features": 1}]"#), input: [3],
            path: network, seed: 1)
        #expect(net.variables[0].name == "discriminators.0.0.weight")
        #expect(net.layers[0].path == "discriminators[0].layers[0]")
        #expect(throws: LayerError.networkInput(network, input: [2, 2])) {
            try Network(name: "discriminators.0", layers: [], input: [2, 2], path: network, seed: 1)
        }
    }

    @Test func batchStatisticsOfOneValueAreRefused() throws {
        let net = try network(#"["batchNorm"]"#, input: [4])
        let place = LayerPlace(path: .root.key("net").key("layers").index(0), type: "batchNorm")
        #expect(
            throws: LayerError.singleValueNorm(place, input: [1, 4])
        ) {
            try operations(of: net, batch: 1)
        }
        #expect(try operations(of: net, batch: 1, mode: .evaluation).isEmpty == false)
        #expect(
            "\(LayerError.singleValueNorm(place, input: [1, 4]))"
                == "net.layers[0] (batchNorm): input [1, 4] gives one value per channel, too few for batch statistics; use a larger batch"
        )
    }

    /// Mistakes found while reading, before any shape is known.
    private static let mistakes: [(String, message: String)] = [
        (
            #"[{"type": "cnv", "channels": 8}]"#,
            "unknown layer 'cnv'. Did you mean 'conv'?"
        ),
        (
            #"[{"type": "conv", "channels": 8, "kernal": 3}]"#,
            "test.json:1: layers[0].kernal: unknown key. Did you mean 'kernel'?"
        ),
        (
            #"[{"type": "concat", "branches": [[], [{"type": "conv", "channels": 8, "kernel": 3, "strid": 2}]]}]"#,
            "test.json:1: layers[0].branches[1][0].strid: unknown key. Did you mean 'stride'?"
        ),
        (
            #"[{"type": "concat", "branches": [[], "relu"]}]"#,
            "test.json:1: layers[0].branches[1]: expected an array, found the string \"relu\""
        ),
        (
            #"[{"type": "concat", "branches": [["relu"]]}]"#,
            "test.json:1: layers[0].branches: expected at least 2 elements, found 1"
        ),
        (
            #"[{"type": "conv", "channels": 8, "kernel": 3, "padding": "sam"}]"#,
            "test.json:1: layers[0].padding: unknown choice 'sam'. Did you mean 'same'? Available: same"
        ),
        (
            #"[{"type": "conv", "channels": 8, "kernel": 3, "padding": [1, 2, 3]}]"#,
            "test.json:1: layers[0].padding: expected an integer, or 2 or 4 of them, found 3"
        ),
        (
            #"[{"type": "pad", "padding": -1, "content": "reflection"}]"#,
            "test.json:1: layers[0].padding: a reflection cannot crop; expected no negative number"
        ),
        (
            #"[{"type": "convTranspose", "channels": 8, "kernel": 3, "stride": 2, "outputPadding": 2}]"#,
            "test.json:1: layers[0].outputPadding: must be less than the stride or the dilation"
        ),
        (
            #"[{"type": "inception", "channels": 4, "branchChannels": 4}]"#,
            "test.json:1: layers[0].branchChannels: expected less than the 4 channels of both branches"
        ),
        (
            #"[{"type": "condition", "augmentation": {}}]"#,
            "test.json:1: layers[0].augmentation: needs \"features\", the number of values to draw"
        ),
        (
            #"[{"type": "relu", "nam": "a"}]"#,
            "test.json:1: layers[0].nam: unknown key. Did you mean 'name'?"
        ),
        (
            #"[{"type": "reshape", "shape": [2, 3]}]"#,
            "test.json:1: layers[0].shape: expected [height, width, channels] or [features], found 2 numbers"
        ),
        (
            #"[{"type": "linear", "features": 8, "norm": "spectrl"}]"#,
            "unknown weight norm 'spectrl'. Did you mean 'spectral'?"
        ),
        (
            #"[{"type": "linear", "features": 8, "initialization": {"weights": {"type": "uniform", "low": 1, "high": 0}}}]"#,
            "test.json:1: layers[0].initialization.weights.high: 0.0 is below the lower bound 1.0"
        ),
    ]

    @Test(arguments: mistakes)
    func aMistakeInTheConfigIsFoundWhileReading(_ text: String, expected: String) {
        #expect(message(text, input: [4, 4, 3]).contains(expected))
    }
}
