import AgonGraph

/// A rule that updates parameters along their gradients, with PyTorch's semantics and state names.
///
/// A rule itself is stateless: what it keeps between updates is in named states, one value per element of the parameter
/// for each name.
public protocol Optimizer: Sendable {
    /// The learning rate before the schedule.
    var learningRate: Double { get }
    /// The names of the states in the order in which the kernel takes them, at most three.
    var stateNames: [String] { get }
    /// The kernel rule (`AGON_UPDATE_...`).
    var kernel: Int32 { get }
    /// The initial value of a state.
    func initialValue(ofState name: String) -> Float
    /// The kernel's numeric arguments for the update that follows `updates` earlier ones, at the scheduled learning
    /// rate.
    func parameters(learningRate: Double, updates: Int) -> [Float]
}

extension Optimizer {
    public func initialValue(ofState name: String) -> Float { 0 }
}

/// An optimizer's rule for one parameter: its numeric arguments under a schedule, and its state.
public struct ScheduledUpdate: ParameterUpdate {
    public let optimizer: any Optimizer
    public let schedule: LearningRateSchedule
    public let states: [Variable]

    public init(_ optimizer: any Optimizer, schedule: LearningRateSchedule = LearningRateSchedule(), states: [Variable])
    {
        precondition(
            states.count == optimizer.stateNames.count,
            "\(optimizer.stateNames.count) states (\(optimizer.stateNames)) expected, \(states.count) given")
        self.optimizer = optimizer
        self.schedule = schedule
        self.states = states
    }

    public var kernel: Int32 { optimizer.kernel }

    public func parameters(updates: Int) -> [Float] {
        optimizer.parameters(learningRate: optimizer.learningRate * schedule.factor(after: updates), updates: updates)
    }
}

extension [Float] {
    /// The numeric arguments of a rule, computed in Double and rounded once.
    init(rounding numbers: Double...) { self = numbers.map { Float($0) } }
}

extension Bool {
    /// 1 or 0, the form in which kernels take switches.
    var flag: Double { self ? 1 : 0 }
}
