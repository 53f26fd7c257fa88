import AgonGraph
import AgonTensors

/// The variables that persist between steps, by name: state of combinations and tricks, and batches of an iteration.
final class LoopState {
    private var variables: [String: Variable] = [:]

    /// - Parameter initial: the initial values, zeros if nil; must be nil if the variable already exists.
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
