/// Checks the graph between passes: a faulty pass fails at once, naming the node.
enum GraphValidator {
    /// - Throws: `GraphError.invalid`
    static func check(_ nodes: [Node]) throws {
        var overwritten: [Int: Int] = [:]  // value of a variable -> the node that overwrote it
        var newest: [VariableID: Int] = [:]
        var owners: [Int] = []  // the owner of each value's memory: reshaped values and slices of samples own none
        for (index, node) in nodes.enumerated() {
            func fail(_ problem: String) -> GraphError {
                .invalid(node: index, operation: node.operation.name, problem: problem)
            }
            guard node.output.index == index else { throw fail("is numbered \(node.output.index)") }
            for input in node.inputs {
                guard input.index < index else { throw fail("reads the later node \(input.index)") }
                guard nodes[input.index].output.shape == input.shape else {
                    throw fail(
                        "reads \(input.shape) where node \(input.index) makes \(nodes[input.index].output.shape)")
                }
                if let by = overwritten[owners[input.index]] {
                    throw fail("reads a value of a variable that node \(by) has overwritten")
                }
            }
            owners.append(node.operation.isView ? owners[node.inputs[0].index] : index)
            switch node.operation {
            case .variable(let id):
                newest[id] = index
            case .assign(let id), .update(let id, _):
                if let previous = newest[id] { overwritten[previous] = index }
                newest[id] = index
                guard node.output.shape == id.variable.shape else {
                    throw fail("writes \(node.output.shape) to \(id.variable.shape)")
                }
            case .input, .constant, .random: break
            default:
                let expected = inferredShape(of: node.operation, node.inputs.map(\.shape), at: node.origin)
                guard expected == node.output.shape else {
                    throw fail("has shape \(node.output.shape), expected \(expected)")
                }
            }
        }
    }
}
