import AgonGraph
import AgonTensors

extension RecordedCase {
    /// An operation's output, and the gradients of `sum(output * grad.output)`.
    func replayOperation(_ recorded: RecordedCase) throws {
        guard let build = Self.operations[operation] else {
            throw RecordedCaseError.unknown("operation", operation, known: Self.operations.keys.sorted())
        }
        let inside = RecordedGraph(self)
        let (output, layout) = try build(self, inside)
        guard has("grad.output") else {
            let one = inside.graph.sum(output)
            return try inside.compare([("output", output, layout)], gradientsOf: one)
        }
        let weight = try inside.input("grad.output", layout)
        guard weight.shape == output.shape else {
            throw RecordedCaseError.shape("output", found: output.shape, expected: weight.shape)
        }
        let loss = inside.graph.sum(inside.graph.multiply(output, weight))
        try inside.compare([("output", output, layout)], gradientsOf: loss)
    }

    typealias Build = @Sendable (RecordedCase, RecordedGraph) throws -> (Value, BorderLayout)

    private static let operations: [String: Build] =
        productOperations.merging(normOperations) { $1 }.merging(elementwiseOperations) { $1 }
        .merging(imageOperations) { $1 }

    // MARK: Products

    private static let productOperations: [String: Build] = [
        "linear": { recorded, inside in
            _ = try recorded.tensor("input", rank: 2)
            let product = inside.graph.matmul(
                try inside.input("input"), try inside.input("weight", .transposed))
            return (try inside.addingBias(to: product), .plain)
        },
        "conv2d": { recorded, inside in
            let reader = recorded.attributes
            let geometry = try recorded.geometry()
            let groups = try reader.integer("groups", in: 1..., default: 1, "Groups of channels.")
            let x = try inside.image("input")
            let weight = try inside.input("weight", .convolutionWeight)
            try recorded.checkWindow(x, (weight.shape[0], weight.shape[1]), geometry, dilation: geometry.dilation)
            try recorded.checkChannels(
                input: x.shape[3], output: weight.shape[3], perGroup: weight.shape[2], groups: groups)
            let (p, q) = geometry.padding
            let y = inside.graph.convolution(
                x, weight: weight, stride: geometry.stride, padding: (p, q, p, q), dilation: geometry.dilation,
                groups: groups)
            return (try inside.addingBias(to: y), .channelsLast)
        },
        "conv_transpose2d": { recorded, inside in
            let reader = recorded.attributes
            let geometry = try recorded.geometry()
            let beyond = try reader.integerOrPair("output_padding", in: 0..., default: 0, "Rows and columns added.")
            let groups = try reader.integer("groups", in: 1..., default: 1, "Groups of channels.")
            let x = try inside.image("input")
            let weight = try inside.input("weight", .convolutionWeight)
            guard x.shape[3] == weight.shape[3], x.shape[3] % groups == 0 else {
                throw RecordedCaseError.impossible(
                    "input of \(x.shape[3]) channels, weight for \(weight.shape[3]), \(groups) groups")
            }
            let y = inside.graph.convolutionTransposed(
                x, weight: weight, stride: geometry.stride, padding: geometry.padding, outputPadding: beyond,
                dilation: geometry.dilation, groups: groups)
            return (try inside.addingBias(to: y), .channelsLast)
        },
        "upsample_conv2d": { recorded, inside in
            let scale = try recorded.attributes.integer("scale", in: 1..., default: 2, "Factor of the upsampling.")
            let geometry = try recorded.geometry()
            let x = try inside.image("input")
            let weight = try inside.input("weight", .convolutionWeight)
            try recorded.checkChannels(input: x.shape[3], output: weight.shape[3], perGroup: weight.shape[2], groups: 1)
            let (p, q) = geometry.padding
            let kernel = (weight.shape[0], weight.shape[1])
            let y: Value
            if scale == 2, geometry.stride == (1, 1), geometry.dilation == (1, 1), p == q, kernel.0 == kernel.1,
                kernel.0 % 2 == 1, p < kernel.0
            {
                y = inside.graph.upsampledConvolution(x, weight: weight, padding: p)
            } else {
                y = inside.graph.convolution(
                    inside.graph.upsampleNearest(x, scale: scale), weight: weight, stride: geometry.stride,
                    padding: (p, q, p, q), dilation: geometry.dilation)
            }
            return (try inside.addingBias(to: y), .channelsLast)
        },
        "weight_norm_linear": { recorded, inside in
            let graph = inside.graph
            let axis = try recorded.attributes.integer(
                "axis", in: 0...1, default: 0, "The axis along which norms are taken.")
            let x = try inside.input("input")
            let v = try inside.input("v", .transposed)
            let g = try inside.input("g", .transposed)
            let lengths: Shape = axis == 0 ? [1, v.shape[1]] : [v.shape[0], 1]
            guard g.shape == lengths else { throw RecordedCaseError.shape("g", found: g.shape, expected: lengths) }
            let norm = graph.squareRoot(graph.sum(graph.square(v), to: lengths))
            let product = graph.matmul(x, graph.multiply(v, graph.divide(g, norm)))
            return (try inside.addingBias(to: product), .plain)
        },
    ]

    struct WindowGeometry {
        var stride = (1, 1)
        var padding = (0, 0)
        var dilation = (1, 1)
    }

    private func geometry() throws -> WindowGeometry {
        WindowGeometry(
            stride: try attributes.integerOrPair("stride", in: 1..., default: 1, "Step of the kernel."),
            padding: try attributes.integerOrPair("padding", in: 0..., default: 0, "Zeros around the image."),
            dilation: try attributes.integerOrPair(
                "dilation", in: 1..., default: 1, "Distance of the kernel's elements."))
    }

    private func checkChannels(input: Int, output: Int, perGroup: Int, groups: Int) throws {
        guard perGroup * groups == input, output % groups == 0 else {
            throw RecordedCaseError.impossible(
                "input of \(input) channels, weight for \(perGroup) in each of \(groups) groups, \(output) outputs")
        }
    }

    private func checkWindow(
        _ x: Value, _ kernel: (Int, Int), _ geometry: WindowGeometry, dilation: (Int, Int) = (1, 1)
    ) throws {
        guard x.shape[1] + 2 * geometry.padding.0 > dilation.0 * (kernel.0 - 1),
            x.shape[2] + 2 * geometry.padding.1 > dilation.1 * (kernel.1 - 1)
        else { throw RecordedCaseError.impossible("the kernel \(kernel) is larger than the padded input \(x.shape)") }
    }

    // MARK: Functions of numbers

    private static let elementwiseOperations: [String: Build] = [
        "relu": elementwise { _ in .leakyReLU(slope: 0) },
        "leaky_relu": elementwise {
            .leakyReLU(slope: Float(try $0.attributes.number("negative_slope", default: 0.01, "Slope below 0.")))
        },
        "tanh": elementwise { _ in .tanh },
        "sigmoid": elementwise { _ in .sigmoid },
        "softplus": elementwise { _ in .softplus },
        "elu": elementwise { .elu(alpha: Float(try $0.attributes.number("alpha", default: 1, "Factor below 0."))) },
        "softmax": overAxis { $0.softmax($1) },
        "log_softmax": overAxis { $0.logSoftmax($1) },
    ]

    private static func elementwise(_ function: @escaping @Sendable (RecordedCase) throws -> UnaryFunction) -> Build {
        { recorded, inside in
            let x = try inside.input("input", .channelsLast)
            return (inside.graph.apply(try function(recorded), x), .channelsLast)
        }
    }

    private static func overAxis(_ function: @escaping @Sendable (ComputeGraph, Value) -> Value) -> Build {
        { recorded, inside in
            let rank = try recorded.tensor("input").shape.rank
            guard rank > 0 else { throw RecordedCaseError.rank("input", [], expected: [1, 2, 3, 4]) }
            let axis = try recorded.attributes.integer(
                "axis", in: -rank..<rank, default: -1, "The axis that sums to 1.")
            let layout = BorderLayout.last(axis < 0 ? axis + rank : axis)
            return (function(inside.graph, try inside.input("input", layout)), layout)
        }
    }

    // MARK: Images

    private static let imageOperations: [String: Build] = [
        "max_pool2d": pool { inside, x, kernel, stride, padding, _ in
            inside.graph.maxPool(x, kernel: kernel, stride: stride, padding: padding)
        },
        "avg_pool2d": pool { inside, x, kernel, stride, padding, recorded in
            let graph = inside.graph
            let mean = graph.averagePool(x, kernel: kernel, stride: stride, padding: padding)
            let countsPadding = try recorded.attributes.boolean(
                "count_include_pad", default: true, "Whether padding counts as zeros.")
            if countsPadding { return mean }
            let ones = graph.constant(1, shape: x.shape)
            return graph.divide(mean, graph.averagePool(ones, kernel: kernel, stride: stride, padding: padding))
        },
        "upsample_nearest2d": { recorded, inside in
            let scale = try recorded.attributes.integer("scale", in: 1..., "The factor in both directions.")
            return (inside.graph.upsampleNearest(try inside.image("input"), scale: scale), .channelsLast)
        },
        "upsample_bilinear2d": { recorded, inside in
            let scale = try recorded.attributes.integer("scale", in: 1..., "The factor in both directions.")
            guard try !recorded.attributes.boolean("align_corners", default: false, "Whether corner pixels align.")
            else {
                throw RecordedCaseError.unsupported(attribute: "align_corners", value: "true", expected: "false")
            }
            return (inside.graph.upsampleBilinear(try inside.image("input"), scale: scale), .channelsLast)
        },
        "pixel_shuffle": { recorded, inside in
            let scale = try recorded.attributes.integer("upscale", in: 1..., "The factor in both directions.")
            let x = try inside.image("input")
            guard x.shape[3] % (scale * scale) == 0 else {
                throw RecordedCaseError.impossible("\(x.shape[3]) channels do not make \(scale * scale) pixels each")
            }
            return (inside.graph.depthToSpace(x, scale: scale), .channelsLast)
        },
        "zero_pad2d": pad(reflection: false),
        "reflection_pad2d": pad(reflection: true),
        "concat_channels": { recorded, inside in
            (inside.graph.concatenate(try recorded.inputNames.map(inside.image), axis: -1), .channelsLast)
        },
    ]

    private typealias Pool =
        @Sendable (
            RecordedGraph, Value, (Int, Int), (Int, Int), (Int, Int, Int, Int), RecordedCase
        ) throws -> Value

    private static func pool(_ function: @escaping Pool) -> Build {
        { recorded, inside in
            let reader = recorded.attributes
            let kernel = try reader.integerOrPair("kernel", in: 1..., "Size of the window.")
            let stride = try reader.optionalIntegerOrPair("stride", in: 1..., "Step of the window.") ?? kernel
            let padding = try reader.integerOrPair("padding", in: 0..., default: 0, "Padding around the image.")
            guard try !reader.boolean("ceil_mode", default: false, "Whether sizes are rounded up.") else {
                throw RecordedCaseError.unsupported(attribute: "ceil_mode", value: "true", expected: "false")
            }
            let x = try inside.image("input")
            try recorded.checkWindow(x, kernel, WindowGeometry(stride: stride, padding: padding))
            let sides = (padding.0, padding.1, padding.0, padding.1)
            return (try function(inside, x, kernel, stride, sides, recorded), .channelsLast)
        }
    }

    private static func pad(reflection: Bool) -> Build {
        { recorded, inside in
            let reader = recorded.attributes
            let range = reflection ? 0...4096 : -4096...4096
            let padding = Padding(
                top: try reader.integer("top", in: range, default: 0, "Rows above."),
                left: try reader.integer("left", in: range, default: 0, "Columns to the left."),
                bottom: try reader.integer("bottom", in: range, default: 0, "Rows below."),
                right: try reader.integer("right", in: range, default: 0, "Columns to the right."),
                reflection: reflection)
            let x = try inside.image("input")
            guard
                !reflection
                    || max(padding.top, padding.bottom) < x.shape[1] && max(padding.left, padding.right) < x.shape[2]
            else { throw RecordedCaseError.impossible("an image of \(x.shape) cannot be reflected that far") }
            guard x.shape[1] + padding.top + padding.bottom > 0, x.shape[2] + padding.left + padding.right > 0 else {
                throw RecordedCaseError.impossible("nothing is left of an image of \(x.shape)")
            }
            return (inside.graph.pad(x, padding), .channelsLast)
        }
    }
}

extension RecordedGraph {
    /// `x + bias` where the case has a bias per channel.
    func addingBias(to x: Value) throws -> Value {
        guard let bias = try optionalInput("bias") else { return x }
        guard bias.shape == [x.shape[-1]] else {
            throw RecordedCaseError.shape("bias", found: bias.shape, expected: [x.shape[-1]])
        }
        return graph.add(x, bias)
    }
}
