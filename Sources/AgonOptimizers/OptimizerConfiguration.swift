import AgonConfiguration
import AgonGraph

/// An optimizer as a config states it: the rule, the schedule of its learning rate and a bound on gradients.
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
            "clipNorm", in: .positive, "Largest Euclidean norm of all gradients of an update together.")
        let value = try reader.optionalNumber("clipValue", in: .positive, "Largest magnitude of a gradient's elements.")
        if let norm {
            try reader.require(
                value == nil, "clipValue", "gradients are clipped by 'clipNorm' or by 'clipValue', not both")
            clipping = .norm(norm)
        } else {
            clipping = value.map { .value($0) }
        }
    }

    /// The optimizers that a config can name; programs may register more.
    public static let registry: VariantRegistry<any Optimizer> = {
        let registry = VariantRegistry<any Optimizer>(schemaName: "Optimizer", noun: "optimizer")
        registry.register("sgd", "Stochastic gradient descent, with momentum.") { try SGD(from: $0) }
        registry.register("rmsprop", "Gradients over their moving root mean square.") { try RMSProp(from: $0) }
        registry.register("adam", "Moving means of gradients over their root mean square.") { try Adam(from: $0) }
        registry.register("amsgrad", "Adam over the largest root mean square so far.") { try Adam.amsgrad(from: $0) }
        registry.register("adamw", "Adam with weight decay apart from the gradient.") { try Adam.decoupled(from: $0) }
        registry.register("adagrad", "Gradients over the root of the sum of their squares.") { try Adagrad(from: $0) }
        registry.register("adadelta", "Moves in the parameters' own unit.") { try Adadelta(from: $0) }
        return registry
    }()

    /// The learning rate of the update that follows `updates` earlier ones.
    public func learningRate(after updates: Int) -> Double {
        optimizer.learningRate * schedule.factor(after: updates)
    }

    /// Moves each parameter along its gradient when the graph runs.
    ///
    /// Makes the optimizer's state: `optimizer.<parameter>.<state>` for each parameter, such as
    /// `optimizer.generator.3.weight.exp_avg`, in the parameter's layout. So a parameter is to be moved in one graph
    /// only, once per run: its updates are counted by the graph's runs.
    public func apply(to pairs: [(parameter: Variable, gradient: Value)], in graph: ComputeGraph) {
        let gradients = pairs.map(\.gradient)
        let bounded = clipping?.apply(to: gradients, in: graph) ?? gradients
        for (parameter, gradient) in zip(pairs.map(\.parameter), bounded) {
            let states = optimizer.stateNames.map { name in
                let state = Variable(
                    name: "optimizer.\(parameter.name).\(name)", shape: parameter.shape, role: .optimizerState,
                    layout: parameter.layout)
                let initial = optimizer.initialValue(ofState: name)
                if initial != 0 { state.values = [Float](repeating: initial, count: parameter.shape.count) }
                return state
            }
            graph.update(
                parameter, gradient: gradient,
                rule: ScheduledUpdate(optimizer, schedule: schedule, states: states))
        }
    }
}

extension ConfigReader {
    // Keys that most optimizers share.

    func learningRate(default value: Double) throws -> Double {
        try number("learningRate", in: 0..., default: value, "Size of a step, before the schedule.")
    }

    func epsilon(default value: Double) throws -> Double {
        try number("epsilon", in: .positive, default: value, "Added to the divisor, against divisions by zero.")
    }

    func weightDecay(default value: Double) throws -> Double {
        try number("weightDecay", in: 0..., default: value, "Pull of parameters towards zero.")
    }
}
