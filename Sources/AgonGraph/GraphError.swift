import AgonConfiguration

/// Errors of differentiating and compiling graphs.
public enum GraphError: Error, Equatable, CustomStringConvertible {
    /// The operation has no derivative (of the order asked for).
    case noDerivative(operation: String, origin: ConfigPath)
    /// The value to differentiate is not a scalar.
    case notScalar(shape: String)
    /// A pass left an invalid graph.
    case invalid(node: Int, operation: String, problem: String)

    /// The config location of the error; nil if there is none.
    public var place: ConfigPath? {
        guard case .noDerivative(_, let origin) = self, origin != .root else { return nil }
        return origin
    }

    public var description: String {
        switch self {
        case .noDerivative(let operation, let origin):
            "\(origin == .root ? "graph" : "\(origin)"): '\(operation)' cannot be differentiated here; "
                + "use another layer or an objective without this derivative"
        case .notScalar(let shape): "a loss must be a scalar, not \(shape)"
        case .invalid(let node, let operation, let problem): "graph node \(node) (\(operation)): \(problem)"
        }
    }
}
