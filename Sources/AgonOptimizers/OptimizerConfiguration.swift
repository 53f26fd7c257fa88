import AgonConfiguration
import AgonGraph

/// An optimizer as stated in a config: the rule, its learning-rate schedule and gradient clipping.
///
///     { "type": "adam", "learningRate": 2e-4, "beta1": 0.5, "schedule": { "type": "linear", "end": 20000 } }
public struct OptimizerConfiguration: ConfigDecodable, Sendable {
    public static let schemaName: String? = "OptimizerConfiguration"

    public let optimizer: any Optimizer
    public let schedule: LearningRateSchedule
    public let clipping: GradientClipping?

    public init(
        _ optimizer: any Optimizer, schedule: LearningRateSchedule = LearningRateSchedule(),
        clipping: GradientClipping? = nil
    ) {
        self.optimizer = optimizer
        self.schedule = schedule
        self.clipping = clipping
    }

    public init(from reader: ConfigReader) throws {
        optimizer = try Self.registry.decode(from: reader)
        schedule = try reader.section("schedule", default: "constant", "How the learning rate changes over updates.")
        let norm = try reader.optionalNumber(
            "clipNorm", in: .positive, "Maximum joint Euclidean norm of all gradients of an update.")
        let value = try reader.optionalNumber("clipValue", in: .positive, "Maximum magnitude of a gradient's elements.")
        if let norm {
            try reader.require(
                value == nil, "clipValue", "give 'clipNorm' or 'clipValue', not both")
            clipping = .norm(norm)
        } else {
            clipping = value.map { .value($0) }
        }
    }

    /// The optimizers that a config can name; programs may register more.
    public static let registry: VariantRegistry<any Optimizer> = {
        let registry = VariantRegistry<any Optimizer>(schemaName: "Optimizer", noun: "optimizer")
        registry.register("sgd", "Stochastic gradient descent, optionally with momentum.") { try SGD(from: $0) }
        registry.register("rmsprop", "Gradients over their moving root mean square.") { try RMSProp(from: $0) }
        registry.register("adam", "Moving means of gradients over their root mean square.") { try Adam(from: $0) }
        registry.register("amsgrad", "Adam with the largest root mean square so far.") { try Adam.amsgrad(from: $0) }
        registry.register("adamw", "Adam with decoupled weight decay.") { try Adam.decoupled(from: $0) }
        registry.register("adagrad", "Gradients over the root of the sum of their squares.") { try Adagrad(from: $0) }
        registry.register("adadelta", "Updates in the unit of the parameters.") { try Adadelta(from: $0) }
        return registry
    }()

    /// The learning rate of the update that follows `updates` earlier ones.
    public func learningRate(after updates: Int) -> Double {
        optimizer.learningRate * schedule.factor(after: updates)
    }

    /// The number of updates before the schedule brings the learning rate to 0; nil if it does not within `updates`.
    public func updatesBeforeZero(within updates: Int) -> Int? {
        guard optimizer.learningRate > 0 else { return nil }
        return (0..<max(updates, 0)).first { schedule.factor(after: $0) == 0 }
    }

    /// Updates each parameter along its gradient when the graph runs.
    ///
    /// Creates the optimizer's state: `optimizer.<parameter>.<state>` for each parameter, such as
    /// `optimizer.generator.3.weight.exp_avg`, in the parameter's layout. A parameter must be updated once per run, in
    /// one graph or in graphs that share `known` and of which each run takes one, because its updates are counted by
    /// these runs.
    ///
    /// - Parameter known: the states of parameters that another graph updates too; it takes in those created here.
    public func apply(
        to pairs: [(parameter: Variable, gradient: Value)], known: OptimizerStates = OptimizerStates(),
        in graph: ComputeGraph
    ) {
        let gradients = pairs.map(\.gradient)
        let bounded = clipping?.apply(to: gradients, in: graph) ?? gradients
        for (parameter, gradient) in zip(pairs.map(\.parameter), bounded) {
            graph.update(
                parameter, gradient: gradient,
                rule: ScheduledUpdate(
                    optimizer, schedule: schedule, states: known.states(of: parameter, for: optimizer)))
        }
    }
}

/// The states of a training's optimizers, for graphs that update the same parameters.
public final class OptimizerStates {
    private var states: [VariableID: [Variable]] = [:]

    public init() {}

    /// Creates the states of a parameter when they are first asked for.
    fileprivate func states(of parameter: Variable, for optimizer: any Optimizer) -> [Variable] {
        if let known = states[parameter.id] { return known }
        let made = optimizer.stateNames.map { name in
            let state = Variable(
                name: "optimizer.\(parameter.name).\(name)", shape: parameter.shape, role: .optimizerState,
                layout: parameter.layout)
            let initial = optimizer.initialValue(ofState: name)
            if initial != 0 { state.values = [Float](repeating: initial, count: parameter.shape.count) }
            return state
        }
        states[parameter.id] = made
        return made
    }
}

extension ConfigReader {
    // Keys that most optimizers share.

    func learningRate(default value: Double) throws -> Double {
        try number("learningRate", in: 0..., default: value, "Step size before the schedule.")
    }

    func epsilon(default value: Double) throws -> Double {
        let epsilon = try number(
            "epsilon", in: .positive, default: value, "Added to the divisor to avoid division by zero.")
        try require(Float(epsilon) > 0, "epsilon", "it rounds to 0 in single precision")
        return epsilon
    }

    /// A factor by which a moving mean decays per update.
    func decayFactor(_ key: String, default value: Double, _ doc: String) throws -> Double {
        let factor = try number(key, in: 0..<1, default: value, doc)
        try require(Float(factor) < 1, key, "it rounds to 1 in single precision, at which nothing decays")
        return factor
    }

    func weightDecay(default value: Double) throws -> Double {
        try number("weightDecay", in: 0..., default: value, "Strength of the decay of parameters towards zero.")
    }
}
