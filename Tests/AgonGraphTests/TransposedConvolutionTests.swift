import AgonGraph
import AgonTensors
import Testing

/// A transposed convolution's sizes; the weight is `[kh, kw, Cout / groups, Cin]`.
struct TransposedCase: CustomTestStringConvertible, Sendable {
    var input: Shape
    var weight: Shape
    var stride = (1, 1)
    var padding = (0, 0)
    var outputPadding = (0, 0)
    var dilation = (1, 1)
    var groups = 1

    init(
        _ input: Shape, _ weight: Shape, stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0),
        outputPadding: (Int, Int) = (0, 0), dilation: (Int, Int) = (1, 1), groups: Int = 1
    ) {
        (self.input, self.weight, self.stride, self.padding) = (input, weight, stride, padding)
        (self.outputPadding, self.dilation, self.groups) = (outputPadding, dilation, groups)
    }

    var testDescription: String {
        "\(input) * \(weight) stride \(stride) padding \(padding) + \(outputPadding) dilation \(dilation) "
            + "groups \(groups)"
    }

    static let all: [TransposedCase] = [
        // The first layer of a generator, its middle and its last.
        .init([2, 1, 1, 10], [4, 4, 12, 10]),
        .init([2, 4, 4, 12], [4, 4, 6, 12], stride: (2, 2), padding: (1, 1)),
        .init([2, 5, 5, 16], [4, 4, 3, 16], stride: (2, 2), padding: (1, 1)),
        .init([2, 6, 5, 6], [3, 3, 1, 6], padding: (1, 1)),
        .init([1, 1, 1, 140], [4, 4, 130, 140]),
        // Output pixels that nothing reaches, and output padding.
        .init([1, 3, 2, 3], [2, 2, 5, 3], stride: (3, 4)),
        .init([1, 3, 3, 6], [1, 1, 6, 6], stride: (2, 2), outputPadding: (1, 1)),
        .init([2, 3, 4, 3], [5, 5, 6, 3], stride: (2, 2), padding: (2, 2), outputPadding: (1, 0)),
        .init([1, 4, 3, 2], [3, 3, 5, 2], stride: (2, 2), padding: (1, 2), outputPadding: (1, 1), dilation: (2, 3)),
        .init([1, 3, 3, 8], [3, 3, 2, 8], stride: (2, 1), padding: (1, 1), outputPadding: (1, 0), groups: 4),
        .init([1, 4, 5, 6], [3, 3, 1, 6], stride: (2, 2), padding: (1, 1), outputPadding: (1, 1), groups: 6),
        // Padding that crops all but the middle.
        .init([1, 2, 2, 5], [5, 5, 6, 5], padding: (2, 2)),
        // Several bands, the last one smaller.
        .init([3, 21, 17, 5], [4, 4, 6, 5], stride: (2, 2), padding: (1, 1)),
        .init([2, 13, 11, 6], [3, 3, 7, 6], stride: (3, 2), padding: (1, 1), outputPadding: (2, 1)),
    ]
}

@Suite struct TransposedConvolutionTests {
    @Test(arguments: TransposedCase.all)
    func agreesWithItsDefinition(_ c: TransposedCase) throws {
        let graph = ComputeGraph()
        let (x, weight) = (graph.input("x", shape: c.input), graph.input("weight", shape: c.weight))
        let product = graph.convolutionTransposed(
            x, weight: weight, stride: c.stride, padding: c.padding, outputPadding: c.outputPadding,
            dilation: c.dilation, groups: c.groups)
        // PyTorch's formula for the output's height.
        #expect(
            product.shape[1] == (c.input[1] - 1) * c.stride.0 - 2 * c.padding.0 + c.dilation.0 * (c.weight[0] - 1)
                + c.outputPadding.0 + 1)
        #expect(product.shape[3] == c.weight[2] * c.groups)
        let channels: Shape = [product.shape[3]]
        let bias = graph.input("bias", shape: channels)
        let y = graph.apply(.leakyReLU(slope: 0.2), graph.add(product, bias))
        let cotangent = graph.input("cotangent", shape: y.shape)
        let gradients = try graph.gradients(
            of: graph.sum(graph.multiply(product, cotangent)), withRespectTo: [x, weight])
        graph.output("y", y)
        graph.output("moments", graph.append(.moments, [product]))
        graph.output("sum", graph.sum(y))
        for (name, gradient) in zip(["dx", "dweight"], gradients) { graph.output(name, gradient) }
        let depth = Float(c.weight[3])
        try graph.expectAsReference(
            [
                "x": uniform(c.input.count, seed: 1),
                "weight": uniform(c.weight.count, in: -2..<2, seed: 2).map { $0 / depth.squareRoot() },
                "bias": uniform(channels.count, seed: 3), "cotangent": uniform(y.shape.count, seed: 4),
            ], threads: 2)
    }

    /// Nearest upsampling by 2 and a convolution, as two operations and as one.
    @Test(arguments: [
        ConvolutionCase([2, 3, 5, 4], [3, 3, 4, 6], padding: (1, 1, 1, 1)),
        ConvolutionCase([1, 4, 4, 3], [5, 5, 3, 2], padding: (2, 2, 2, 2)),
        ConvolutionCase([1, 1, 1, 2], [3, 3, 2, 5], padding: (1, 1, 1, 1)),
        ConvolutionCase([2, 3, 2, 5], [1, 1, 5, 3]),
        ConvolutionCase([1, 4, 3, 2], [3, 3, 2, 2]),
        ConvolutionCase([1, 3, 3, 2], [3, 3, 2, 3], padding: (2, 2, 2, 2)),
        ConvolutionCase([1, 4, 4, 12], [3, 3, 12, 1], padding: (1, 1, 1, 1)),
        ConvolutionCase([1, 3, 4, 2], [4, 4, 2, 2], padding: (1, 1, 1, 1)),
    ])
    func upsampledConvolutionEqualsItsParts(_ c: ConvolutionCase) throws {
        let (input, weight, padding) = (c.input, c.weight, c.padding.0)
        func graph(_ convolution: (ComputeGraph, Value, Value) -> Value) throws -> ComputeGraph {
            let graph = ComputeGraph()
            let (x, w) = (graph.input("x", shape: input), graph.input("weight", shape: weight))
            let y = convolution(graph, x, w)
            let cotangent = graph.input("cotangent", shape: y.shape)
            let gradients = try graph.gradients(of: graph.sum(graph.multiply(y, cotangent)), withRespectTo: [x, w])
            for (name, value) in zip(["y", "dx", "dweight"], [y] + gradients) { graph.output(name, value) }
            return graph
        }
        let folded = try graph { $0.upsampledConvolution($1, weight: $2, padding: padding) }
        let parts = try graph { c.output($0, $0.upsampleNearest($1, scale: 2), $2) }
        let count = folded.outputs[0].value.shape.count
        #expect(folded.outputs.map(\.value.shape) == parts.outputs.map(\.value.shape))
        let inputs = [
            "x": uniform(input.count, seed: 1), "weight": uniform(weight.count, seed: 2),
            "cotangent": uniform(count, seed: 3),
        ]
        let reference = Reference(parts, inputs: inputs.mapValues { $0.map(Double.init) })
        let step = try folded.compiled()
        step.run(inputs)
        for (name, value) in parts.outputs { expectClose(try step.values(name), reference[value], name) }
        try parts.expectAsReference(inputs)
    }
}
