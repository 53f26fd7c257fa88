import AgonGraph
import AgonTensors
import Testing

/// A convolution's sizes. Each of the kernels that `ConvolutionKernels` chooses among appears with sizes it divides its
/// work badly by.
struct ConvolutionCase: CustomTestStringConvertible, Sendable {
    var input: Shape
    var weight: Shape
    var stride = (1, 1)
    var padding = (0, 0, 0, 0)
    var dilation = (1, 1)
    var groups = 1

    init(
        _ input: Shape, _ weight: Shape, stride: (Int, Int) = (1, 1), padding: (Int, Int, Int, Int) = (0, 0, 0, 0),
        dilation: (Int, Int) = (1, 1), groups: Int = 1
    ) {
        (self.input, self.weight, self.stride, self.padding) = (input, weight, stride, padding)
        (self.dilation, self.groups) = (dilation, groups)
    }

    var testDescription: String {
        "\(input) * \(weight) stride \(stride) padding \(padding) dilation \(dilation) groups \(groups)"
    }

    func output(_ graph: ComputeGraph, _ x: Value, _ weight: Value) -> Value {
        graph.convolution(x, weight: weight, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }

    static let all: [ConvolutionCase] = [
        // Pointwise, and what only looks like it.
        .init([2, 3, 5, 7], [1, 1, 7, 4]),
        .init([2, 5, 4, 3], [1, 1, 3, 6], stride: (2, 2)),
        .init([1, 3, 3, 2], [1, 1, 2, 3], padding: (1, 1, 1, 1)),
        .init([1, 3, 3, 2], [1, 1, 2, 3], padding: (0, 0, 1, 0)),
        // A stride beyond the kernel leaves input pixels that no output sees.
        .init([2, 7, 7, 3], [2, 2, 3, 5], stride: (3, 3)),
        .init([1, 5, 5, 8], [1, 1, 8, 8], stride: (3, 3)),
        .init([2, 8, 9, 4], [1, 2, 4, 6], stride: (2, 4)),
        // A kernel beyond the image.
        .init([1, 3, 3, 2], [5, 5, 2, 3], padding: (2, 2, 2, 2)),
        .init([1, 1, 1, 5], [3, 3, 5, 4], padding: (1, 1, 1, 1)),
        .init([2, 2, 2, 4], [4, 4, 4, 6], stride: (2, 2), padding: (1, 1, 1, 1)),
        .init([1, 2, 2, 3], [3, 3, 3, 5], padding: (4, 3, 4, 5)),
        // Dilation, alone and against a stride that shares a factor with it or not.
        .init([1, 7, 6, 3], [3, 3, 3, 5], padding: (2, 2, 2, 2), dilation: (2, 2)),
        .init([2, 9, 9, 2], [3, 3, 2, 6], stride: (2, 2), padding: (3, 3, 3, 3), dilation: (3, 3)),
        .init([1, 9, 8, 6], [3, 3, 6, 6], stride: (4, 4), padding: (2, 2, 2, 2), dilation: (2, 2)),
        // Groups, and one filter a channel.
        .init([2, 5, 5, 6], [3, 3, 3, 4], padding: (1, 1, 1, 1), groups: 2),
        .init([1, 6, 5, 8], [4, 4, 2, 12], stride: (2, 2), padding: (1, 1, 1, 1), groups: 4),
        .init([2, 5, 5, 5], [3, 3, 1, 5], padding: (1, 1, 1, 1), groups: 5),
        .init([1, 7, 6, 20], [3, 3, 1, 20], stride: (2, 2), padding: (2, 1, 1, 2), dilation: (2, 1), groups: 20),
        .init([1, 4, 4, 3], [3, 3, 1, 9], padding: (1, 1, 1, 1), groups: 3),
        .init([1, 3, 3, 260], [3, 3, 130, 4], padding: (1, 1, 1, 1), groups: 2),
        // More than 128 channels a group: slices of channels in the weight gradient.
        .init([1, 4, 4, 130], [3, 3, 130, 130], padding: (1, 1, 1, 1)),
        .init([1, 3, 3, 256], [3, 3, 256, 40], padding: (1, 1, 1, 1)),
        .init([1, 4, 4, 96], [4, 4, 96, 72], stride: (2, 2), padding: (1, 1, 1, 1)),
        // The first layer of a discriminator, its last one, and the last of a generator.
        .init([2, 8, 8, 3], [4, 4, 3, 64], stride: (2, 2), padding: (1, 1, 1, 1)),
        .init([2, 9, 7, 1], [3, 3, 1, 16], stride: (2, 2), padding: (1, 1, 1, 1)),
        .init([3, 30, 11, 2], [3, 5, 2, 32], padding: (1, 2, 0, 3)),
        .init([3, 4, 4, 24], [4, 4, 24, 1]),
        .init([2, 8, 9, 32], [3, 3, 32, 2], padding: (1, 1, 1, 1)),
        .init([2, 5, 7, 16], [3, 3, 16, 1], padding: (1, 1, 1, 1)),
        .init([2, 7, 5, 9], [5, 3, 9, 3], padding: (2, 1, 2, 1)),
        .init([1, 6, 6, 9], [3, 3, 9, 4], padding: (0, 2, 1, 0), dilation: (1, 2)),
        // Padding of a kernel's size and more: output pixels that see no input.
        .init([2, 5, 7, 16], [1, 1, 16, 1], padding: (1, 1, 1, 1)),
        .init([2, 4, 6, 16], [3, 3, 16, 2], padding: (3, 4, 6, 3)),
        .init([2, 4, 6, 1], [3, 3, 1, 16], padding: (3, 4, 6, 3)),
        .init([2, 5, 4, 1], [4, 4, 1, 16], stride: (2, 2), padding: (5, 4, 4, 7)),
        // One output pixel that sees all of the input: the transposed convolution of a latent, and its adjoint.
        .init([5, 4, 4, 72], [4, 4, 72, 20]),
        .init([70, 2, 3, 9], [2, 3, 9, 140], stride: (2, 2)),
        .init([1, 3, 3, 2], [3, 3, 2, 3]),
        // Few channels to few: projections of many discriminators, with every kind of edge and stride.
        .init([3, 20, 18, 3], [8, 8, 3, 1], stride: (2, 2), padding: (3, 3, 3, 3)),
        .init([2, 9, 40, 1], [3, 5, 1, 3], padding: (1, 1, 2, 2)),
        .init([2, 13, 37, 4], [3, 2, 4, 4], stride: (3, 3), padding: (0, 2, 1, 0)),
        .init([1, 11, 30, 2], [2, 3, 2, 3], stride: (1, 2), padding: (4, 3, 5, 4)),
        .init([2, 6, 9, 3], [1, 1, 3, 2]),
        .init([70, 64, 9, 1], [4, 2, 1, 1], padding: (1, 2, 1, 0)),
        // Odd and unequal sizes, padding on one side.
        .init([1, 7, 5, 3], [3, 2, 3, 5], padding: (1, 0, 2, 1)),
        .init([3, 5, 9, 5], [2, 5, 5, 7], stride: (2, 3), padding: (0, 3, 1, 0)),
        // Several blocks of rows and bands, with a last one that is smaller.
        .init([5, 17, 13, 5], [3, 3, 5, 6], padding: (1, 1, 1, 1)),
        .init([3, 23, 19, 5], [4, 4, 5, 6], stride: (2, 2), padding: (1, 1, 1, 1)),
        .init([2, 40, 33, 6], [3, 3, 6, 2], padding: (1, 1, 1, 1)),
    ]
}

@Suite struct ConvolutionTests {
    /// Forward, both gradients, and elementwise work with sums that rides on the product.
    @Test(arguments: ConvolutionCase.all)
    func agreesWithItsDefinition(_ c: ConvolutionCase) throws {
        let graph = ComputeGraph()
        let (x, weight) = (graph.input("x", shape: c.input), graph.input("weight", shape: c.weight))
        let bias = graph.input("bias", shape: [c.weight[3]])
        let y = graph.apply(.tanh, graph.add(c.output(graph, x, weight), bias))
        let cotangent = graph.input("cotangent", shape: y.shape)
        let gradients = try graph.gradients(
            of: graph.sum(graph.multiply(y, cotangent)), withRespectTo: [x, weight, bias])
        graph.output("y", y)
        graph.output("sum", graph.sum(y, to: [c.weight[3]]))
        for (name, gradient) in zip(["dx", "dweight", "dbias"], gradients) { graph.output(name, gradient) }
        // What follows the input gradient, as an activation of the layer below does.
        graph.output("below", graph.apply(.leakyReLU(slope: 0.2), graph.multiply(gradients[0], x)))
        graph.output("sum below", graph.sum(graph.square(gradients[0]), to: [c.input[3]]))
        let depth = Float(c.weight[0] * c.weight[1] * c.weight[2])
        try graph.expectAsReference(
            [
                "x": uniform(c.input.count, seed: 1),
                "weight": uniform(c.weight.count, in: -2..<2, seed: 2).map { $0 / depth.squareRoot() },
                "bias": uniform(c.weight[3], seed: 3), "cotangent": uniform(y.shape.count, seed: 4),
            ], threads: 2)
    }

    /// `<conv(x), y> = <x, inputGradient(y)> = <w, weightGradient(x, y)>` at sizes too large for the reference.
    @Test(arguments: [
        ConvolutionCase([2, 16, 16, 128], [3, 3, 128, 128], padding: (1, 1, 1, 1)),
        ConvolutionCase([2, 8, 8, 256], [4, 4, 256, 300], stride: (2, 2), padding: (1, 1, 1, 1)),
        ConvolutionCase([2, 32, 32, 3], [4, 4, 3, 64], stride: (2, 2), padding: (1, 1, 1, 1)),
        ConvolutionCase([4, 32, 32, 64], [5, 5, 64, 3], padding: (2, 2, 2, 2)),
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
        let step = try graph.compiled(threads: 2)
        step.run([
            "x": uniform(c.input.count, seed: 1), "weight": uniform(c.weight.count, seed: 2),
            "cotangent": uniform(y.shape.count, seed: 3),
        ])
        let expected = try step.values("forward").map(Double.init)
        // The sums have this many terms of either sign, each about 1/27; a share of their spread is the scale.
        let spread = (Double(y.shape.count) * Double(c.weight.count / c.weight[3]) / 27).squareRoot()
        for name in ["by input", "by weight"] {
            #expect(abs(Double(try step.values(name)[0]) - expected[0]) < 1e-4 * spread, "\(name)")
        }
    }
}
