import AgonTensors
import Testing

@testable import AgonGraph

/// A differentiable function of some inputs, for checks of its derivatives.
struct GradientCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let shapes: [Shape]
    let numbers: Numbers
    let build: @Sendable (ComputeGraph, [Value]) -> Value

    /// Which numbers the inputs take.
    enum Numbers {
        /// From -1.5 to 1.5 but at least 0.2 from zero, where some functions have kinks.
        case awayFromZero
        /// From 0.3 to 2, for roots and logarithms.
        case positive
    }

    init(
        _ name: String, _ shapes: Shape..., numbers: Numbers = .awayFromZero,
        build: @escaping @Sendable (ComputeGraph, [Value]) -> Value
    ) {
        (testDescription, self.shapes, self.numbers, self.build) = (name, shapes, numbers, build)
    }

    /// The function in a graph of its own; inputs are called x0, x1, ....
    func makeGraph() -> (graph: ComputeGraph, inputs: [Value], output: Value) {
        let graph = ComputeGraph()
        let inputs = shapes.enumerated().map { graph.input("x\($0)", shape: $1) }
        return (graph, inputs, build(graph, inputs))
    }

    func sample() -> [String: [Float]] {
        var values: [String: [Float]] = [:]
        for (index, shape) in shapes.enumerated() {
            let seed = UInt64(testDescription.utf8.reduce(index) { ($0 * 31 + Int($1)) % 1_000_003 })
            values["x\(index)"] =
                numbers == .positive
                ? uniform(shape.count, in: 0.3..<2, seed: seed) : awayFromZero(shape.count, seed: seed)
        }
        return values
    }
}

extension GradientCase {
    static let all = elementwise + rearranging + products + images

    private static func unary(_ function: UnaryFunction, numbers: Numbers = .awayFromZero) -> GradientCase {
        GradientCase("\(function)", [3, 4], numbers: numbers) { $0.apply(function, $1[0]) }
    }

    private static func binary(
        _ function: BinaryFunction, _ a: Shape = [2, 3, 2, 3], _ b: Shape = [2, 3, 2, 3],
        numbers: Numbers = .awayFromZero
    ) -> GradientCase {
        GradientCase("\(function) \(a) \(b)", a, b, numbers: numbers) { $0.apply(function, $1[0], $1[1]) }
    }

    static let elementwise: [GradientCase] =
        [
            unary(.affine(scale: -1.5, offset: 0.25)), unary(.absolute), unary(.square),
            unary(.squareRoot, numbers: .positive), unary(.reciprocal), unary(.power(2.5), numbers: .positive),
            unary(.power(-0.5), numbers: .positive), unary(.exponential), unary(.logarithm, numbers: .positive),
            unary(.tanh), unary(.sigmoid), unary(.softplus), unary(.elu(alpha: 1)), unary(.elu(alpha: 0.5)),
            unary(.leakyReLU(slope: 0)), unary(.leakyReLU(slope: 0.2)), unary(.clamp(low: -0.7, high: 0.9)),
            binary(.add), binary(.subtract), binary(.multiply), binary(.divide), binary(.maximum), binary(.minimum),
            binary(.leakyReLUGradient(slope: 0.2)), binary(.tanhGradient), binary(.sigmoidGradient),
            binary(.eluGradient(alpha: 1.5)),
        ]
        // Every kind of broadcast operand, on either side.
        + ([
            [], [3], [1, 1, 1, 3], [2, 1, 1, 1], [2, 1, 1, 3], [2, 3, 2, 1], [1, 3, 2, 3], [3, 2, 3], [2, 3, 1, 3],
            [2, 1],
        ]
        as [Shape]).flatMap {
            [binary(.multiply, [2, 3, 2, 3], $0), binary(.divide, $0, [2, 3, 2, 3], numbers: .positive)]
        }
        + [binary(.multiply, [2, 1, 3], [1, 4, 1]), binary(.subtract, [4, 1], [3])]

    static let rearranging: [GradientCase] = [
        GradientCase("broadcast of channels", [3]) { g, x in g.broadcast(x[0], to: [2, 2, 3]) },
        GradientCase("broadcast of rows and columns", [2, 1, 3]) { g, x in g.broadcast(x[0], to: [2, 4, 3]) },
        GradientCase("sum to a scalar", [2, 3, 2]) { g, x in g.sum(x[0]) },
        GradientCase("sum to samples", [2, 2, 2, 3]) { g, x in g.sumPerSample(x[0]) },
        GradientCase("sum to positions", [2, 3, 2]) { g, x in g.sum(x[0], to: [1, 3, 2]) },
        GradientCase("sum of one axis in the middle", [2, 3, 2, 2]) { g, x in g.sum(x[0], to: [2, 1, 2, 2]) },
        GradientCase("moments", [5, 3]) { g, x in g.append(.moments, [x[0]]) },
        GradientCase("batch norm", [3, 2, 2, 2], [2], [2]) { g, x in
            let (mean, variance) = g.moments(x[0])
            return g.normalize(x[0], mean: mean, variance: variance, epsilon: 1e-3, weight: x[1], bias: x[2])
        },
        GradientCase("instance norm", [2, 2, 3, 2]) { g, x in
            let (mean, variance) = g.moments(x[0], to: [2, 1, 1, 2])
            return g.normalize(x[0], mean: mean, variance: variance, epsilon: 1e-3, weight: nil, bias: nil)
        },
        GradientCase("layer norm", [2, 2, 2, 2], [2, 2, 2]) { g, x in
            let (mean, variance) = g.moments(x[0], to: [2, 1, 1, 1])
            return g.normalize(x[0], mean: mean, variance: variance, epsilon: 1e-3, weight: x[1], bias: nil)
        },
        GradientCase("softmax", [3, 4]) { g, x in g.softmax(x[0]) },
        GradientCase("log softmax", [3, 4]) { g, x in g.logSoftmax(x[0]) },
        GradientCase("reshape", [2, 6]) { g, x in g.square(g.reshape(x[0], [3, 4])) },
        GradientCase("transpose", [2, 3, 4]) { g, x in g.square(g.append(.transpose, [x[0]])) },
        GradientCase("slice of samples", [4, 3]) { g, x in g.square(g.slice(x[0], axis: 0, start: 1, count: 2)) },
        GradientCase("slice of channels", [2, 2, 5]) { g, x in g.square(g.slice(x[0], axis: -1, start: 2, count: 3)) },
        GradientCase("slice gradient", [2, 2, 3]) { g, x in
            g.square(g.append(.sliceGradient(axis: 2, start: 1, extent: 5), [x[0]]))
        },
        GradientCase("concatenate channels", [2, 2], [2, 3]) { g, x in g.square(g.concatenate(x, axis: 1)) },
        GradientCase("concatenate samples, one twice", [1, 3], [2, 3]) { g, x in
            g.square(g.concatenate([x[0], x[1], x[0]], axis: 0))
        },
        GradientCase("flatten and unflatten", [2, 2, 3, 2]) { g, x in
            g.unflatten(g.square(g.flatten(x[0])), height: 2, width: 3, channels: 2)
        },
    ]

    static let products: [GradientCase] = [
        GradientCase("a b", [3, 4], [4, 2]) { g, x in g.matmul(x[0], x[1]) },
        GradientCase("aᵀ b", [4, 3], [4, 2]) { g, x in g.matmul(x[0], x[1], transposeA: true) },
        GradientCase("a bᵀ", [3, 4], [2, 4]) { g, x in g.matmul(x[0], x[1], transposeB: true) },
        GradientCase("aᵀ bᵀ", [4, 3], [2, 4]) { g, x in g.matmul(x[0], x[1], transposeA: true, transposeB: true) },
        GradientCase("a aᵀ", [3, 4]) { g, x in g.matmul(x[0], x[0], transposeB: true) },
        GradientCase("gram", [3, 2], [3, 2], [3, 2]) { g, x in g.append(.gram, x) },
        GradientCase("gram, one vector twice", [5], [5]) { g, x in g.gram([[x[0]], [x[1]], [x[0]]]) },
        GradientCase("convolution", [2, 5, 4, 2], [3, 3, 2, 3]) { g, x in
            g.convolution(x[0], weight: x[1], stride: (2, 1), padding: (1, 1, 1, 1))
        },
        GradientCase("dilated convolution in groups", [1, 5, 5, 4], [3, 2, 2, 2]) { g, x in
            g.convolution(x[0], weight: x[1], padding: (2, 0, 2, 1), dilation: (2, 1), groups: 2)
        },
        GradientCase("transposed convolution", [2, 3, 2, 2], [3, 3, 3, 2]) { g, x in
            g.convolutionTransposed(x[0], weight: x[1], stride: (2, 2), padding: (1, 1), outputPadding: (1, 0))
        },
        GradientCase("convolution's weight gradient", [2, 4, 3, 2], [2, 4, 3, 2]) { g, x in
            let geometry = ConvolutionGeometry(
                height: 4, width: 3, inputChannels: 2, outputHeight: 4, outputWidth: 3, outputChannels: 2,
                kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1, paddingTop: 1, paddingLeft: 1,
                dilationHeight: 1, dilationWidth: 1, groups: 1)
            return g.append(.convolutionWeightGradient(geometry), x)
        },
        GradientCase("upsampled convolution", [1, 3, 2, 2], [3, 3, 2, 2]) { g, x in
            g.upsampledConvolution(x[0], weight: x[1], padding: 1)
        },
        GradientCase("adjoint of folding", [4, 4, 2, 3]) { g, x in
            g.square(g.append(.foldUpsamplingGradient, [x[0]]))
        },
        // Two layers with an activation between them: what a gradient penalty differentiates twice.
        GradientCase("two convolutions", [1, 4, 4, 2], [3, 3, 2, 2], [4, 4, 2, 1]) { g, x in
            let hidden = g.apply(.tanh, g.convolution(x[0], weight: x[1], padding: (1, 1, 1, 1)))
            return g.apply(.elu(alpha: 1), g.convolution(hidden, weight: x[2]))
        },
        GradientCase("two matrices", [3, 2], [2, 4], [4, 1]) { g, x in
            g.softplus(g.matmul(g.sigmoid(g.matmul(x[0], x[1])), x[2]))
        },
    ]

    private static let pooling = PoolingGeometry(
        kernelHeight: 3, kernelWidth: 2, strideHeight: 2, strideWidth: 1, paddingTop: 1, paddingLeft: 0,
        outputHeight: 2, outputWidth: 3, inputHeight: 4, inputWidth: 4)

    static let images: [GradientCase] = [
        GradientCase("pad", [1, 2, 3, 2]) { g, x in g.square(g.pad(x[0], Padding(top: 1, left: 2, bottom: 0, right: 1)))
        },
        GradientCase("crop", [1, 4, 4, 2]) { g, x in
            g.square(g.pad(x[0], Padding(top: -1, left: 1, bottom: 0, right: -2)))
        },
        GradientCase("reflection pad", [1, 3, 4, 2]) { g, x in
            g.square(g.pad(x[0], Padding(top: 2, left: 1, bottom: 1, right: 3, reflection: true)))
        },
        GradientCase("pad gradient", [1, 4, 5, 1]) { g, x in
            g.square(g.append(.padGradient(Padding(top: 1, left: 0, bottom: 1, right: 2)), [x[0]]))
        },
        GradientCase("max pool", [2, 4, 4, 2]) { g, x in g.square(g.append(.maxPool(pooling), [x[0]])) },
        GradientCase("max pool gradient", [2, 4, 4, 2], [2, 2, 3, 2]) { g, x in
            g.square(g.append(.maxPoolGradient(pooling), x))
        },
        GradientCase("max pool pick", [2, 4, 4, 2], [2, 4, 4, 2]) { g, x in g.square(g.append(.maxPoolPick(pooling), x))
        },
        GradientCase("average pool", [2, 4, 4, 2]) { g, x in g.square(g.append(.averagePool(pooling), [x[0]])) },
        GradientCase("average pool gradient", [2, 2, 3, 2]) { g, x in
            g.square(g.append(.averagePoolGradient(pooling), [x[0]]))
        },
        GradientCase("nearest upsampling", [1, 2, 3, 2]) { g, x in g.square(g.upsampleNearest(x[0], scale: 3)) },
        GradientCase("nearest upsampling's gradient", [1, 4, 2, 2]) { g, x in
            g.square(g.append(.upsampleNearestGradient(scale: 2), [x[0]]))
        },
        GradientCase("bilinear upsampling", [1, 2, 3, 2]) { g, x in g.square(g.upsampleBilinear(x[0], scale: 2)) },
        GradientCase("bilinear upsampling's gradient", [1, 6, 3, 2]) { g, x in
            g.square(g.append(.upsampleBilinearGradient(scale: 3), [x[0]]))
        },
        GradientCase("depth to space", [1, 2, 3, 8]) { g, x in g.square(g.depthToSpace(x[0], scale: 2)) },
        GradientCase("space to depth", [1, 4, 6, 2]) { g, x in g.square(g.append(.spaceToDepth(scale: 2), [x[0]])) },
    ]
}
