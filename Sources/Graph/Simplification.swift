import Tensors

/// Rewrites a graph into an equal one with less work: unread nodes go, equal ones are merged, constants are folded and
/// sums are taken before scaling.
struct Simplification {
    private(set) var nodes: [Node] = []
    private var known: [Key: Value] = [:]
    private var mapped: [Int: Value] = [:]

    private struct Key: Hashable {
        let operation: Operation
        let inputs: [Int]
        let shape: Shape
    }

    /// The simplified graph: its nodes in order, and where the given graph's values went.
    static func run(_ graph: ComputeGraph) -> (nodes: [Node], outputs: [(name: String, value: Value)]) {
        var pass = Simplification()
        let needed = liveness(graph.nodes, roots: graph.outputs.map(\.value) + graph.effects)
        for node in graph.nodes where needed[node.output.index] {
            pass.mapped[node.output.index] = pass.rewritten(node)
        }
        let outputs = graph.outputs.map { (name: $0.name, value: pass.mapped[$0.value.index] ?? $0.value) }
        // Rewriting leaves nodes unread: drop them and number the rest anew.
        let effects = pass.nodes.filter { $0.operation.isEffect }.map(\.output)
        let live = liveness(pass.nodes, roots: outputs.map(\.value) + effects)
        var compact = Simplification()
        for node in pass.nodes where live[node.output.index] {
            let inputs = node.inputs.map { compact.mapped[$0.index] ?? $0 }
            compact.mapped[node.output.index] = compact.append(node.operation, inputs, node.output.shape, node.origin)
        }
        return (compact.nodes, outputs.map { ($0.name, compact.mapped[$0.value.index] ?? $0.value) })
    }

    private static func liveness(_ nodes: [Node], roots: [Value]) -> [Bool] {
        var live = [Bool](repeating: false, count: nodes.count)
        for root in roots { live[root.index] = true }
        for node in nodes.reversed() where live[node.output.index] {
            for input in node.inputs { live[input.index] = true }
        }
        return live
    }

    private mutating func append(_ operation: Operation, _ inputs: [Value], _ shape: Shape, _ origin: String) -> Value {
        let output = Value(index: nodes.count, shape: shape)
        nodes.append(Node(operation: operation, inputs: inputs, output: output, origin: origin))
        return output
    }

    /// The one node for this operation on these inputs.
    private mutating func unique(_ operation: Operation, _ inputs: [Value], _ shape: Shape, _ origin: String) -> Value {
        if operation.isEffect { return append(operation, inputs, shape, origin) }
        let key = Key(operation: operation, inputs: inputs.map(\.index), shape: shape)
        if let value = known[key] { return value }
        let value = append(operation, inputs, shape, origin)
        known[key] = value
        return value
    }

    private func constant(_ value: Value) -> Float? {
        if case .constant(let number) = nodes[value.index].operation { return number }
        return nil
    }

    private mutating func rewritten(_ node: Node) -> Value {
        let inputs = node.inputs.map { mapped[$0.index] ?? $0 }
        return simplified(node.operation, inputs, node.output.shape, node.origin)
    }

    private mutating func scaled(_ x: Value, _ scale: Float, _ offset: Float, _ origin: String) -> Value {
        simplified(.unary(.affine(scale: scale, offset: offset)), [x], x.shape, origin)
    }

    private mutating func simplified(_ operation: Operation, _ x: [Value], _ shape: Shape, _ origin: String) -> Value {
        switch operation {
        case .stopGradient:
            return x[0]
        case .unary(.affine(let scale, let offset)):
            if scale == 1, offset == 0 { return x[0] }
            if let number = constant(x[0]) { return unique(.constant(scale * number + offset), [], shape, origin) }
            if scale == 0, offset == 0 { return unique(.constant(0), [], shape, origin) }
            if case .unary(.affine(let inner, let shift)) = nodes[x[0].index].operation {
                let source = nodes[x[0].index].inputs[0]
                return scaled(source, scale * inner, scale * shift + offset, origin)
            }
        case .binary(.add):
            if let number = constant(x[0]), x[1].shape == shape { return scaled(x[1], 1, number, origin) }
            if let number = constant(x[1]), x[0].shape == shape { return scaled(x[0], 1, number, origin) }
        case .binary(.subtract):
            if let number = constant(x[1]), x[0].shape == shape { return scaled(x[0], 1, -number, origin) }
            if let number = constant(x[0]), x[1].shape == shape { return scaled(x[1], -1, number, origin) }
        case .binary(.multiply):
            if let number = constant(x[0]), x[1].shape == shape { return scaled(x[1], number, 0, origin) }
            if let number = constant(x[1]), x[0].shape == shape { return scaled(x[0], number, 0, origin) }
        case .binary(.divide):
            if let number = constant(x[1]), x[0].shape == shape { return scaled(x[0], 1 / number, 0, origin) }
        case .binary(let function):
            // The gradient of an activation is linear in its first argument.
            if function.isActivationGradient, constant(x[0]) == 0, shape == x[1].shape {
                return unique(.constant(0), [], shape, origin)
            }
        case .broadcast:
            if let number = constant(x[0]) { return unique(.constant(number), [], shape, origin) }
        case .sum(let target):
            if x[0].shape == target { return x[0] }
            if let number = constant(x[0]) {
                return unique(.constant(number * Float(x[0].shape.count / target.count)), [], shape, origin)
            }
            let producer = nodes[x[0].index]
            switch producer.operation {
            case .unary(.affine(let scale, 0)):
                let inner = simplified(operation, [producer.inputs[0]], shape, origin)
                return scaled(inner, scale, 0, origin)
            case .binary(.multiply):
                // sum(x * v) = sum(x) * v for v constant along the summed axes.
                for (factor, other) in [(0, 1), (1, 0)] where producer.inputs[factor].shape == target {
                    guard producer.inputs[other].shape == x[0].shape else { continue }
                    let inner = simplified(operation, [producer.inputs[other]], shape, origin)
                    return simplified(.binary(.multiply), [inner, producer.inputs[factor]], shape, origin)
                }
            default: break
            }
        case .reshape:
            if x[0].shape == shape { return x[0] }
            if let number = constant(x[0]) { return unique(.constant(number), [], shape, origin) }
            if case .reshape = nodes[x[0].index].operation {
                return simplified(operation, [nodes[x[0].index].inputs[0]], shape, origin)
            }
        case .slice(let axis, let start, let count):
            if let number = constant(x[0]) { return unique(.constant(number), [], shape, origin) }
            let producer = nodes[x[0].index]
            switch producer.operation {
            case .sliceGradient(let sameAxis, let from, _) where sameAxis == axis:
                let held = producer.inputs[0].shape[axis]
                if from == start, held == count { return producer.inputs[0] }
                if start + count <= from || from + held <= start { return unique(.constant(0), [], shape, origin) }
            case .binary(.add) where producer.inputs.allSatisfy({ $0.shape == x[0].shape }):
                let parts = producer.inputs.map { simplified(operation, [$0], shape, origin) }
                return simplified(.binary(.add), parts, shape, origin)
            default: break
            }
        default: break
        }
        return unique(operation, x, shape, origin)
    }
}

extension BinaryFunction {
    var isActivationGradient: Bool {
        switch self {
        case .leakyReLUGradient, .tanhGradient, .sigmoidGradient, .eluGradient: true
        default: false
        }
    }
}

extension Operation {
    /// Whether the operation changes a variable.
    var isEffect: Bool {
        switch self {
        case .assign, .update: true
        default: false
        }
    }
}
