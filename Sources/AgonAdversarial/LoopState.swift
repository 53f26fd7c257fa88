import AgonGraph
import AgonTensors

/// The variables of a game that outlast a step, by name: what combinations and tricks keep, batches of an iteration.
final class LoopState {
    private var variables: [String: Variable] = [:]

    /// - Parameter initial: zeros if not given; the variable must not be known by then.
    func variable(_ name: String, _ shape: Shape, initial: [Float]?) -> Variable {
        if let known = variables[name] {
            precondition(known.shape == shape, "'\(name)' is \(known.shape), not \(shape)")
            return known
        }
        let variable = Variable(
            name: name, shape: shape, role: .loopState, layout: shape.rank == 4 ? .images : .plain)
        if let initial { variable.values = initial }
        variables[name] = variable
        return variable
    }
}
