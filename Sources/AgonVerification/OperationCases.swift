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
            _ = try recorded.tensor("weight", rank: 2)
            let x = try inside.input("input")
            let weight = try inside.input("weight", .transposed)
            return (try inside.linear(x, weight), .plain)
        },
        "conv2d": { recorded, inside in
            let reader = recorded.attributes
            let geometry = try recorded.geometry()
            let groups = try reader.integer("groups", in: 1..., default: 1, "Groups of channels.")
            let x = try inside.image("input")
            let weight = try inside.input("weight", .convolutionWeight)
            try recorded.checkWindow(
                (x.shape[1], x.shape[2]), (weight.shape[0], weight.shape[1]), geometry, dilation: geometry.dilation)
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
            let beyond = try reader.integerOrPair(
                "output_padding", in: 0...sizes.upperBound, default: 0, "Rows and columns added.")
            let groups = try reader.integer("groups", in: 1..., default: 1, "Groups of channels.")
            let x = try inside.image("input")
            let weight = try inside.input("weight", .convolutionWeight)
            guard x.shape[3] == weight.shape[3], x.shape[3] % groups == 0 else {
                throw RecordedCaseError.impossible(
                    "input of \(x.shape[3]) channels, weight for \(weight.shape[3]), \(groups) groups")
            }
            for axis in 0...1 {
                let (stride, padding) =
                    axis == 0 ? (geometry.stride.0, geometry.padding.0) : (geometry.stride.1, geometry.padding.1)
                let dilation = axis == 0 ? geometry.dilation.0 : geometry.dilation.1
                let size = (x.shape[1 + axis] - 1) * stride - 2 * padding + dilation * (weight.shape[axis] - 1) + 1
                guard size + (axis == 0 ? beyond.0 : beyond.1) > 0 else {
                    throw RecordedCaseError.impossible("nothing is left of an image of \(x.shape)")
                }
            }
            let y = inside.graph.convolutionTransposed(
                x, weight: weight, stride: geometry.stride, padding: geometry.padding, outputPadding: beyond,
                dilation: geometry.dilation, groups: groups)
            return (try inside.addingBias(to: y), .channelsLast)
        },
        "upsample_conv2d": { recorded, inside in
            let scale = try recorded.attributes.integer("scale", in: scales, default: 2, "Factor of the upsampling.")
            let geometry = try recorded.geometry()
            let x = try inside.image("input")
            let weight = try inside.input("weight", .convolutionWeight)
            try recorded.checkChannels(input: x.shape[3], output: weight.shape[3], perGroup: weight.shape[2], groups: 1)
            let (p, q) = geometry.padding
            let kernel = (weight.shape[0], weight.shape[1])
            try recorded.checkWindow(
                (x.shape[1] * scale, x.shape[2] * scale), kernel, geometry, dilation: geometry.dilation)
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
            for name in ["v", "g"] { _ = try recorded.tensor(name, rank: 2) }
            let x = try inside.input("input")
            let v = try inside.input("v", .transposed)
            let g = try inside.input("g", .transposed)
            let lengths: Shape = axis == 0 ? [1, v.shape[1]] : [v.shape[0], 1]
            guard g.shape == lengths else { throw RecordedCaseError.shape("g", found: g.shape, expected: lengths) }
            let norm = graph.squareRoot(graph.sum(graph.square(v), to: lengths))
            return (try inside.linear(x, graph.multiply(v, graph.divide(g, norm))), .plain)
        },
    ]

    /// Bounds of attributes, beyond which no image of a case has a place in memory.
    private static let (sizes, scales) = (1...1024, 1...64)

    struct WindowGeometry {
        var stride = (1, 1)
        var padding = (0, 0)
        var dilation = (1, 1)
    }

    private func geometry() throws -> WindowGeometry {
        WindowGeometry(
            stride: try attributes.integerOrPair("stride", in: Self.sizes, default: 1, "Step of the kernel."),
            padding: try attributes.integerOrPair(
                "padding", in: 0...Self.sizes.upperBound, default: 0, "Zeros around the image."),
            dilation: try attributes.integerOrPair(
                "dilation", in: Self.sizes, default: 1, "Distance of the kernel's elements."))
    }

    private func checkChannels(input: Int, output: Int, perGroup: Int, groups: Int) throws {
        guard perGroup * groups == input, output % groups == 0 else {
            throw RecordedCaseError.impossible(
                "input of \(input) channels, weight for \(perGroup) in each of \(groups) groups, \(output) outputs")
        }
    }

    private func checkWindow(
        _ image: (Int, Int), _ kernel: (Int, Int), _ geometry: WindowGeometry, dilation: (Int, Int) = (1, 1)
    ) throws {
        guard image.0 + 2 * geometry.padding.0 > dilation.0 * (kernel.0 - 1),
            image.1 + 2 * geometry.padding.1 > dilation.1 * (kernel.1 - 1)
        else { throw RecordedCaseError.impossible("the kernel \(kernel) is larger than the padded image \(image)") }
    }

    // MARK: Functions of numbers

    private static let elementwiseOperations: [String: Build] = [
        "relu": elementwise { _ in .leakyReLU(slope: 0) },
        "leaky_relu": elementwise {
            .leakyReLU(
                slope: Float(try $0.attributes.number("negative_slope", in: 0..., default: 0.01, "Slope below 0.")))
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
        "max_pool2d": pool { inside, x, window, _ in
            inside.graph.maxPool(x, kernel: window.kernel, stride: window.stride, padding: window.sides)
        },
        "avg_pool2d": pool { inside, x, window, recorded in
            let graph = inside.graph
            let mean = graph.averagePool(x, kernel: window.kernel, stride: window.stride, padding: window.sides)
            let countsPadding = try recorded.attributes.boolean(
                "count_include_pad", default: true, "Whether padding counts as zeros.")
            if countsPadding, window.beyond == (0, 0) { return mean }
            // What counts: the image, or the padded image; never what only rounding up adds.
            let (p, q) = countsPadding ? window.padding : (0, 0)
            let ones = graph.constant(1, shape: [x.shape[0], x.shape[1] + 2 * p, x.shape[2] + 2 * q, x.shape[3]])
            let (top, left, bottom, right) = window.sides
            let share = graph.averagePool(
                ones, kernel: window.kernel, stride: window.stride, padding: (top - p, left - q, bottom - p, right - q))
            return graph.divide(mean, share)
        },
        "upsample_nearest2d": { recorded, inside in
            let scale = try recorded.attributes.integer("scale", in: scales, "The factor in both directions.")
            return (inside.graph.upsampleNearest(try inside.image("input"), scale: scale), .channelsLast)
        },
        "upsample_bilinear2d": { recorded, inside in
            let scale = try recorded.attributes.integer("scale", in: scales, "The factor in both directions.")
            guard try !recorded.attributes.boolean("align_corners", default: false, "Whether corner pixels align.")
            else {
                throw RecordedCaseError.unsupported(attribute: "align_corners", value: "true", expected: "false")
            }
            return (inside.graph.upsampleBilinear(try inside.image("input"), scale: scale), .channelsLast)
        },
        "pixel_shuffle": { recorded, inside in
            let scale = try recorded.attributes.integer("upscale", in: scales, "The factor in both directions.")
            let x = try inside.image("input")
            guard x.shape[3] % (scale * scale) == 0 else {
                throw RecordedCaseError.impossible("\(x.shape[3]) channels do not make \(scale * scale) pixels each")
            }
            return (inside.graph.depthToSpace(x, scale: scale), .channelsLast)
        },
        "zero_pad2d": pad(reflection: false),
        "reflection_pad2d": pad(reflection: true),
        "concat_channels": { recorded, inside in
            let inputs = try recorded.inputNames.map { name in
                _ = try recorded.tensor(name, rank: 2, 3, 4)
                return try inside.input(name, .channelsLast)
            }
            guard let first = inputs.first else { throw RecordedCaseError.impossible("the case has no inputs") }
            for other in inputs where other.shape.dimensions.dropLast() != first.shape.dimensions.dropLast() {
                throw RecordedCaseError.impossible("inputs of \(first.shape) and \(other.shape) do not join")
            }
            return (inside.graph.concatenate(inputs, axis: -1), .channelsLast)
        },
    ]

    private struct PoolWindow {
        let kernel: (Int, Int)
        let stride: (Int, Int)
        let padding: (Int, Int)
        /// Rows and columns behind the padding, so that a last window that starts inside is whole.
        var beyond = (0, 0)

        /// Above, to the left, below and to the right.
        var sides: (Int, Int, Int, Int) { (padding.0, padding.1, padding.0 + beyond.0, padding.1 + beyond.1) }
    }

    private typealias Pool = @Sendable (RecordedGraph, Value, PoolWindow, RecordedCase) throws -> Value

    private static func pool(_ function: @escaping Pool) -> Build {
        { recorded, inside in
            let reader = recorded.attributes
            let kernel = try reader.integerOrPair("kernel", in: sizes, "Size of the window.")
            let stride = try reader.optionalIntegerOrPair("stride", in: sizes, "Step of the window.") ?? kernel
            let padding = try reader.integerOrPair(
                "padding", in: 0...sizes.upperBound, default: 0, "Padding around the image.")
            let roundsUp = try reader.boolean("ceil_mode", default: false, "Whether sizes are rounded up.")
            let x = try inside.image("input")
            let image = (x.shape[1], x.shape[2])
            try recorded.checkWindow(image, kernel, WindowGeometry(stride: stride, padding: padding))
            var window = PoolWindow(kernel: kernel, stride: stride, padding: padding)
            if roundsUp {
                func beyond(_ size: Int, _ kernel: Int, _ stride: Int, _ padding: Int) -> Int {
                    let last = (size + 2 * padding - kernel + stride - 1) / stride
                    let start = (last * stride >= size + padding ? last - 1 : last) * stride
                    return max(0, start + kernel - size - 2 * padding)
                }
                window.beyond = (
                    beyond(image.0, kernel.0, stride.0, padding.0), beyond(image.1, kernel.1, stride.1, padding.1)
                )
            }
            return (try function(inside, x, window, recorded), .channelsLast)
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
    /// The product of the last axis of `x` and a weight `[in, out]`, with the case's bias.
    func linear(_ x: Value, _ weight: Value) throws -> Value {
        guard x.shape[-1] == weight.shape[0] else {
            throw RecordedCaseError.impossible("an input of \(x.shape) does not fit a weight for \(weight.shape[0])")
        }
        let outer = x.shape.dimensions.dropLast()
        let rows = graph.reshape(x, [x.shape.count / x.shape[-1], x.shape[-1]])
        let product = try addingBias(to: graph.matmul(rows, weight))
        return graph.reshape(product, Shape(outer + [weight.shape[1]]))
    }

    /// `x + bias` where the case has a bias per channel.
    func addingBias(to x: Value) throws -> Value {
        guard let bias = try optionalInput("bias") else { return x }
        guard bias.shape == [x.shape[-1]] else {
            throw RecordedCaseError.shape("bias", found: bias.shape, expected: [x.shape[-1]])
        }
        return graph.add(x, bias)
    }
}
