import AgonGraph

/// A rule that moves parameters along their gradients, with PyTorch's semantics and state names.
///
/// A rule has no memory: what it keeps between updates are the states that its names call for, one value of each per
/// element of the parameter.
public protocol Optimizer: Sendable {
    /// The learning rate before the schedule.
    var learningRate: Double { get }
    /// The states in the order in which the kernel takes them, at most three.
    var stateNames: [String] { get }
    /// The kernel rule (`AGON_UPDATE_...`).
    var kernel: Int32 { get }
    /// The value that a state starts from.
    func initialValue(ofState name: String) -> Float
    /// The kernel's numbers for the update that follows `updates` earlier ones, at the scheduled learning rate.
    func parameters(learningRate: Double, updates: Int) -> [Float]
}

extension Optimizer {
    public func initialValue(ofState name: String) -> Float { 0 }
}

/// An optimizer's rule for one parameter: its numbers under a schedule, and its state.
public struct ScheduledUpdate: UpdateRule {
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
    /// The numbers of a rule, computed in Double and rounded once.
    init(rounding numbers: Double...) { self = numbers.map { Float($0) } }
}

extension Bool {
    /// 1 or 0, as the kernels take switches.
    var flag: Double { self ? 1 : 0 }
}
