import AgonGraph
import AgonTensors

/// A graph in evaluation mode as ONNX nodes.
///
/// What depends on no input (weights under a norm, folded kernels) is computed once and becomes a constant; the rest is
/// translated operation by operation. Agon's images are `[N, H, W, C]`, those of ONNX's convolutions `[N, C, H, W]`, so
/// these stand between transpositions, most of which runtimes remove.
struct OnnxTranslation {
    /// The samples of the graph; shapes that begin with a multiple of it begin with the batch.
    static let batch = 13

    private let graph: ComputeGraph
    private var model: OnnxModel
    /// Whether each node depends on an input.
    private let isDependent: [Bool]
    /// The matrices that `ComputeGraph.batchedProduct` multiplies, by the node of the product. In a graph this is a
    /// convolution with a group for each sample; ONNX multiplies any number of pairs, so that the batch stays free.
    private let products: [Int: [Value]]
    /// The values of independent nodes that dependent ones read.
    private var constants: [Int: Tensor] = [:]
    private var names: [Int: String] = [:]

    /// - Parameter graph: for ``batch`` samples.
    ///
    /// Throws `ExportError.unsupported`, `GraphError`.
    init(_ graph: ComputeGraph, model: OnnxModel, pool: WorkerPool) throws {
        self.graph = graph
        self.model = model
        var isDependent: [Bool] = []
        for node in graph.nodes {
            if case .input = node.operation {
                isDependent.append(true)
            } else {
                isDependent.append(node.inputs.contains { isDependent[$0.index] })
            }
        }
        self.isDependent = isDependent
        products = Dictionary(
            uniqueKeysWithValues: graph.nodes.compactMap { node in
                Self.matrices(of: node.output, in: graph).map { (node.output.index, $0) }
            })
        try evaluateConstants(pool: pool)
    }

    /// The two operands if a value is the result of `ComputeGraph.batchedProduct` on a pair for each sample.
    private static func matrices(of value: Value, in graph: ComputeGraph) -> [Value]? {
        /// The value that becomes this one by the named operations, the last first.
        func source(_ value: Value, before names: [String]) -> Value? {
            var value = value
            for name in names {
                let node = graph.nodes[value.index]
                guard node.operation.name == name else { return nil }
                value = node.inputs[0]
            }
            return value
        }
        let turns = ["reshape", "transpose", "reshape", "transpose"]
        guard let product = source(value, before: turns.reversed()),
            case .convolution(let geometry) = graph.nodes[product.index].operation, geometry.groups == batch,
            geometry.kernelHeight == 1, geometry.kernelWidth == 1
        else { return nil }
        let operands = graph.nodes[product.index].inputs.compactMap { source($0, before: turns) }
        return operands.count == 2 ? operands : nil
    }

    /// What a node reads; of a product of matrices, the matrices.
    private func inputs(of node: Node) -> [Value] { products[node.output.index] ?? node.inputs }

    /// Evaluates what does not depend on inputs by running the graph once.
    private mutating func evaluateConstants(pool: WorkerPool) throws {
        var wanted: Set<Int> = []
        for node in graph.nodes {
            if case .random(_, let stream) = node.operation {
                throw ExportError.unsupported(
                    operation: "random", origin: "\(node.origin)",
                    reason: "'\(stream)' draws random numbers, so that outputs differ from run to run")
            }
            if case .assign = node.operation {
                throw ExportError.unsupported(
                    operation: "assign", origin: "\(node.origin)", reason: "it changes the network's state")
            }
            guard isDependent[node.output.index] else { continue }
            for input in inputs(of: node) where !isDependent[input.index] { wanted.insert(unbroadcast(input).index) }
        }
        for index in wanted.sorted() { graph.output("constant.\(index)", graph.nodes[index].output) }
        let step = try CompiledStep(graph, name: "constants", pool: pool, seed: 0)
        var zeros: [String: [Float]] = [:]
        for node in graph.nodes {
            guard case .input(let name) = node.operation else { continue }
            zeros[name] = [Float](repeating: 0, count: node.output.shape.count)
        }
        step.run(values: zeros)
        for index in wanted {
            guard let values = step.output("constant.\(index)")?.values else { continue }
            constants[index] = Tensor(shape: graph.nodes[index].output.shape, values: values)
        }
    }

    /// The value that an elementwise operation may read instead of a constant: ONNX broadcasts it to any batch, where
    /// the graph has copied it to the samples of its own.
    private func unbroadcast(_ value: Value) -> Value {
        guard !isDependent[value.index], Self.isBatch(value.shape),
            case .broadcast = graph.nodes[value.index].operation
        else { return value }
        return unbroadcast(graph.nodes[value.index].inputs[0])
    }

    /// The model with the nodes that make a value; images become `[N, C, H, W]`.
    ///
    /// - Parameter name: of the model's output.
    ///
    /// Throws `ExportError.unsupported`.
    mutating func translated(_ value: Value, output name: String) throws -> OnnxModel {
        let needed = ancestors(of: value)
        for node in graph.nodes where needed.contains(node.output.index) && isDependent[node.output.index] {
            names[node.output.index] = try translate(node)
        }
        let last = try operand(value)
        let extents = Array(value.shape.dimensions.dropFirst())
        if value.shape.rank == 4 {
            _ = model.add("Transpose", [last], [("perm", .ints([0, 3, 1, 2]))], output: name)
            model.output(name, shape: [extents[2], extents[0], extents[1]])
        } else {
            _ = model.add("Identity", [last], output: name)
            model.output(name, shape: extents)
        }
        return model
    }

    private func ancestors(of value: Value) -> Set<Int> {
        var found: Set<Int> = []
        var open = [value.index]
        while let index = open.popLast() {
            guard found.insert(index).inserted else { continue }
            open += inputs(of: graph.nodes[index]).map(\.index)
        }
        return found
    }

    // MARK: Nodes

    /// The name of a node's input, which is a constant if it does not depend on the model's inputs.
    private mutating func operand(_ value: Value) throws -> String {
        let value = unbroadcast(value)
        if let name = names[value.index] { return name }
        guard let tensor = constants[value.index] else {
            preconditionFailure("value \(value.index) was not translated")
        }
        let name = model.constant(tensor)
        names[value.index] = name
        return name
    }

    private mutating func translate(_ node: Node) throws -> String {
        if let matrices = products[node.output.index] {
            return model.add("MatMul", try matrices.map { try operand($0) })
        }
        try checkBatch(node)
        switch node.operation {
        case .input(let name): return try input(name, node.output.shape)
        case .unary(let function): return try unary(function, operand(node.inputs[0]))
        case .binary(let function):
            return try binary(function, operand(node.inputs[0]), operand(node.inputs[1]), node)
        case .stopGradient: return try operand(node.inputs[0])
        case .broadcast(let shape):
            // Extents of 1 leave the input's as they are.
            let x = try operand(node.inputs[0])
            return model.add("Expand", [x, model.constant(batchFree(shape, by: 1))])
        case .sum(let shape): return try sum(node.inputs[0], to: shape)
        case .rowMaximum:
            return model.add(
                "ReduceMax", [try operand(node.inputs[0])], [("axes", .ints([-1])), ("keepdims", .int(1))])
        case .reshape(let shape): return reshaped(try operand(node.inputs[0]), shape)
        case .transpose: return transposed(try operand(node.inputs[0]), [0, 2, 1])
        case .slice(let axis, let start, let count):
            let bounds = [[start], [start + count], [axis]].map { model.constant($0) }
            return model.add("Slice", [try operand(node.inputs[0])] + bounds)
        case .concatenate(let axis):
            return model.add("Concat", try node.inputs.map { try operand($0) }, [("axis", .int(axis))])
        case .matmul(let transposeA, let transposeB):
            let a = try operand(node.inputs[0])
            let b = try operand(node.inputs[1])
            return model.add(
                "MatMul", [transposeA ? transposed(a, [1, 0]) : a, transposeB ? transposed(b, [1, 0]) : b])
        case .convolution(let geometry): return try convolution("Conv", geometry, node)
        case .convolutionInputGradient(let geometry): return try convolution("ConvTranspose", geometry, node)
        default: return try image(node)
        }
    }

    /// Refuses what holds for this number of samples alone: samples that are mixed, and constants with a row for each.
    ///
    /// Throws `ExportError.unsupported`.
    private func checkBatch(_ node: Node) throws {
        let mixes =
            node.inputs.contains { isDependent[$0.index] && Self.isBatch($0.shape) } && !Self.isBatch(node.output.shape)
        let isElementwise = if case .binary = node.operation { true } else { false }
        let copies = !isElementwise && node.inputs.contains { $0 != unbroadcast($0) }
        guard mixes || copies else { return }
        throw ExportError.unsupported(
            operation: node.operation.name, origin: "\(node.origin)",
            reason: "it mixes the samples of a batch, so that the model would take \(Self.batch) samples only")
    }

    private mutating func image(_ node: Node) throws -> String {
        let x = node.inputs.isEmpty ? "" : try operand(node.inputs[0])
        switch node.operation {
        case .pad(let padding):
            let sides = model.constant([
                0, padding.top, padding.left, 0, 0, padding.bottom, padding.right, 0,
            ])
            return model.add("Pad", [x, sides], [("mode", .string(padding.reflection ? "reflect" : "constant"))])
        case .maxPool(let geometry): return pooled("MaxPool", x, geometry, [])
        case .averagePool(let geometry): return pooled("AveragePool", x, geometry, [("count_include_pad", .int(1))])
        case .upsampleNearest(let scale):
            return resized(
                x, scale,
                [
                    ("mode", .string("nearest")), ("nearest_mode", .string("floor")),
                    ("coordinate_transformation_mode", .string("asymmetric")),
                ])
        case .upsampleBilinear(let scale):
            return resized(
                x, scale, [("mode", .string("linear")), ("coordinate_transformation_mode", .string("half_pixel"))])
        case .depthToSpace(let scale):
            let y = model.add(
                "DepthToSpace", [channelsFirst(x)], [("blocksize", .int(scale)), ("mode", .string("CRD"))])
            return channelsLast(y)
        default:
            throw ExportError.unsupported(
                operation: node.operation.name, origin: "\(node.origin)", reason: "it has no counterpart in ONNX here")
        }
    }

    /// Images are inputs `[N, C, H, W]`.
    private mutating func input(_ name: String, _ shape: Shape) throws -> String {
        let extents = Array(shape.dimensions.dropFirst())
        guard shape.rank == 4 else {
            model.input(name, shape: extents)
            return name
        }
        model.input(name, shape: [extents[2], extents[0], extents[1]])
        return channelsLast(name)
    }

    // MARK: Elementwise

    private mutating func unary(_ function: UnaryFunction, _ x: String) throws -> String {
        switch function {
        case .affine(let scale, let offset):
            let scaled = scale == 1 ? x : model.add("Mul", [x, model.constant(scale)])
            return offset == 0 ? scaled : model.add("Add", [scaled, model.constant(offset)])
        case .absolute: return model.add("Abs", [x])
        case .sign: return model.add("Sign", [x])
        case .square: return model.add("Mul", [x, x])
        case .squareRoot: return model.add("Sqrt", [x])
        case .reciprocal: return model.add("Reciprocal", [x])
        case .power(let exponent): return model.add("Pow", [x, model.constant(exponent)])
        case .exponential: return model.add("Exp", [x])
        case .logarithm: return model.add("Log", [x])
        case .tanh: return model.add("Tanh", [x])
        case .sigmoid: return model.add("Sigmoid", [x])
        case .softplus: return model.add("Softplus", [x])
        case .elu(let alpha): return model.add("Elu", [x], [("alpha", .float(alpha))])
        case .leakyReLU(let slope):
            return slope == 0 ? model.add("Relu", [x]) : model.add("LeakyRelu", [x], [("alpha", .float(slope))])
        case .step(let threshold): return number(model.add("Greater", [x, model.constant(threshold)]))
        case .clamp(let low, let high): return model.add("Clip", [x, model.constant(low), model.constant(high)])
        }
    }

    private mutating func binary(
        _ function: BinaryFunction, _ a: String, _ b: String, _ node: Node
    ) throws -> String {
        switch function {
        case .add: return model.add("Add", [a, b])
        case .subtract: return model.add("Sub", [a, b])
        case .multiply: return model.add("Mul", [a, b])
        case .divide: return model.add("Div", [a, b])
        case .maximum: return model.add("Max", [a, b])
        case .minimum: return model.add("Min", [a, b])
        case .greater: return number(model.add("Greater", [a, b]))
        case .leakyReLUGradient, .tanhGradient, .sigmoidGradient, .eluGradient:
            throw ExportError.unsupported(
                operation: "\(function)", origin: "\(node.origin)", reason: "it belongs to training")
        }
    }

    /// A boolean as 0 or 1.
    private mutating func number(_ truth: String) -> String { model.add("Cast", [truth], [("to", .int(1))]) }

    // MARK: Shapes

    /// Whether a shape begins with the batch.
    private static func isBatch(_ shape: Shape) -> Bool { shape.rank > 0 && shape[0] % batch == 0 }

    /// A shape whose extent of the batch is replaced.
    private func batchFree(_ shape: Shape, by extent: Int) -> [Int] {
        var extents = shape.dimensions
        if Self.isBatch(shape) { extents[0] = extent }
        return extents
    }

    private mutating func reshaped(_ x: String, _ shape: Shape) -> String {
        model.add("Reshape", [x, model.constant(batchFree(shape, by: -1))])
    }

    private mutating func transposed(_ x: String, _ order: [Int]) -> String {
        model.add("Transpose", [x], [("perm", .ints(order))])
    }

    private mutating func channelsFirst(_ x: String) -> String { transposed(x, [0, 3, 1, 2]) }
    private mutating func channelsLast(_ x: String) -> String { transposed(x, [0, 2, 3, 1]) }

    /// The sum over the axes in which the shape, aligned at the last axis, is 1 or absent.
    private mutating func sum(_ x: Value, to shape: Shape) throws -> String {
        let missing = x.shape.rank - shape.rank
        let axes = (0..<x.shape.rank).filter { axis in
            x.shape[axis] != 1 && (axis < missing || shape[axis - missing] == 1)
        }
        let name = try operand(x)
        guard !axes.isEmpty else { return reshaped(name, shape) }
        let summed = model.add("ReduceSum", [name, model.constant(axes)], [("keepdims", .int(1))])
        return missing == 0 ? summed : reshaped(summed, shape)
    }

    // MARK: Images

    /// A weight in another order.
    ///
    /// Throws `ExportError.unsupported` for a value that is not a constant.
    private mutating func weight(_ value: Value, _ order: [Int]) throws -> String {
        guard let tensor = constants[value.index] else {
            throw ExportError.unsupported(
                operation: "convolution", origin: "\(graph.nodes[value.index].origin)",
                reason: "its weight depends on the input")
        }
        return model.constant(tensor.permuted(order))
    }

    /// Pixels beyond the far side, so that the windows fit an output size.
    private static func farSide(
        _ size: Int, output: Int, kernel: Int, stride: Int, dilation: Int, near: Int
    ) -> Int {
        (output - 1) * stride + dilation * (kernel - 1) + 1 - size - near
    }

    /// - Parameter operation: `Conv` or `ConvTranspose`.
    private mutating func convolution(_ operation: String, _ g: ConvolutionGeometry, _ node: Node) throws -> String {
        let bottom = Self.farSide(
            g.height, output: g.outputHeight, kernel: g.kernelHeight, stride: g.strideHeight,
            dilation: g.dilationHeight, near: g.paddingTop)
        let right = Self.farSide(
            g.width, output: g.outputWidth, kernel: g.kernelWidth, stride: g.strideWidth, dilation: g.dilationWidth,
            near: g.paddingLeft)
        let weight = try weight(node.inputs[1], [3, 2, 0, 1])
        var attributes: [(String, OnnxModel.Attribute)] = [
            ("kernel_shape", .ints([g.kernelHeight, g.kernelWidth])),
            ("strides", .ints([g.strideHeight, g.strideWidth])),
            ("dilations", .ints([g.dilationHeight, g.dilationWidth])), ("group", .int(g.groups)),
            ("pads", .ints([g.paddingTop, g.paddingLeft, max(bottom, 0), max(right, 0)])),
        ]
        if operation == "ConvTranspose" {
            attributes.append(("output_padding", .ints([max(-bottom, 0), max(-right, 0)])))
        }
        let y = model.add(
            operation, [channelsFirst(try operand(node.inputs[0])), weight], attributes, origin: "\(node.origin)")
        return channelsLast(y)
    }

    private mutating func pooled(
        _ operation: String, _ x: String, _ g: PoolingGeometry, _ others: [(String, OnnxModel.Attribute)]
    ) -> String {
        let bottom = Self.farSide(
            g.inputHeight, output: g.outputHeight, kernel: g.kernelHeight, stride: g.strideHeight, dilation: 1,
            near: g.paddingTop)
        let right = Self.farSide(
            g.inputWidth, output: g.outputWidth, kernel: g.kernelWidth, stride: g.strideWidth, dilation: 1,
            near: g.paddingLeft)
        let y = model.add(
            operation, [channelsFirst(x)],
            [
                ("kernel_shape", .ints([g.kernelHeight, g.kernelWidth])),
                ("strides", .ints([g.strideHeight, g.strideWidth])),
                ("pads", .ints([g.paddingTop, g.paddingLeft, max(bottom, 0), max(right, 0)])),
            ] + others)
        return channelsLast(y)
    }

    private mutating func resized(
        _ x: String, _ scale: Int, _ attributes: [(String, OnnxModel.Attribute)]
    ) -> String {
        let factors = model.constant(Tensor(shape: [4], values: [1, 1, Float(scale), Float(scale)]))
        return channelsLast(model.add("Resize", [channelsFirst(x), "", factors], attributes))
    }
}
