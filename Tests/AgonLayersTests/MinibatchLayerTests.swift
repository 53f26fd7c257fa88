import AgonGraph
import AgonLayers
import AgonTensors
import Foundation
import Testing

@Suite struct MinibatchLayerTests {
    /// Batch, input features, compared features, kernel size.
    @Test(arguments: [(4, 3, 2, 3), (5, 7, 6, 1), (2, 1, 1, 4), (9, 4, 5, 5)])
    func discriminationIsTheSumOverTheOthers(batch: Int, inputs: Int, features: Int, kernel: Int) throws {
        let net = try network(
            #"[{"type": "minibatchDiscrimination", "features": \#(features), "kernelSize": \#(kernel)}]"#,
            input: [inputs])
        #expect(net.outputShape == [inputs + features])
        #expect(
            net.variables.map { "\($0.name) \($0.pyTorchShape)" } == [
                "net.0.weight [\(inputs), \(features), \(kernel)]"
            ])
        try expectAgreement(net, sample([batch, inputs])) { values in
            guard let x = values["x"], let weight = values["0.weight"] else { return ([], 0) }
            let width = features * kernel
            let m = product(x, weight, rows: batch, inner: inputs, columns: width)
            var y: [Double] = []
            for i in 0..<batch {
                y += x[i * inputs..<(i + 1) * inputs]
                for b in 0..<features {
                    y.append(
                        (0..<batch).reduce(0) { sum, j in
                            if j == i { return sum }
                            let distance = (0..<kernel).reduce(0) {
                                $0 + abs(m[i * width + b * kernel + $1] - m[j * width + b * kernel + $1])
                            }
                            return sum + exp(-distance)
                        })
                }
            }
            return (y, 0)
        }
    }

    @Test func aCollapsedBatchIsAsNearAsCanBe() throws {
        let net = try network(#"[{"type": "minibatchDiscrimination", "features": 3}]"#, input: [2])
        let y = try run(net, Tensor(shape: [5, 2], values: [Float](repeating: 0.5, count: 10)))
        for row in 0..<5 { #expect(y.values[row * 5 + 2..<row * 5 + 5].allSatisfy { abs($0 - 4) < 1e-5 }) }
        let alone = try run(net, Tensor(shape: [1, 2], values: [1, 2]))
        #expect(alone.values == [1, 2, 0, 0, 0])
    }

    @Test(arguments: [[3], [2, 3, 4]])
    func deviationIsTheMeanOverChannelsAndPixels(_ input: [Int]) throws {
        let net = try network(#"["minibatchDeviation"]"#, input: Shape(input))
        let (batch, count, channels) = (5, input.reduce(1, *), input[input.count - 1])
        try expectAgreement(net, sample(Shape([batch] + input))) { values in
            guard let x = values["x"] else { return ([], 0) }
            let deviations = (0..<count).map { place in
                let column = (0..<batch).map { x[$0 * count + place] }
                let mean = column.reduce(0, +) / Double(batch)
                return (column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(batch) + 1e-8).squareRoot()
            }
            let deviation = deviations.reduce(0, +) / Double(count)
            var y: [Double] = []
            for pixel in 0..<x.count / channels { y += x[pixel * channels..<(pixel + 1) * channels] + [deviation] }
            return (y, 0)
        }
    }

    @Test func equalSamplesHaveAGradient() throws {
        let net = try network(#"["minibatchDeviation"]"#, input: [2])
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [3, 2])
        let y = try net.apply(x, in: graph, mode: .training)
        graph.output("dx", try graph.gradients(of: graph.sum(y), withRespectTo: [x])[0])
        let step = try CompiledStep(graph, name: "test", pool: WorkerPool(threads: 1), seed: 1)
        let values = [Float](repeating: 0.25, count: 6)
        values.withUnsafeBufferPointer { if let base = $0.baseAddress { step.run(inputs: ["x": base]) } }
        #expect(try #require(step.output("dx")).values == [1, 1, 1, 1, 1, 1])
    }

    @Test(arguments: [#"{"type": "minibatchDiscrimination", "features": 2}"#, #""minibatchDeviation""#])
    func batchesStayApart(_ layer: String) throws {
        let net = try network("[\(layer)]", input: [3])
        let graph = ComputeGraph()
        let batches = ["a", "b"].map { NetworkBatch(x: graph.input($0, shape: [4, 3]), call: $0) }
        let together = try net.apply(toEach: batches, in: graph)
        #expect(together.map(\.shape) == [[4, net.outputShape[0]], [4, net.outputShape[0]]])
        #expect(graph.nodes.count { $0.inputs.first == batches[1].x } > 0)
        #expect(!graph.nodes.contains { $0.operation == .concatenate(axis: 0) })
    }
}
