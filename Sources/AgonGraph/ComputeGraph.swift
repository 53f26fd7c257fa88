import AgonConfiguration
import AgonTensors

/// A tensor in a graph: the output of one node.
public struct Value: Hashable, Sendable {
    public let index: Int
    public let shape: Shape
}

/// One operation with its inputs; its output is the value of the same index.
public struct Node: Sendable {
    public let operation: Operation
    public let inputs: [Value]
    public let output: Value
    /// The config location of the node, such as `discriminator.layers[2]`; for messages.
    public let origin: ConfigPath
}

/// A step under construction: operations in topological order.
///
/// Images are `[N, H, W, C]`, features `[N, C]`, scalars `[]`.
/// Shape errors are programming errors here; layers check the user's shapes first.
public final class ComputeGraph {
    public internal(set) var nodes: [Node] = []
    /// Named results of the step, read after each run.
    public private(set) var outputs: [(name: String, value: Value)] = []
    /// Writes to variables, which must run even if nothing reads them.
    public private(set) var effects: [Value] = []
    /// Optimizer rules by index, for `update`.
    public private(set) var updateRules: [any ParameterUpdate] = []
    /// The current value of each variable that the graph has read or written.
    private var current: [VariableID: Value] = [:]
    /// The config location that new nodes get.
    public var origin = ConfigPath.root
    /// Whether random numbers are inputs, named like their streams, instead of being drawn: to replay a recorded step.
    public let takesRandomNumbers: Bool

    /// Whether the step changes no variable: later operations read what was assigned, but it is not stored.
    public let isMeasurement: Bool

    public init(takesRandomNumbers: Bool = false, isMeasurement: Bool = false) {
        self.takesRandomNumbers = takesRandomNumbers
        self.isMeasurement = isMeasurement
    }

    /// Appends a node whose shape follows from the operation and its inputs.
    @discardableResult
    public func append(_ operation: Operation, _ inputs: [Value], shape: Shape? = nil) -> Value {
        let output = Value(
            index: nodes.count, shape: shape ?? inferredShape(of: operation, inputs.map(\.shape), at: origin))
        nodes.append(Node(operation: operation, inputs: inputs, output: output, origin: origin))
        return output
    }

    // MARK: Sources and state

    /// The variable's value at this point of the step.
    public func read(_ variable: Variable) -> Value {
        if let value = current[variable.id] { return value }
        let value = append(.variable(variable.id), [], shape: variable.shape)
        current[variable.id] = value
        return value
    }

    /// Stores a value in a variable when the step runs; later reads see it.
    public func assign(_ value: Value, to variable: Variable) {
        precondition(value.shape == variable.shape, "assigning \(value.shape) to \(variable.name) \(variable.shape)")
        guard !isMeasurement else {
            current[variable.id] = value
            return
        }
        let written = append(.assign(variable.id), [value], shape: variable.shape)
        current[variable.id] = written
        effects.append(written)
    }

    /// Updates a parameter by an optimizer's rule and its gradient; later reads see the new value.
    public func update(_ parameter: Variable, gradient: Value, rule: any ParameterUpdate) {
        precondition(
            gradient.shape == parameter.shape, "gradient \(gradient.shape) of \(parameter.name) \(parameter.shape)")
        precondition(!isMeasurement, "an update of \(parameter.name) in a measurement")
        updateRules.append(rule)
        let written = append(
            .update(parameter.id, rule: updateRules.count - 1), [read(parameter), gradient], shape: parameter.shape)
        current[parameter.id] = written
        effects.append(written)
    }

    /// Values bound by name before each run.
    public func input(_ name: String, shape: Shape) -> Value {
        if let node = nodes.first(where: { $0.operation == .input(name) }) {
            precondition(node.output.shape == shape, "input '\(name)' is \(node.output.shape), not \(shape)")
            return node.output
        }
        return append(.input(name), [], shape: shape)
    }

    public func constant(_ value: Float, shape: Shape = []) -> Value { append(.constant(value), [], shape: shape) }

    /// Random numbers, new in each run and the same for the same seed, stream and run; or the input of the stream's
    /// name.
    public func random(_ distribution: Distribution, stream: String, shape: Shape) -> Value {
        if takesRandomNumbers { return input(stream, shape: shape) }
        return append(.random(distribution, stream: stream), [], shape: shape)
    }

    /// Names a value as a result of the step.
    public func output(_ name: String, _ value: Value) { outputs.append((name, value)) }

    /// All variables that the graph reads or writes, in the order of first use.
    public var variables: [Variable] {
        var seen = Set<VariableID>()
        var found: [Variable] = []
        for node in nodes {
            switch node.operation {
            case .variable(let id), .assign(let id), .update(let id, _):
                if seen.insert(id).inserted { found.append(id.variable) }
            default: break
            }
        }
        return found
    }
}

/// An optimizer's update rule for one parameter, as the graph runs it.
public protocol ParameterUpdate: Sendable {
    /// State kept per element of the parameter, at most three.
    var states: [Variable] { get }
    /// A kernel rule (`AGON_UPDATE_...`).
    var kernel: Int32 { get }
    /// The numbers of the rule for the update that follows `updates` earlier ones.
    func parameters(updates: Int) -> [Float]
}
