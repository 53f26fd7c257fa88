import AgonGraph
import AgonLayers
import AgonTensors
import Testing

@Suite struct RunningNetworkTests {
    @Test func aSmallNetworkGivesWhatOneWorksOutByHand() throws {
        let net = try network(
            #"[{"type": "linear", "features": 3}, "relu", {"type": "linear", "features": 1}, "sigmoid"]"#, input: [2])
        try net.set("0.weight", Tensor(shape: [3, 2], values: [1, 2, -1, 1, 0, -3]))
        try net.set("0.bias", Tensor(shape: [3], values: [0.5, 0, 1]))
        try net.set("2.weight", Tensor(shape: [1, 3], values: [1, -1, 2]))
        try net.set("2.bias", Tensor(shape: [1], values: [-1]))
        // x = [1, 2]: hidden [5.5, 1, -5] -> [5.5, 1, 0], score 3.5. x = [-1, 0]: [-0.5, 1, 1] -> [0, 1, 1], score 0.
        let y = try run(net, Tensor(shape: [2, 2], values: [1, 2, -1, 0]))
        expectClose(y, Tensor(shape: [2, 1], values: [0.97068775, 0.5]))
    }

    @Test(arguments: [
        #"["flatten", {"type": "linear", "features": 6}, "leakyReLU", {"type": "linear", "features": 1}]"#,
        #"["flatten", {"type": "linear", "features": 6}, "batchNorm", {"type": "linear", "features": 1}]"#,
    ]) func batchesScoredTogetherScoreAsApart(layers: String) throws {
        let net = try network(layers, input: [4, 4, 1])
        let graph = ComputeGraph()
        let inputs = ["a", "b", "c"].map { NetworkBatch(x: graph.input($0, shape: [5, 4, 4, 1]), call: $0) }
        let together = try net.apply(toEach: inputs, in: graph)
        let apart = try inputs.map { try net.apply($0.x, in: graph, mode: .training, call: $0.call) }
        for (index, pair) in zip(together, apart).enumerated() {
            graph.output("difference.\(index)", graph.subtract(pair.0, pair.1))
            graph.output("score.\(index)", pair.1)
        }
        let step = try CompiledStep(graph, name: "test", pool: WorkerPool(threads: 1), seed: 3)
        let values = sample([3, 80]).values
        values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            step.run(inputs: ["a": base, "b": base + 80, "c": base + 160])
        }
        for index in 0..<3 {
            let difference = try #require(step.output("difference.\(index)"))
            let score = try #require(step.output("score.\(index)"))
            let scale = score.values.map(abs).max() ?? 0
            #expect(scale > 0 && difference.values.allSatisfy { abs($0) <= 1e-6 * scale })
        }
        let products = graph.nodes.count { $0.operation == .matmul(transposeA: false, transposeB: false) }
        // Two layers: one pass over all three batches where samples are apart, and the three that it is compared with.
        #expect(products == (layers.contains("batchNorm") ? 12 : 8))
    }

    @Test func batchNormMayHaveABiasAlone() throws {
        let net = try network(#"[{"type": "batchNorm", "scale": false, "epsilon": 1e-3}]"#, input: [2])
        #expect(net.variables.map(\.name) == ["net.0.bias", "net.0.running_mean", "net.0.running_var"])
        try net.set("0.bias", Tensor(shape: [2], values: [1, -1]))
        let y = try run(net, Tensor(shape: [2, 2], values: [1, 4, 3, 8]), mode: .training)
        // Deviations 1 and 2 about means 2 and 6.
        let (a, b): (Float, Float) = (1 / Float(1.001).squareRoot(), 2 / Float(4.001).squareRoot())
        expectClose(y, Tensor(shape: [2, 2], values: [1 - a, -1 - b, 1 + a, -1 + b]))
    }

    @Test func noiseIsThereInTrainingAlone() throws {
        let net = try network(#"[{"type": "noise", "deviation": 0.5}]"#, input: [200])
        let x = sample([50, 200])
        #expect(try run(net, x) == x)
        let noisy = try run(net, x, mode: .training)
        let noise = zip(noisy.values, x.values).map { Double($0 - $1) }
        let square = noise.reduce(0) { $0 + $1 * $1 } / Double(noise.count)
        // Six standard errors of 10000 squares.
        #expect(abs(square - 0.25) < 6 * 0.25 * (2.0 / 10_000).squareRoot())
        #expect(try run(net, x, mode: .training, index: 1) != noisy)
        let always = try network(#"[{"type": "noise", "atEvaluation": true}]"#, input: [200])
        #expect(try run(always, x) != x)
    }

    @Test func branchesAndSkipsJoinTheirValues() throws {
        let net = try network(
            """
            [{"type": "save", "as": "x"}, {"type": "concat", "branches": [[], ["relu"]]},
             {"type": "residual", "layers": ["tanh"]}, {"type": "join", "with": "x"}]
            """, input: [2])
        let y = try run(net, Tensor(shape: [1, 2], values: [0.5, -2]))
        let tanhHalf: Float = 0.46211716
        let tanhTwo: Float = 0.9640276
        expectClose(
            y, Tensor(shape: [1, 6], values: [0.5 + tanhHalf, -2 - tanhTwo, 0.5 + tanhHalf, 0, 0.5, -2]))
    }

    @Test func flattenAndReshapeKeepPyTorchsOrder() throws {
        let x = sample([2, 3, 4, 5])
        let flat = try run(try network(#"["flatten"]"#, input: [4, 5, 3]), x)
        #expect(flat == x.reshaped([2, 60]))
        let back = try run(try network(#"[{"type": "reshape", "shape": [4, 5, 3]}]"#, input: [60]), flat)
        #expect(back == x)
        let view = try run(try network(#"[{"type": "reshape", "shape": [2, 5, 6]}]"#, input: [4, 5, 3]), x)
        #expect(view == x.reshaped([2, 6, 2, 5]))
        let rows = try run(
            try network(#"[{"type": "reshape", "shape": [8, 5, 1], "order": "channelsLast"}]"#, input: [4, 5, 2]),
            x.reshaped([2, 60]).reshaped([3, 2, 4, 5]))
        #expect(rows == x.reshaped([3, 2, 4, 5]).permuted([0, 2, 3, 1]).reshaped([3, 1, 8, 5]))
    }

    /// Kernel, padding: the pair of layers as one operation against the two one after the other.
    @Test(arguments: [(1, 0), (3, 0), (3, 1), (3, 2), (5, 2), (5, 4)])
    func theFoldedConvolutionIsTheSameFunction(kernel: Int, padding: Int) throws {
        let convolution = #"{"type": "conv", "channels": 3, "kernel": \#(kernel), "padding": \#(padding)}"#
        let folded = try network(#"["upsample", \#(convolution)]"#, input: [4, 5, 2])
        let plain = try network(#"["upsample", {"type": "pad", "padding": 0}, \#(convolution)]"#, input: [4, 5, 2])
        try plain.set("2.weight", try folded.values("1.weight"))
        try plain.set("2.bias", try folded.values("1.bias"))
        let x = sample([3, 2, 4, 5])
        expectClose(try run(folded, x), try run(plain, x))
    }

    /// `<conv(x), y> == <x, convTranspose(y)>` for the same weight and padding, so "same" means the same in both.
    @Test(arguments: [
        (4, 2, #""same""#), (5, 2, #""same""#), (3, 1, #""same""#), (5, 3, #""same""#), (1, 2, #""same""#),
        (4, 2, "1"), (5, 2, "[2, 1, 1, 2]"), (3, 1, "[0, 1, 2, 0]"),
    ])
    func transposedConvolutionIsTheAdjoint(kernel: Int, stride: Int, padding: String) throws {
        let keys = #""kernel": \#(kernel), "stride": \#(stride), "padding": \#(padding), "bias": false"#
        let transposed = try network(#"[{"type": "convTranspose", "channels": 2, \#(keys)}]"#, input: [4, 3, 5])
        let output = transposed.outputShape
        let plain = try network(#"[{"type": "conv", "channels": 5, \#(keys)}]"#, input: output)
        #expect(plain.outputShape == [4, 3, 5])
        try plain.set("0.weight", try transposed.values("0.weight"))
        let (x, y) = (sample([2, 2, output[0], output[1]]), sample([2, 5, 4, 3], seed: 6))
        func product(_ a: Tensor, _ b: Tensor) -> Double {
            zip(a.values, b.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let (left, right) = (product(try run(plain, x), y), product(x, try run(transposed, y)))
        #expect(abs(left - right) < 1e-5 * product(x, x))
    }

    @Test func meansOverTheImageArePerChannel() throws {
        let x = Tensor(shape: [1, 2, 2, 2], values: [1, 2, 3, 4, -1, 0, 0, 0])
        expectClose(
            try run(try network(#"["globalAveragePool"]"#, input: [2, 2, 2]), x),
            Tensor(shape: [1, 2], values: [2.5, -0.25]))
        expectClose(
            try run(try network(#"["globalSumPool"]"#, input: [2, 2, 2]), x), Tensor(shape: [1, 2], values: [10, -1]))
    }

    @Test func poolingPadsToTheSameSize() throws {
        let x = Tensor(shape: [1, 1, 3, 3], values: [-1, -2, -3, -4, -5, -6, -7, -8, -9])
        expectClose(
            try run(try network(#"[{"type": "maxPool", "padding": "same"}]"#, input: [3, 3, 1]), x),
            Tensor(shape: [1, 1, 2, 2], values: [-1, -3, -7, -9]))
        expectClose(
            try run(try network(#"[{"type": "averagePool", "padding": "same"}]"#, input: [3, 3, 1]), x),
            Tensor(shape: [1, 1, 2, 2], values: [-3, -2.25, -3.75, -2.25]))
        expectClose(
            try run(
                try network(
                    #"[{"type": "averagePool", "padding": "same", "countPadding": false}]"#, input: [3, 3, 1]), x),
            Tensor(shape: [1, 1, 2, 2], values: [-3, -4.5, -7.5, -9]))
    }

    @Test func dropoutKeepsTheMeanAndWholeChannels() throws {
        let ones = Tensor(shape: [50, 8, 4, 4], repeating: 1)
        let kept: Float = 1 / 0.75
        let elements = try run(
            try network(#"[{"type": "dropout", "rate": 0.25}]"#, input: [4, 4, 8]), ones, mode: .training)
        #expect(Set(elements.values) == [0, kept])
        // 6400 draws: the share's deviation is 0.0054.
        let share = Double(elements.values.count { $0 == 0 }) / 6400
        #expect(abs(share - 0.25) < 4 * 0.0054)

        let net = try network(#"[{"type": "channelDropout", "rate": 0.25}]"#, input: [4, 4, 8])
        let channels = try run(net, ones, mode: .training)
        let perChannel = (0..<400).map { Set(channels.values[$0 * 16..<($0 + 1) * 16]) }
        #expect(perChannel.allSatisfy { $0 == [0] || $0 == [kept] })
        #expect(Set(perChannel).count == 2)
        let later = try run(net, ones, mode: .training, index: 1)
        #expect(later != channels)
        let evaluated = try run(net, ones)
        #expect(evaluated == ones)
    }

    @Test func theOperationsOfTheTableAreThoseThatRun() throws {
        let net = try network(
            """
            [{"type": "linear", "features": 36, "bias": false}, {"type": "reshape", "shape": [3, 3, 4]},
             "upsample", {"type": "conv", "channels": 6, "kernel": 3, "padding": 1, "bias": false},
             {"type": "conv", "channels": 8, "kernel": 3, "stride": 2, "groups": 2, "bias": false},
             {"type": "conv", "channels": 8, "kernel": [1, 3], "padding": "same", "bias": false},
             {"type": "convTranspose", "channels": 5, "kernel": 4, "stride": 2, "padding": 1, "bias": false}]
            """, input: [10])
        let graph = ComputeGraph()
        graph.output("y", try net.apply(graph.input("x", shape: [7, 10]), in: graph, mode: .training))
        let step = try CompiledStep(graph, name: "test", pool: WorkerPool(threads: 1), seed: 1)
        #expect(step.floatingPointOperations == 7 * net.floatingPointOperations)
        #expect(net.layers.filter { $0.floatingPointOperations > 0 }.count == 5)
    }

    @Test func everyKindRunsWithTheSameBitsOnAnyNumberOfThreads() throws {
        let net = try network(
            """
            [{"type": "linear", "features": 72, "norm": "weight"}, "batchNorm", {"type": "leakyReLU", "slope": 0.1},
             {"type": "reshape", "shape": [3, 3, 8]}, "layerNorm", "elu", {"type": "save", "as": "small"},
             "upsample", {"type": "conv", "channels": 8, "kernel": 3, "padding": 1, "norm": "spectral"},
             {"type": "instanceNorm", "affine": true}, "relu", {"type": "channelDropout", "rate": 0.2},
             {"type": "residual", "layers": [{"type": "conv", "channels": 8, "kernel": 3, "padding": 1, "groups": 8},
              "tanh"]},
             {"type": "maxPool", "padding": "same"}, {"type": "join", "with": "small"},
             {"type": "concat", "branches": [["softplus"], [{"type": "conv", "channels": 4, "kernel": 1,
              "norm": "weight"}, "sigmoid"]]},
             {"type": "convTranspose", "channels": 16, "kernel": 4, "stride": 2, "padding": 1, "norm": "spectral"},
             {"type": "convTranspose", "channels": 16, "kernel": 3, "padding": 1, "norm": "weight"},
             "depthToSpace", {"type": "pad", "padding": [1, 0, 0, 2], "content": "reflection"},
             {"type": "upsample", "method": "bilinear"}, {"type": "averagePool", "kernel": 3, "stride": 2,
              "padding": 1},
             {"type": "pad", "padding": [0, 0, 1, 1]}, {"type": "dropout", "rate": 0.1},
             {"type": "repeat", "count": 2, "layers": [{"type": "conv", "channels": 3, "kernel": 3}, "relu"]},
             "flatten", {"type": "linear", "features": 5}, "softmax"]
            """, input: [10])
        let x = sample([6, 10])
        let before = net.variables.map(\.values)
        let one = try run(net, x, mode: .training, threads: 1)
        let after = net.variables.map(\.values)
        #expect(one.shape == [6, 5])
        #expect(one.values.allSatisfy { $0.isFinite && $0 >= 0 })
        #expect(Set(one.values).count == 30)
        for (index, variable) in net.variables.enumerated() { variable.values = before[index] }
        let two = try run(net, x, mode: .training, threads: 2)
        #expect(two == one)
        #expect(net.variables.map(\.values) == after)
        // Only running statistics and spectral norm's vectors move.
        for (index, variable) in net.variables.enumerated() {
            #expect((before[index] != after[index]) == (variable.role == .buffer), "\(variable.name)")
        }
        let evaluated = try run(net, x)
        #expect(evaluated.values.allSatisfy { $0.isFinite })
    }
}
