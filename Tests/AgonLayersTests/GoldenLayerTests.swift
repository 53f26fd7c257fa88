import AgonGraph
import AgonLayers
import AgonTensors
import AgonTestFiles
import Testing

/// Layers against cases recorded from PyTorch.
@Suite struct GoldenLayerTests {
    /// Case, layer, and the variables that take recorded tensors.
    private static let cases: [(String, layer: String, variables: [String])] = [
        ("linear", #"{"type": "linear", "features": $O}"#, ["weight", "bias"]),
        ("conv2d-k3s1p1", #"{"type": "conv", "channels": $O, "kernel": 3, "padding": 1}"#, ["weight", "bias"]),
        ("conv2d-k5s1p2", #"{"type": "conv", "channels": $O, "kernel": 5, "padding": "same"}"#, ["weight", "bias"]),
        (
            "conv2d-k4s3p1", #"{"type": "conv", "channels": $O, "kernel": 4, "stride": 3, "padding": 1}"#,
            ["weight", "bias"]
        ),
        (
            "conv2d-k8s2p3", #"{"type": "conv", "channels": $O, "kernel": 8, "stride": 2, "padding": 3}"#,
            ["weight", "bias"]
        ),
        (
            "conv_transpose2d-k4s2p1",
            #"{"type": "convTranspose", "channels": $O, "kernel": 4, "stride": 2, "padding": 1}"#, ["weight", "bias"]
        ),
        (
            "conv_transpose2d-k5s2p2o1",
            #"{"type": "convTranspose", "channels": $O, "kernel": 5, "stride": 2, "padding": 2, "outputPadding": 1}"#,
            ["weight", "bias"]
        ),
        (
            "upsample_conv2d", #""upsample", {"type": "conv", "channels": $O, "kernel": 3, "padding": 1}"#,
            ["weight", "bias"]
        ),
        ("batch_norm-2d-eps0.8", #"{"type": "batchNorm", "epsilon": 0.8}"#, ["weight", "bias"]),
        ("batch_norm-1d", #""batchNorm""#, ["weight", "bias"]),
        ("batch_norm-eval", #""batchNorm""#, ["weight", "bias", "running_mean", "running_var"]),
        ("instance_norm", #""instanceNorm""#, []),
        ("layer_norm", #""layerNorm""#, ["weight", "bias"]),
        ("leaky_relu", #"{"type": "leakyReLU", "slope": 0.2}"#, []),
        ("elu", #""elu""#, []),
        ("softplus", #""softplus""#, []),
        ("softmax", #""softmax""#, []),
        ("max_pool2d-odd", #""maxPool""#, []),
        ("avg_pool2d", #""averagePool""#, []),
        ("upsample_nearest2d", #""upsample""#, []),
        ("upsample_bilinear2d", #"{"type": "upsample", "method": "bilinear"}"#, []),
        ("pixel_shuffle", #""depthToSpace""#, []),
        ("zero_pad2d", #"{"type": "pad", "padding": [2, 1, 1, 0]}"#, []),
        ("reflection_pad2d", #"{"type": "pad", "padding": [1, 2, 2, 1], "content": "reflection"}"#, []),
    ]

    @Test(arguments: cases)
    func theLayerGivesTheRecordedOutput(_ name: String, layer: String, variables: [String]) throws {
        let file = try goldenCase("operation/\(name)")
        let (x, y) = (try file.tensor("input"), try file.tensor("output"))
        let shape: Shape = x.shape.rank == 4 ? [x.shape[2], x.shape[3], x.shape[1]] : [x.shape[1]]
        let text = layer.split(separator: "$O", omittingEmptySubsequences: false).joined(separator: "\(y.shape[1])")
        let net = try network("[\(text)]", input: shape)
        let index = net.layers.count - 1
        for variable in variables { try net.set("\(index).\(variable)", try file.tensor(variable)) }
        let mode: NetworkMode = name == "batch_norm-eval" ? .evaluation : .training
        expectClose(try run(net, x, mode: mode), y)
    }

    @Test func runningStatisticsMoveAsRecorded() throws {
        let file = try goldenCase("operation/batch_norm-running")
        let x = try file.tensor("input")
        let net = try network(#"["batchNorm"]"#, input: [x.shape[2], x.shape[3], x.shape[1]])
        // Both passes in one step: the second application starts from what the first left.
        let graph = ComputeGraph()
        let images = x.permuted([0, 2, 3, 1])
        let input = graph.input("x", shape: images.shape)
        _ = try net.apply(input, in: graph, mode: .training)
        _ = try net.apply(graph.affine(input, scale: 2, offset: 1), in: graph, mode: .training)
        let step = try CompiledStep(graph, name: "test", pool: WorkerPool(threads: 1), seed: 1)
        images.values.withUnsafeBufferPointer { values in
            if let base = values.baseAddress { step.run(inputs: ["x": base]) }
        }
        expectClose(try net.values("0.running_mean"), try file.tensor("running_mean"))
        expectClose(try net.values("0.running_var"), try file.tensor("running_var"))
    }

    @Test func weightNormGivesTheRecordedOutput() throws {
        let file = try goldenCase("operation/weight_norm_linear")
        let net = try network(#"[{"type": "linear", "features": 4, "bias": false, "norm": "weight"}]"#, input: [6])
        try net.set("0.weight_v", try file.tensor("v"))
        try net.set("0.weight_g", try file.tensor("g"))
        expectClose(try run(net, try file.tensor("input")), try file.tensor("output"))
    }

    /// The recorded weight as a convolution's, as a transposed convolution's with its axes exchanged, and as a linear
    /// one's.
    @Test(arguments: ["conv", "convTranspose", "linear"])
    func spectralNormIsAsRecorded(_ kind: String) throws {
        let file = try goldenCase("operation/spectral_norm")
        let weight = try file.tensor("weight")
        let normalised = try file.tensor("normalised")
        let net: Network
        let x: Tensor
        let expected: Tensor
        switch kind {
        case "conv":
            net = try network(
                #"[{"type": "conv", "channels": 5, "kernel": 3, "bias": false, "norm": "spectral"}]"#, input: [3, 3, 4])
            try net.set("0.weight_orig", weight)
            // Ones in one place at a time read the weight out.
            x = unitImages()
            expected = Tensor(shape: [36, 5, 1, 1], values: normalised.reshaped([5, 36]).permuted([1, 0]).values)
        case "convTranspose":
            net = try network(
                #"[{"type": "convTranspose", "channels": 5, "kernel": 3, "bias": false, "norm": "spectral"}]"#,
                input: [1, 1, 4])
            try net.set("0.weight_orig", weight.permuted([1, 0, 2, 3]))
            x = Tensor(shape: [4, 4, 1, 1], values: (0..<16).map { $0 % 5 == 0 ? 1 : 0 })
            expected = normalised.permuted([1, 0, 2, 3])
        default:
            net = try network(
                #"[{"type": "linear", "features": 5, "bias": false, "norm": "spectral"}]"#, input: [36])
            try net.set("0.weight_orig", weight.reshaped([5, 36]))
            x = Tensor(shape: [36, 36], values: (0..<1296).map { $0 % 37 == 0 ? 1 : 0 })
            expected = normalised.reshaped([5, 36]).permuted([1, 0])
        }
        try net.set("0.weight_u", try file.tensor("u"))
        expectClose(try run(net, x, mode: .training), expected)
        expectClose(try net.values("0.weight_u"), try file.tensor("new_u"))
        // Evaluation from the old vector leaves it and divides by ||W'u||.
        try net.set("0.weight_u", try file.tensor("u"))
        let (u, matrix) = (try file.tensor("u"), weight.reshaped([5, 36]))
        let sigma = (0..<36).reduce(Float(0)) { sum, column in
            let entry = (0..<5).reduce(Float(0)) { $0 + matrix.values[$1 * 36 + column] * u.values[$1] }
            return sum + entry * entry
        }.squareRoot()
        let recorded = try file.tensor("sigma").values[0]
        expectClose(
            try run(net, x), Tensor(shape: expected.shape, values: expected.values.map { $0 * recorded / sigma }))
        expectClose(try net.values("0.weight_u"), u)
    }

    private func unitImages() -> Tensor {
        Tensor(shape: [36, 4, 3, 3], values: (0..<36 * 36).map { $0 % 37 == 0 ? 1 : 0 })
    }
}
