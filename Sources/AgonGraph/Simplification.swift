import AgonConfiguration
import AgonTensors

/// Simplifies a graph: removes unread nodes, merges equal ones, folds constants and
/// sums before scaling.
struct Simplification {
    private(set) var nodes: [Node] = []
    private var known: [Key: Value] = [:]
    private var mapped: [Int: Value] = [:]
    /// The latest value of each variable, the values that a write has replaced, and the given graph's computed values
    /// and outputs that reduced to a variable's own memory.
    private var newest: [VariableID: Int] = [:]
    private var overwritten = Set<Int>()
    private var borrowers: [Int: [Int]] = [:]
    /// How often the given graph reads each value.
    private var readers: [Int: Int] = [:]

    private struct Key: Hashable {
        let operation: Operation
        let inputs: [Int]
        let shape: Shape
    }

    /// The simplified graph: its nodes in order, and where the given graph's values went.
    static func run(_ graph: ComputeGraph) -> (nodes: [Node], outputs: [(name: String, value: Value)]) {
        var pass = Simplification()
        let needed = liveness(graph.nodes, roots: graph.outputs.map(\.value) + graph.effects)
        let read = Set(graph.outputs.map(\.value.index))
        var readers = [Int](repeating: 0, count: graph.nodes.count)
        for output in graph.outputs { readers[output.value.index] += 1 }
        for node in graph.nodes where needed[node.output.index] {
            for input in node.inputs { readers[input.index] += 1 }
        }
        var computed: [Bool] = []  // whether each value of the graph has memory apart from variables
        for node in graph.nodes {
            computed.append(node.operation.isView ? computed[node.inputs[0].index] : !node.operation.isVariable)
            let index = node.output.index
            guard needed[index] else { continue }
            if let id = node.operation.writtenVariable { pass.saveBorrowed(id) }
            let value = pass.rewritten(node)
            pass.mapped[index] = value
            pass.readers[value.index, default: 0] += readers[index]
            let owner = pass.owner(of: value)
            if owner.operation.isVariable, computed[index] || read.contains(index) {
                pass.borrowers[owner.output.index, default: []].append(index)
            }
        }
        let outputs = graph.outputs.map { output in
            var value = pass.mapped[output.value.index] ?? output.value
            // The memory of inputs is only borrowed for a run.
            if pass.owner(of: value).operation.isInput { value = pass.copy(of: value) }
            return (name: output.name, value: value)
        }
        // Rewriting leaves nodes unread: drop them and renumber the rest.
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

    private mutating func append(_ operation: Operation, _ inputs: [Value], _ shape: Shape, _ origin: ConfigPath)
        -> Value
    {
        let output = Value(index: nodes.count, shape: shape)
        nodes.append(Node(operation: operation, inputs: inputs, output: output, origin: origin))
        if let id = operation.writtenVariable, let previous = newest[id] { overwritten.insert(previous) }
        if let id = operation.heldVariable { newest[id] = output.index }
        return output
    }

    /// The node whose output a value's memory is.
    private func owner(of value: Value) -> Node {
        var node = nodes[value.index]
        while node.operation.isView { node = nodes[node.inputs[0].index] }
        return node
    }

    /// The node that computes a value, if its sources are unchanged: work must not move past a write to its source.
    private func opened(_ value: Value) -> Node? {
        let node = nodes[value.index]
        return node.inputs.contains { overwritten.contains(owner(of: $0).output.index) } ? nil : node
    }

    private func isReadOnce(_ value: Value) -> Bool { readers[value.index, default: 0] <= 1 }

    private mutating func copy(of value: Value) -> Value {
        append(.unary(.affine(scale: 1, offset: 0)), [value], value.shape, nodes[value.index].origin)
    }

    /// Before a write: copies the old value for later readers (unread copies are dropped).
    private mutating func saveBorrowed(_ id: VariableID) {
        guard let old = newest[id] else { return }
        for index in borrowers.removeValue(forKey: old) ?? [] { mapped[index] = mapped[index].map { copy(of: $0) } }
    }

    /// The unique node for this operation on these inputs.
    private mutating func unique(_ operation: Operation, _ inputs: [Value], _ shape: Shape, _ origin: ConfigPath)
        -> Value
    {
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

    private mutating func scaled(_ x: Value, _ scale: Float, _ offset: Float, _ origin: ConfigPath) -> Value {
        simplified(.unary(.affine(scale: scale, offset: offset)), [x], x.shape, origin)
    }

    private mutating func simplified(_ operation: Operation, _ x: [Value], _ shape: Shape, _ origin: ConfigPath)
        -> Value
    {
        switch operation {
        case .stopGradient:
            return x[0]
        case .unary(.affine(let scale, let offset)):
            if scale == 1, offset == 0 { return x[0] }
            if let number = constant(x[0]) { return unique(.constant(scale * number + offset), [], shape, origin) }
            if scale == 0, offset == 0 { return unique(.constant(0), [], shape, origin) }
            if let producer = opened(x[0]), case .unary(.affine(let inner, let shift)) = producer.operation {
                return scaled(producer.inputs[0], scale * inner, scale * shift + offset, origin)
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
            guard let producer = opened(x[0]) else { break }
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
            if let producer = opened(x[0]), case .reshape = producer.operation {
                return simplified(operation, producer.inputs, shape, origin)
            }
        case .slice(let axis, let start, let count):
            if let number = constant(x[0]) { return unique(.constant(number), [], shape, origin) }
            guard let producer = opened(x[0]) else { break }
            switch producer.operation {
            case .sliceGradient(let sameAxis, let from, _) where sameAxis == axis:
                let held = producer.inputs[0].shape[axis]
                if from == start, held == count { return producer.inputs[0] }
                if start + count <= from || from + held <= start { return unique(.constant(0), [], shape, origin) }
            case .binary(.add) where producer.inputs.allSatisfy({ $0.shape == x[0].shape }):
                let parts = producer.inputs.map { simplified(operation, [$0], shape, origin) }
                return simplified(.binary(.add), parts, shape, origin)
            case .reshape where axis == 0 && producer.inputs[0].shape[0] == x[0].shape[0]:
                // Samples of a reshaped product: the product of these samples alone, if nothing reads the others.
                let source = producer.inputs[0]
                guard isReadOnce(x[0]), isReadOnce(source), case .matmul? = opened(source)?.operation else { break }
                var samples = source.shape.dimensions
                samples[0] = count
                return simplified(
                    .reshape(shape), [simplified(operation, [source], Shape(samples), origin)], shape, origin)
            case .matmul(let transposeA, _) where axis == 0 && !transposeA && isReadOnce(x[0]):
                let rows = simplified(
                    operation, [producer.inputs[0]], [count, producer.inputs[0].shape[1]], origin)
                return simplified(producer.operation, [rows, producer.inputs[1]], shape, origin)
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
    var isEffect: Bool { writtenVariable != nil }

    /// Whether the output is the variable's own memory.
    var isVariable: Bool { heldVariable != nil }

    /// The variable whose memory the output is, read or written.
    var heldVariable: VariableID? {
        if case .variable(let id) = self { return id }
        return writtenVariable
    }

    /// Whether the output shares the memory of its input.
    var isView: Bool {
        switch self {
        case .reshape, .slice(axis: 0, _, _): true
        default: false
        }
    }
}
