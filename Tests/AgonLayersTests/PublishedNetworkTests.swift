import AgonGraph
import AgonLayers
import AgonTensors
import Testing

/// The networks of published systems, as configs declare them: their output shapes and parameter counts.
@Suite struct PublishedNetworkTests {
    /// The parameter count follows from the architecture: a check of sizes that shapes alone would not show.
    private func expect(
        _ text: String, input: Shape, output: Shape, parameters: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let net = try network(text, input: input)
        #expect(net.outputShape == output, sourceLocation: sourceLocation)
        #expect(net.parameterCount == parameters, sourceLocation: sourceLocation)
        let graph = ComputeGraph()
        let x = graph.input("x", shape: Shape([2] + input.dimensions))
        let y = try net.apply(x, in: graph, mode: .training)
        #expect(y.shape == Shape([2] + output.dimensions), sourceLocation: sourceLocation)
    }

    @Test func selfGANsMultilayerPerceptrons() throws {
        let block = { (features: Int) in
            #"{"type": "linear", "features": \#(features)}, {"type": "batchNorm", "epsilon": 0.8}, "leakyReLU""#
        }
        try expect(
            """
            [{"type": "linear", "features": 128}, "leakyReLU", \(block(256)), \(block(512)), \(block(1024)),
             {"type": "linear", "features": 784}, "tanh", {"type": "reshape", "shape": [28, 28, 1]}]
            """, input: [100], output: [28, 28, 1], parameters: 1_510_032)
        try expect(
            """
            ["flatten", {"type": "linear", "features": 512}, "leakyReLU", {"type": "linear", "features": 256},
             "leakyReLU",
             {"type": "linear", "features": 1}]
            """, input: [28, 28, 1], output: [1], parameters: 533_505)
    }

    @Test func selfGANsConvolutionalNetworks() throws {
        let up = { (channels: Int) in
            """
            "upsample", {"type": "conv", "channels": \(channels), "kernel": 3, "padding": 1},
            {"type": "batchNorm", "epsilon": 0.8}, "leakyReLU"
            """
        }
        try expect(
            """
            [{"type": "linear", "features": 8192}, {"type": "reshape", "shape": [8, 8, 128]}, "batchNorm",
             \(up(128)), \(up(64)),
             {"type": "conv", "channels": 1, "kernel": 3, "padding": 1}, "tanh"]
            """, input: [100], output: [32, 32, 1], parameters: 1_049_985)
        let down = { (channels: Int, norm: String) in
            """
            {"type": "conv", "channels": \(channels), "kernel": 3, "stride": 2, "padding": 1}, "leakyReLU",
            {"type": "channelDropout", "rate": 0.25}\(norm)
            """
        }
        let norm = #", {"type": "batchNorm", "epsilon": 0.8}"#
        try expect(
            "[\(down(16, "")), \(down(32, norm)), \(down(64, norm)), \(down(128, norm)), \"flatten\", "
                + #"{"type": "linear", "features": 1}]"#, input: [32, 32, 1], output: [1], parameters: 98_113)
    }

    @Test func pix2pixsUNetAndPatchDiscriminator() throws {
        func down(_ channels: Int, _ level: Int) -> String {
            """
            {"type": "conv", "channels": \(channels), "kernel": 4, "stride": 2, "padding": 1, "bias": false},
            \(level == 1 || level == 8 ? "" : "\"instanceNorm\",") "leakyReLU",
            \(level >= 4 ? "\"dropout\"," : "") {"type": "save", "as": "down\(level)"}
            """
        }
        func up(_ channels: Int, _ level: Int) -> String {
            """
            {"type": "convTranspose", "channels": \(channels), "kernel": 4, "stride": 2, "padding": 1, "bias": false},
            "instanceNorm", "relu", \(level <= 4 ? "\"dropout\"," : "") {"type": "join", "with": "down\(8 - level)"}
            """
        }
        let downs = [64, 128, 256, 512, 512, 512, 512, 512].enumerated().map { down($1, $0 + 1) }
        let ups = [512, 512, 512, 512, 256, 128, 64].enumerated().map { up($1, $0 + 1) }
        let downWeights =
            [(3, 64), (64, 128), (128, 256), (256, 512)].reduce(0) { $0 + 16 * $1.0 * $1.1 } + 4 * 16 * 512 * 512
        let upWeights = [(512, 512), (1024, 512), (1024, 512), (1024, 512), (1024, 256), (512, 128), (256, 64)]
            .reduce(0) { $0 + 16 * $1.0 * $1.1 }
        try expect(
            """
            [\((downs + ups).joined(separator: ", ")), "upsample", {"type": "pad", "padding": [1, 1, 0, 0]},
             {"type": "conv", "channels": 3, "kernel": 4, "padding": 1}, "tanh"]
            """, input: [256, 256, 3], output: [256, 256, 3],
            parameters: downWeights + upWeights + 16 * 128 * 3 + 3)

        let patch = { (channels: Int) in
            """
            {"type": "conv", "channels": \(channels), "kernel": 4, "stride": 2, "padding": 1}, "instanceNorm",
             "leakyReLU"
            """
        }
        try expect(
            """
            [{"type": "conv", "channels": 64, "kernel": 4, "stride": 2, "padding": 1}, "leakyReLU", \(patch(128)),
             \(patch(256)),
             \(patch(512)), {"type": "pad", "padding": [1, 1, 0, 0]},
             {"type": "conv", "channels": 1, "kernel": 4, "padding": 1, "bias": false}]
            """, input: [256, 256, 6], output: [16, 16, 1],
            parameters: 16 * (6 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + 64 + 128 + 256 + 512)
    }

    @Test func cycleGANsResidualGenerator() throws {
        let conv = { (channels: Int, stride: Int) in
            """
            {"type": "conv", "channels": \(channels), "kernel": 3, "stride": \(stride), "padding": 1},
             "instanceNorm", "relu"
            """
        }
        let reflect = #"{"type": "pad", "padding": 1, "content": "reflection"}"#
        let wide = #"{"type": "pad", "padding": 3, "content": "reflection"}"#
        let inner = #"{"type": "conv", "channels": 256, "kernel": 3}"#
        let weights = 49 * 3 * 64 + 9 * (64 * 128 + 128 * 256 + 18 * 256 * 256 + 256 * 128 + 128 * 64) + 49 * 64 * 3
        try expect(
            """
            [\(wide), {"type": "conv", "channels": 64, "kernel": 7}, "instanceNorm", "relu", \(conv(128, 2)),
             \(conv(256, 2)),
             {"type": "repeat", "count": 9, "layers": [{"type": "residual", "layers": [
                \(reflect), \(inner), "instanceNorm", "relu", \(reflect), \(inner), "instanceNorm"]}]},
             "upsample", \(conv(128, 1)), "upsample", \(conv(64, 1)), \(wide), {"type": "conv", "channels": 3,
              "kernel": 7}, "tanh"]
            """, input: [256, 256, 3], output: [256, 256, 3],
            parameters: weights + 64 + 128 + 256 + 18 * 256 + 128 + 64 + 3)
    }

    // MARK: SNGAN

    /// The authors' networks (github.com/pfnet-research/sngan_projection) for 32x32 images, which are those of Miyato
    /// et al., 2018, arXiv:1802.05957, table 4, and for 64x64. Differs: at 32x32 the authors' score has no bias.
    @Test func sngansResidualNetworks() throws {
        func conv(_ channels: Int, _ kernel: Int = 3, norm: String = "") -> String {
            #"{"type": "conv", "channels": \#(channels), "kernel": \#(kernel), "padding": \#(kernel / 2)\#(norm)}"#
        }
        func up(_ channels: Int) -> String {
            """
            {"type": "residual", "layers": ["batchNorm", "relu", "upsample", \(conv(channels)), "batchNorm", "relu",
             \(conv(channels))], "shortcut": ["upsample", \(conv(channels, 1))]}
            """
        }
        func generator(_ first: Int, _ blocks: [Int]) -> String {
            """
            [{"type": "linear", "features": \(16 * first)}, {"type": "reshape", "shape": [4, 4, \(first)]},
             \(blocks.map { up($0) }.joined(separator: ", ")), "batchNorm", "relu", \(conv(3)), "tanh"]
            """
        }
        try expect(generator(256, [256, 256, 256]), input: [128], output: [32, 32, 3], parameters: 4_276_739)
        try expect(generator(1024, [512, 256, 128, 64]), input: [128], output: [64, 64, 3], parameters: 12_220_675)

        func judging(_ channels: Int, _ kernel: Int = 3) -> String {
            conv(channels, kernel, norm: #", "norm": "spectral""#)
        }
        func discriminator(_ first: Int, _ blocks: [String]) -> String {
            """
            [{"type": "residual", "layers": [\(judging(first)), "relu", \(judging(first)), "averagePool"],
              "shortcut": ["averagePool", \(judging(first, 1))]},
             \(blocks.joined(separator: ", ")), "relu", "globalSumPool",
             {"type": "linear", "features": 1, "norm": "spectral"}]
            """
        }
        /// Between its convolutions a block has as many channels as before it.
        func down(_ inputs: Int, _ outputs: Int) -> String {
            """
            {"type": "residual", "layers": ["relu", \(judging(inputs)), "relu", \(judging(outputs)), "averagePool"],
             "shortcut": [\(judging(outputs, 1)), "averagePool"]}
            """
        }
        let plain = #"{"type": "residual", "layers": ["relu", \#(judging(128)), "relu", \#(judging(128))]}"#
        try expect(
            discriminator(128, [down(128, 128), plain, plain]), input: [32, 32, 3], output: [1], parameters: 1_053_825)
        try expect(
            discriminator(64, [down(64, 128), down(128, 256), down(256, 512), down(512, 1024)]), input: [64, 64, 3],
            output: [1], parameters: 10_141_441)
    }

    // MARK: Small discriminators for LSGAN

    @Test func theGeneratorThatRecutsItsImages() throws {
        func stage(_ channels: Int, _ recut: String) -> String {
            #"{"type": "conv", "channels": \#(channels), "kernel": 5, "padding": "same"}, "batchNorm", "relu", \#(recut)"#
        }
        for kind in ["depthToSpace", "reshape"] {
            let recuts = [[14, 14, 64], [28, 28, 32]].map {
                kind == "reshape"
                    ? #"{"type": "reshape", "shape": \#($0), "order": "channelsLast"}"# : "\"depthToSpace\""
            }
            try expect(
                """
                [{"type": "linear", "features": 6272}, {"type": "reshape", "shape": [7, 7, 128]}, "batchNorm", "relu",
                 \(stage(256, recuts[0])), \(stage(128, recuts[1])),
                 {"type": "conv", "channels": 1, "kernel": 5, "padding": "same"}, "tanh"]
                """, input: [100], output: [28, 28, 1],
                parameters: 101 * 6272 + 256 + 25 * 128 * 256 + 3 * 256 + 25 * 64 * 128 + 3 * 128 + 25 * 32 + 1)
        }
    }

    /// Case, and the parameters of its blocks.
    @Test(arguments: ["convolution", "depthwise", "inception"], [8, 16, 32])
    func theStagesOfTheSmallDiscriminators(_ kind: String, _ width: Int) throws {
        func block(_ n: Int) -> String {
            let reduction = #"{"type": "conv", "channels": \#(n / 2), "kernel": 1}"#
            return switch kind {
            case "convolution": #"{"type": "conv", "channels": \#(n), "kernel": 3, "padding": "same"}"#
            case "inception":
                """
                {"type": "concat", "branches": [[\(reduction)],
                    [\(reduction), {"type": "conv", "channels": \(n / 2), "kernel": 3, "padding": "same"}]]}
                """
            default:
                """
                {"type": "concat", "branches": [[\(reduction)],
                    [\(reduction), {"type": "conv", "channels": \(n / 2), "kernel": 3, "padding": "same",
                     "groups": \(n / 2)},
                     "batchNorm", {"type": "conv", "channels": \(2 * n), "kernel": 1}, "batchNorm"]]}
                """
            }
        }
        var stages: [String] = []
        var parameters = 0
        var channels = 1
        for n in [width, 2 * width, 4 * width, 8 * width] {
            let half = n / 2
            let reduction = channels * half + half
            let output: Int
            switch kind {
            case "convolution": (output, parameters) = (n, parameters + 9 * channels * n + n)
            case "inception": (output, parameters) = (n, parameters + 2 * reduction + 9 * half * half + half)
            default:
                output = half + 2 * n
                parameters += 2 * reduction + 10 * half + 2 * half + half * 2 * n + 2 * n + 4 * n
            }
            let norm = stages.isEmpty ? "" : "\"batchNorm\","
            if !stages.isEmpty { parameters += 2 * output }
            stages.append("\(block(n)), \(norm) \"relu\", {\"type\": \"maxPool\", \"padding\": \"same\"}")
            channels = output
        }
        try expect(
            "[\(stages.joined(separator: ", ")), \"flatten\", {\"type\": \"linear\", \"features\": 1}, \"sigmoid\"]",
            input: [28, 28, 1], output: [1], parameters: parameters + 4 * channels + 1)
    }

    @Test func theDiscriminatorOfDenseBlocks() throws {
        func inception(_ n: Int) -> String {
            let reduction = #"{"type": "conv", "channels": \#(n / 2), "kernel": 1}"#
            return """
                {"type": "concat", "branches": [[\(reduction)],
                    [\(reduction), {"type": "conv", "channels": \(n / 2), "kernel": 3, "padding": "same"}]]}
                """
        }
        let dense = """
            {"type": "repeat", "count": 3, "layers": [
                {"type": "concat", "branches": [[], ["batchNorm", "relu", \(inception(16))]]}]},
            "batchNorm", "relu", \(inception(4)), {"type": "averagePool", "padding": "same"}
            """
        func inceptionCount(_ channels: Int, _ n: Int) -> Int { 2 * (channels * n / 2 + n / 2) + 9 * n * n / 4 + n / 2 }
        func blockCount(_ channels: Int) -> Int {
            (0..<3).reduce(0) { $0 + 2 * (channels + 16 * $1) + inceptionCount(channels + 16 * $1, 16) }
                + 2 * (channels + 48) + inceptionCount(channels + 48, 4)
        }
        try expect(
            """
            [\(inception(16)), "relu", "maxPool", \(dense), \(dense), \(dense), "flatten", {"type": "linear",
             "features": 1}]
            """, input: [28, 28, 1], output: [1],
            parameters: inceptionCount(1, 16) + blockCount(16) + 2 * blockCount(4) + 2 * 2 * 4 + 1)
    }

    // MARK: Many discriminators, generator advantage

    @Test func projectedDiscriminators() throws {
        let down = { (channels: Int) in
            #"{"type": "conv", "channels": \#(channels), "kernel": 4, "stride": 2, "padding": 1}, "leakyReLU""#
        }
        let projection =
            #""bias": false, "frozen": true, "norm": {"type": "weight", "gain": 1}"#
        try expect(
            """
            [{"type": "conv", "channels": 1, "kernel": 8, "stride": 2, "padding": 3, \(projection)},
             \(down(128)), \(down(256)), \(down(512)), \(down(1024)), {"type": "conv", "channels": 1, "kernel": 4,
              "padding": 1}]
            """, input: [64, 64, 3], output: [1, 1, 1],
            parameters: 16 * (128 + 128 * 256 + 256 * 512 + 512 * 1024 + 1024) + 128 + 256 + 512 + 1024 + 1)
        try expect(
            """
            ["flatten", {"type": "linear", "features": 512, \(projection)}, {"type": "linear", "features": 1024},
             "leakyReLU",
             {"type": "linear", "features": 512}, "leakyReLU", {"type": "linear", "features": 256}, "leakyReLU",
             {"type": "linear", "features": 1}]
            """, input: [28, 28, 1], output: [1],
            parameters: 513 * 1024 + 1025 * 512 + 513 * 256 + 257)
    }

    @Test func transposedConvolutionGenerators() throws {
        let up = { (channels: Int, stride: Int, padding: Int) in
            """
            {"type": "convTranspose", "channels": \(channels), "kernel": 4, "stride": \(stride), "padding": \(padding)},
            "batchNorm", "relu"
            """
        }
        try expect(
            """
            [{"type": "reshape", "shape": [1, 1, 100]}, \(up(1024, 1, 0)), \(up(512, 2, 1)), \(up(256, 2, 1)),
             \(up(128, 2, 1)),
             {"type": "convTranspose", "channels": 3, "kernel": 4, "stride": 2, "padding": 1}, "tanh"]
            """, input: [100], output: [64, 64, 3],
            parameters: 16 * (100 * 1024 + 1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3) + 3 * (1024 + 512 + 256 + 128)
                + 3)
        let five = { (channels: Int) in
            #"{"type": "convTranspose", "channels": \#(channels), "kernel": 5, "stride": 2, "padding": "same"}"#
        }
        try expect(
            """
            [{"type": "linear", "features": 8192}, {"type": "reshape", "shape": [4, 4, 512]}, "batchNorm", "relu",
             \(five(256)), "batchNorm", "relu", \(five(128)), "batchNorm", "relu", \(five(64)), "batchNorm", "relu",
             \(five(3)), "tanh"]
            """, input: [100], output: [64, 64, 3],
            parameters: 101 * 8192 + 1024 + 25 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 3 * (256 + 128 + 64) + 3)
    }
}
