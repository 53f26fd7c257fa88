import AgonTensors
import Testing

@testable import AgonGraph

/// Convolutions by minimal filtering against their definition, with sizes that tiles divide badly.
@Suite struct FilteredConvolutionTests {
    static let cases: [ConvolutionCase] = [
        // Stride 1 with every number of taps; outputs of one tile, of less than one, and of several.
        .init([2, 5, 7, 5], [2, 2, 5, 6], padding: (1, 0, 0, 1)),
        .init([1, 4, 4, 16], [3, 3, 16, 32], padding: (1, 1, 1, 1)),
        .init([2, 7, 9, 18], [3, 3, 18, 37], padding: (1, 1, 1, 1)),
        .init([1, 5, 3, 3], [3, 3, 3, 1]),
        .init([1, 1, 1, 5], [3, 3, 5, 4], padding: (1, 1, 1, 1)),
        .init([1, 2, 2, 3], [3, 3, 3, 5], padding: (4, 3, 4, 5)),
        .init([2, 7, 6, 20], [5, 5, 20, 9], padding: (2, 2, 2, 2)),
        .init([1, 3, 3, 2], [5, 5, 2, 3], padding: (2, 2, 2, 2)),
        // Stride 2: kernels of four phases with equal numbers of taps, and with one less.
        .init([2, 8, 8, 6], [4, 4, 6, 20], stride: (2, 2), padding: (1, 1, 1, 1)),
        .init([1, 7, 9, 17], [4, 4, 17, 33], stride: (2, 2), padding: (1, 1, 1, 1)),
        .init([2, 8, 10, 6], [3, 3, 6, 20], stride: (2, 2), padding: (1, 1, 1, 1)),
        .init([1, 9, 7, 16], [3, 3, 16, 33], stride: (2, 2), padding: (0, 0, 0, 0)),
        .init([1, 8, 7, 6], [3, 3, 6, 5], stride: (2, 2), padding: (0, 1, 1, 0)),
        .init([2, 9, 9, 7], [5, 5, 7, 18], stride: (2, 2), padding: (2, 2, 2, 2)),
        .init([1, 9, 8, 5], [5, 5, 5, 6], stride: (2, 2), padding: (1, 2, 2, 1)),
        .init([1, 6, 5, 4], [6, 6, 4, 3], stride: (2, 2), padding: (3, 2, 2, 3)),
        .init([1, 2, 2, 3], [4, 4, 3, 2], stride: (2, 2), padding: (1, 1, 1, 1)),
        // Many channels: ranges of channels, weights that outgrow the cache.
        .init([1, 4, 4, 130], [3, 3, 130, 270], padding: (1, 1, 1, 1)),
        .init([2, 6, 6, 70], [4, 4, 70, 260], stride: (2, 2), padding: (1, 1, 1, 1)),
        // Many tiles: several blocks, with a last one that is smaller.
        .init([3, 30, 26, 6], [3, 3, 6, 7], padding: (1, 1, 1, 1)),
        .init([3, 33, 31, 5], [4, 4, 5, 6], stride: (2, 2), padding: (1, 1, 1, 1)),
    ]

    /// Forward, both gradients, and elementwise work with sums that rides on the products.
    @Test(arguments: cases, [2, 3, 4])
    func agreesWithItsDefinition(_ c: ConvolutionCase, _ m: Int) throws {
        let (graph, inputs) = try passes(c)
        try graph.expectAsReference(inputs, threads: 2, tolerance: 4e-5, convolutions: .filtering(m: m), "F(\(m), ...)")
    }

    /// The same with weights transformed in the pieces that use them.
    @Test(arguments: largeWeightCases, [2, 4])
    func agreesWithItsDefinitionTransformingWeights(_ c: ConvolutionCase, _ m: Int) throws {
        let (graph, inputs) = try passes(c)
        let method = ConvolutionMethod.filtering(m: m, transformsWeights: true)
        let rewritten = ConvolutionRewriting.run(graph.nodes, outputs: graph.outputs, method: method)
        let kinds = rewritten.nodes.map { OperationKind($0.operation) }
        #expect(kinds.count { $0 == .filteredConvolution } == 3 && !kinds.contains(.filterWeights))
        try graph.expectAsReference(inputs, threads: 3, tolerance: 4e-5, convolutions: method)
    }

    /// Channels that blocks of 128 columns and 64 rows divide, and that they do not.
    static let largeWeightCases: [ConvolutionCase] = [
        .init([2, 5, 4, 144], [3, 3, 144, 160], padding: (1, 1, 1, 1)),
        .init([1, 7, 6, 16], [5, 5, 16, 48], padding: (2, 2, 2, 2)),
        .init([2, 4, 4, 144], [4, 4, 144, 160], stride: (2, 2), padding: (1, 1, 1, 1)),
        .init([1, 5, 7, 80], [3, 3, 80, 48], stride: (2, 2), padding: (1, 1, 1, 1)),
        .init([2, 6, 6, 32], [5, 5, 32, 32], stride: (2, 2), padding: (2, 2, 2, 2)),
    ]

    /// The graph's units do what the test means to test.
    @Test func isUsedWhereItIsAskedFor() throws {
        let (graph, _) = try passes(Self.cases[1])
        let rewritten = ConvolutionRewriting.run(graph.nodes, outputs: graph.outputs, method: .filtering(m: 2))
        let kinds = rewritten.nodes.map { OperationKind($0.operation) }
        #expect(kinds.count { $0 == .filteredConvolution } == 3)
        #expect(kinds.count { $0 == .filterWeights } == 2)
        #expect(!kinds.contains(.convolution) && !kinds.contains(.convolutionWeightGradient))
        let direct = ConvolutionRewriting.run(graph.nodes, outputs: graph.outputs, method: .direct)
        #expect(direct.nodes.map(\.operation) == graph.nodes.map(\.operation))
    }

    /// Passes over two batches with one weight transform it once a way of use.
    @Test func passesShareTransformedWeights() {
        let graph = ComputeGraph()
        let weight = graph.input("weight", shape: [3, 3, 4, 4])
        for (name, size) in [("a", 8), ("b", 6)] {
            let x = graph.input(name, shape: [2, size, size, 4])
            graph.output("y" + name, graph.convolution(x, weight: weight, padding: (1, 1, 1, 1)))
        }
        let rewritten = ConvolutionRewriting.run(graph.nodes, outputs: graph.outputs, method: .filtering(m: 4))
        #expect(rewritten.nodes.count { OperationKind($0.operation) == .filterWeights } == 1)
        #expect(rewritten.nodes.count { OperationKind($0.operation) == .filteredConvolution } == 2)
    }

    /// The same bits for any number of threads.
    @Test(arguments: [cases[2], cases[9], cases[13], cases[17], cases[19]], [2, 4])
    func threadsDoNotChangeBits(_ c: ConvolutionCase, _ m: Int) throws {
        let (graph, inputs) = try passes(c)
        let one = try graph.compiled(threads: 1, convolutions: .filtering(m: m))
        let many = try graph.compiled(threads: 3, convolutions: .filtering(m: m))
        one.run(inputs)
        many.run(inputs)
        for name in one.outputNames {
            #expect(try one.values(name).map(\.bitPattern) == many.values(name).map(\.bitPattern), "\(name)")
        }
    }

    /// `<conv(x), y> = <x, inputGradient(y)> = <w, weightGradient(x, y)>` at sizes of networks.
    @Test(arguments: [
        ConvolutionCase([4, 16, 16, 128], [3, 3, 128, 128], padding: (1, 1, 1, 1)),
        ConvolutionCase([4, 14, 14, 64], [5, 5, 64, 128], padding: (2, 2, 2, 2)),
        ConvolutionCase([4, 16, 16, 128], [4, 4, 128, 256], stride: (2, 2), padding: (1, 1, 1, 1)),
        ConvolutionCase([4, 14, 14, 64], [5, 5, 64, 128], stride: (2, 2), padding: (2, 2, 2, 2)),
    ])
    func theThreePassesAreAdjoint(_ c: ConvolutionCase) throws {
        let graph = ComputeGraph()
        let (x, weight) = (graph.input("x", shape: c.input), graph.input("weight", shape: c.weight))
        let y = c.output(graph, x, weight)
        let cotangent = graph.input("cotangent", shape: y.shape)
        let forward = graph.sum(graph.multiply(y, cotangent))
        let gradients = try graph.gradients(of: forward, withRespectTo: [x, weight])
        graph.output("forward", forward)
        graph.output("by input", graph.sum(graph.multiply(gradients[0], x)))
        graph.output("by weight", graph.sum(graph.multiply(gradients[1], weight)))
        let step = try graph.compiled(threads: 2, convolutions: .filtering(m: 4))
        step.run([
            "x": uniform(c.input.count, seed: 1), "weight": uniform(c.weight.count, seed: 2),
            "cotangent": uniform(y.shape.count, seed: 3),
        ])
        let expected = try step.values("forward").map(Double.init)
        // As for direct convolutions: each of the sums' terms is about 1/27, of either sign.
        let spread = (Double(y.shape.count) * Double(c.weight.count / c.weight[3]) / 27).squareRoot()
        for name in ["by input", "by weight"] {
            #expect(abs(Double(try step.values(name)[0]) - expected[0]) < 1e-4 * spread, "\(name)")
        }
    }

    /// Errors of single precision against double, as a share of the results' root mean square, with 64 channels. The
    /// bounds are twice what was measured; direct sums have some 2e-6.
    @Test(arguments: [
        (2, 2, 3e-6), (2, 3, 3e-6), (2, 4, 1.6e-5), (3, 2, 3e-6), (3, 3, 1e-5), (3, 4, 1.6e-5), (5, 2, 1.2e-5),
        (5, 3, 4e-5), (5, 4, 4e-5),
    ])
    func errorIsBounded(_ kernel: Int, _ m: Int, _ bound: Double) throws {
        let (graph, inputs) = try passes(
            ConvolutionCase([2, 12, 12, 64], [kernel, kernel, 64, 16], padding: (0, 0, 0, 0)))
        let reference = Reference(graph, inputs: inputs.mapValues { $0.map(Double.init) })
        let step = try graph.compiled(convolutions: .filtering(m: m))
        step.run(inputs)
        for (name, value) in graph.outputs where ["linear", "dx", "dweight"].contains(name) {
            let expected = reference[value]
            let scale = (expected.reduce(0) { $0 + $1 * $1 } / Double(expected.count)).squareRoot()
            let found = try step.values(name)
            try #require(found.count == expected.count)
            let worst = zip(found, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
            #expect(worst < bound * scale, "F(\(m), \(kernel)) \(name): \(worst / scale)")
        }
    }

    /// A layer with bias and activation, its gradients, and what follows the input gradient.
    func passes(_ c: ConvolutionCase) throws -> (graph: ComputeGraph, inputs: [String: [Float]]) {
        let graph = ComputeGraph()
        let (x, weight) = (graph.input("x", shape: c.input), graph.input("weight", shape: c.weight))
        let bias = graph.input("bias", shape: [c.weight[3]])
        let linear = c.output(graph, x, weight)
        let y = graph.apply(.tanh, graph.add(linear, bias))
        let cotangent = graph.input("cotangent", shape: y.shape)
        let gradients = try graph.gradients(
            of: graph.sum(graph.multiply(y, cotangent)), withRespectTo: [x, weight, bias])
        graph.output("linear", linear)
        graph.output("y", y)
        graph.output("sum", graph.sum(y, to: [c.weight[3]]))
        for (name, gradient) in zip(["dx", "dweight", "dbias"], gradients) { graph.output(name, gradient) }
        graph.output("below", graph.apply(.leakyReLU(slope: 0.2), graph.multiply(gradients[0], x)))
        graph.output("sum below", graph.sum(graph.square(gradients[0]), to: [c.input[3]]))
        let depth = Float(c.weight[0] * c.weight[1] * c.weight[2])
        return (
            graph,
            [
                "x": uniform(c.input.count, seed: 1),
                "weight": uniform(c.weight.count, in: -2..<2, seed: 2).map { $0 / depth.squareRoot() },
                "bias": uniform(c.weight[3], seed: 3), "cotangent": uniform(y.shape.count, seed: 4),
            ]
        )
    }
}
