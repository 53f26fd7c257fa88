import AgonGraph
import AgonLayers
import AgonTensors
import Foundation
import Testing

@Suite struct ConditionLayerTests {
    /// Layer, input, condition, output, variables.
    private static let shapes: [(String, input: [Int], condition: Int, output: [Int], variables: [String])] = [
        (#""condition""#, [3], 4, [7], []),
        (#""condition""#, [2, 3, 5], 4, [2, 3, 9], []),
        (#"{"type": "condition", "features": 6}"#, [3], 4, [9], ["net.0.embedding.weight [4, 6]"]),
        (#"{"type": "condition", "features": 6}"#, [2, 3, 5], 4, [2, 3, 11], ["net.0.embedding.weight [4, 6]"]),
        (#"{"type": "condition", "method": "multiply"}"#, [3], 4, [3], ["net.0.embedding.weight [4, 3]"]),
        (
            #"{"type": "condition", "method": "multiply", "features": 5}"#, [2, 3, 5], 4, [2, 3, 5],
            ["net.0.embedding.weight [4, 5]"]
        ),
        (
            #"{"type": "condition", "features": 6, "augmentation": {}}"#, [3], 4, [9],
            ["net.0.weight [12, 4]", "net.0.bias [12]"]
        ),
        (
            #"{"type": "condition", "method": "multiply", "augmentation": {"divergence": 2}}"#, [2, 3, 5], 4,
            [2, 3, 5],
            ["net.0.weight [10, 4]", "net.0.bias [10]"]
        ),
    ]

    @Test(arguments: shapes)
    func theConditionJoinsTheInput(
        _ layer: String, input: [Int], condition: Int, output: [Int], variables: [String]
    ) throws {
        let net = try network("[\(layer)]", input: Shape(input), condition: condition)
        #expect(net.outputShape == Shape(output))
        #expect(net.usesCondition && net.conditionSize == condition)
        #expect(net.parameters.map { "\($0.name) \($0.pyTorchShape)" } == variables)
        let x = sample(Shape([3] + input))
        let c = sample([3, condition], seed: 6)
        let multiplies = layer.contains("multiply")
        // Rows are samples; the pixels of a sample share its vector.
        let vectorSize = multiplies ? input[input.count - 1] : output[output.count - 1] - input[input.count - 1]
        let channels = input[input.count - 1]
        let pixels = input.reduce(1, *) / channels
        for mode in [NetworkMode.training, .evaluation] {
            let isNoisy = layer.contains("augmentation") && mode == .training
            try expectAgreement(
                net, x, condition: c, noise: isNoisy ? [3, vectorSize] : nil, mode: mode
            ) { values in
                guard let x = values["x"], let c = values["condition"] else { return ([], 0) }
                var (vector, loss) = (c, 0.0)
                if let weight = values["0.embedding.weight"] {
                    vector = product(c, weight, rows: 3, inner: condition, columns: vectorSize)
                } else if let weight = values["0.weight"], let bias = values["0.bias"] {
                    let weightOfLoss = layer.contains("divergence") ? 2.0 : 1.0
                    (vector, loss) = augmented(
                        product(c, weight, rows: 3, inner: condition, columns: 2 * vectorSize), bias,
                        noise: values["noise"])
                    loss *= weightOfLoss / 3
                }
                var y: [Double] = []
                for pixel in 0..<3 * pixels {
                    let own = x[pixel * channels..<(pixel + 1) * channels]
                    let start = pixel / pixels * vectorSize
                    let given = vector[start..<start + vectorSize]
                    y += multiplies ? zip(own, given).map(*) : Array(own) + given
                }
                return (y, loss)
            }
        }
    }

    /// Mean or drawn features, and the sum of the samples' divergences, which is 0 without noise.
    private func augmented(_ sums: [Double], _ bias: [Double], noise: [Double]?) -> ([Double], Double) {
        let features = bias.count / 2
        var (vector, divergence) = ([Double](), 0.0)
        for sample in 0..<sums.count / bias.count {
            for feature in 0..<features {
                func value(_ column: Int) -> Double {
                    let sum = sums[sample * bias.count + column] + bias[column]
                    return sum > 0 ? sum : 0.2 * sum
                }
                let (mean, logVariance) = (value(feature), value(features + feature))
                guard let noise else {
                    vector.append(mean)
                    continue
                }
                vector.append(mean + exp(logVariance / 2) * noise[sample * features + feature])
                divergence += (exp(logVariance) + mean * mean - 1 - logVariance) / 2
            }
        }
        return (vector, divergence)
    }

    @Test func aLabelPicksItsRowOfTheEmbedding() throws {
        let net = try network(
            #"[{"type": "condition", "features": 2}]"#, input: [1], condition: 3)
        try net.set("0.embedding.weight", Tensor(shape: [3, 2], values: [1, 2, 3, 4, 5, 6]))
        let graph = ComputeGraph()
        let y = try net.apply(
            graph.input("x", shape: [2, 1]), in: graph, mode: .evaluation,
            condition: graph.input("condition", shape: [2, 3]))
        graph.output("y", y)
        let step = try CompiledStep(graph, name: "test", pool: WorkerPool(threads: 1), seed: 1)
        let (x, labels): ([Float], [Float]) = ([7, 8], [0, 0, 1, 1, 0, 0])
        x.withUnsafeBufferPointer { x in
            labels.withUnsafeBufferPointer { labels in
                if let x = x.baseAddress, let labels = labels.baseAddress {
                    step.run(inputs: ["x": x, "condition": labels])
                }
            }
        }
        #expect(try #require(step.output("y")).values == [7, 5, 6, 8, 1, 2])
    }

    @Test func embeddingsAreStandardNormalUnlessToldOtherwise() throws {
        func values(_ layer: String, network settings: String = "{}") throws -> [Float] {
            let configuration = try networkConfiguration(
                #"{"layers": [\#(layer)], "initialization": \#(settings)}"#)
            return try Network(name: "net", configuration: configuration, input: [1], condition: 100, seed: 1)
                .variables[0].values
        }
        let layer = #"{"type": "condition", "features": 100}"#
        for found in [
            try values(layer), try values(layer, network: #"{"weights": {"type": "constant", "value": 3}}"#),
        ] {
            let squares = found.reduce(0.0) { $0 + Double($1) * Double($1) } / 10000
            // 10000 draws: the mean square's deviation is 0.014.
            #expect(abs(squares - 1) < 4 * 0.0142)
        }
        #expect(Set(try values(layer, network: #"{"embeddings": {"type": "constant", "value": 3}}"#)) == [3])
        let own =
            #"{"type": "condition", "features": 100, "initialization": {"weights": {"type": "constant", "value": 4}}}"#
        #expect(Set(try values(own)) == [4])
        let orthogonal = try values(layer, network: #"{"embeddings": "orthogonal"}"#)
        let lengths = (0..<100).map { row in orthogonal[row * 100..<(row + 1) * 100].reduce(0) { $0 + $1 * $1 } }
        #expect(lengths.allSatisfy { abs($0 - 1) < 1e-5 })
    }

    @Test func joinedBatchesTakeTheirConditionsAlong() throws {
        let net = try network(
            #"[{"type": "condition", "features": 4}, {"type": "linear", "features": 1}]"#, input: [2], condition: 3)
        let graph = ComputeGraph()
        let batches = ["a", "b"].map {
            NetworkBatch(
                x: graph.input($0, shape: [5, 2]), call: $0, condition: graph.input("condition.\($0)", shape: [5, 3]))
        }
        let together = try net.apply(toEach: batches, in: graph)
        for (index, batch) in batches.enumerated() {
            let apart = try net.apply(batch.x, in: graph, mode: .training, call: batch.call, condition: batch.condition)
            graph.output("\(index)", graph.subtract(together[index], apart))
            graph.output("score.\(index)", apart)
        }
        // Embedding and scores: once for both batches, and once for each.
        #expect(graph.nodes.count { $0.operation == .matmul(transposeA: false, transposeB: false) } == 6)
        let step = try CompiledStep(graph, name: "test", pool: WorkerPool(threads: 1), seed: 1)
        let values = sample([50]).values
        values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            step.run(inputs: ["a": base, "b": base + 10, "condition.a": base + 20, "condition.b": base + 35])
        }
        for index in 0..<2 {
            let scale = try #require(step.output("score.\(index)")).values.map(abs).max() ?? 0
            #expect(try #require(step.output("\(index)")).values.allSatisfy { abs($0) <= 1e-6 * scale })
        }
    }

    @Test func augmentationDrawsAnewForEachCallAndCollectsItsLoss() throws {
        let net = try network(
            #"[{"type": "condition", "features": 4, "augmentation": {"divergence": 0.5}}]"#, input: [2], condition: 3,
            name: "generator")
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [5, 2])
        let condition = graph.input("condition", shape: [5, 3])
        let losses = LayerLosses()
        for call in ["first", "second"] {
            _ = try net.apply(x, in: graph, mode: .training, call: call, condition: condition, losses: losses)
        }
        _ = try net.apply(x, in: graph, mode: .evaluation, call: "third", condition: condition, losses: losses)
        _ = try net.apply(x, in: graph, mode: .training, call: "fourth", condition: condition)
        let streams = graph.nodes.compactMap { node -> String? in
            if case .random(_, let stream) = node.operation { stream } else { nil }
        }
        #expect(streams == ["generator.0/first", "generator.0/second", "generator.0/fourth"])
        #expect(losses.values.map(\.name) == ["generator.0.divergence", "generator.0.divergence"])
        #expect(losses.values.map(\.value.shape) == [[], []])
    }

    @Test func aNetworkWithoutConditionLayersReadsNone() throws {
        let net = try network(#"["relu"]"#, input: [2], condition: 3)
        #expect(!net.usesCondition)
        let graph = ComputeGraph()
        _ = try net.apply(graph.input("x", shape: [5, 2]), in: graph, mode: .training)
        let nested = try network(
            #"[{"type": "residual", "layers": [{"type": "condition", "method": "multiply"}]}]"#, input: [2],
            condition: 3)
        #expect(nested.usesCondition)
    }
}
