import AgonTensors

/// Writes state without a copy: a value computed to be stored in a variable is computed in the variable's memory.
///
/// A running mean of all parameters reads and writes each average once, as an optimizer's update does. The write leaves
/// the graph: its node becomes a view of the value, whose node then counts as the write.
struct InPlaceWrites {
    private(set) var nodes: [Node]
    /// The variables in whose memory values are computed, by the values' indices.
    private(set) var holders: [Int: VariableID] = [:]

    /// - Parameter outputs: values read after the step, which keep their own memory.
    init(_ nodes: [Node], outputs: [Value]) {
        self.nodes = nodes
        let places = MemoryPlaces(nodes)
        let read = Set(outputs.map { places[$0.index].root })
        var readers = [[Int]](repeating: [], count: nodes.count)  // nodes by the owner of what they read
        var writes: [VariableID: [Int]] = [:]
        var reads: [VariableID: [Int]] = [:]
        for node in nodes {
            for input in node.inputs {
                let owner = places[input.index].root
                readers[owner].append(node.output.index)
                if let id = nodes[owner].operation.heldVariable { reads[id, default: []].append(node.output.index) }
            }
            if let id = node.operation.writtenVariable { writes[id, default: []].append(node.output.index) }
        }
        for node in nodes {
            guard case .assign(let id) = node.operation else { continue }
            let write = node.output.index
            let (value, offset) = places[node.inputs[0].index]
            guard offset == 0, nodes[value].output.shape.count == id.variable.shape.count, !read.contains(value),
                holders[value] == nil, InPlaceWrites.isMade(nodes[value])
            else { continue }
            // Between computation and write, nothing reads or writes the variable; after the next write, nothing reads
            // the value.
            let between = value + 1..<write
            guard !reads[id, default: []].contains(where: between.contains),
                !writes[id, default: []].contains(where: between.contains)
            else { continue }
            let next = writes[id, default: []].first { $0 > write } ?? nodes.count
            guard readers[value].allSatisfy({ $0 <= next }) else { continue }
            // A variable is overwritten element by element while it is read: readers must use the same elements.
            let readsVariable = nodes[value].inputs.filter { input in
                let owner = places[input.index].root
                return (nodes[owner].operation.heldVariable ?? holders[owner]) == id
            }
            guard
                readsVariable.allSatisfy({ input in
                    nodes[value].operation.isElementwise && input.shape == nodes[value].output.shape
                        && places[input.index].offset == 0
                })
            else { continue }
            holders[value] = id
            reads[id, default: []] += readers[value]
            self.nodes[write] = Node(
                operation: .reshape(id.variable.shape), inputs: node.inputs, output: node.output, origin: node.origin)
        }
    }

    /// Whether a node's value is computed, element by element or by a kernel that writes its output alone; sums are
    /// finished in steps, and too small to matter.
    private static func isMade(_ node: Node) -> Bool {
        switch node.operation {
        case .variable, .input, .constant, .assign, .update, .reshape, .slice(axis: 0, _, _), .stopGradient: false
        case .sum, .moments, .rowMaximum: false
        default: true
        }
    }
}

/// The owner of each value's memory, and the offset in it: reshapes and slices of the first axis share memory.
struct MemoryPlaces {
    private var places: [(root: Int, offset: Int)] = []

    init(_ nodes: [Node]) {
        for node in nodes {
            switch node.operation {
            case .reshape:
                places.append(places[node.inputs[0].index])
            case .slice(axis: 0, let start, _):
                let source = node.inputs[0]
                let inner = source.shape.count / max(source.shape[0], 1)
                let base = places[source.index]
                places.append((base.root, base.offset + start * inner))
            default:
                places.append((node.output.index, 0))
            }
        }
    }

    subscript(_ value: Int) -> (root: Int, offset: Int) { places[value] }
}
