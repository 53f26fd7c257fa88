import AgonExperiments

/// A sign that training has gone wrong, raised at a step.
public struct Alarm: Equatable, Sendable, CustomStringConvertible {
    /// The alarm's key in section `alarms`, or `notFinite`.
    public let name: String
    public let action: AlarmAction
    public let step: Int
    /// One line: what was found, with figures, and what may help.
    public let message: String

    public var description: String { "step \(step): alarm \(name): \(message)" }
}

/// Watches the scalars of each step, and raises each alarm once per episode.
///
/// An episode begins when an alarm's condition has held long enough and ends when it has not held as long, so that a
/// value that plays around its bound is told of once. What is raised is a function of the settings and the scalars since
/// the first step; `state` carries it over an interruption.
public struct AlarmMonitor: Sendable {
    private var watches: [any AlarmWatch]

    /// - Parameter guessingLoss: the loss of a discriminator that cannot tell samples apart (`Objective.guessingLoss`).
    public init(_ settings: AlarmSettings, guessingLoss: Double? = nil) {
        watches = settings.watches(guessingLoss: guessingLoss)
    }

    /// What was raised by this step. To be called for each step, in order.
    ///
    /// A value that is no finite number stops the run, and the other alarms do not see that step.
    public mutating func observe(step: Int, scalars: [(name: String, value: Float)]) -> [Alarm] {
        if let bad = scalars.first(where: { !$0.value.isFinite }) {
            let message =
                "\(bad.name) is \(bad.value); go back to the last checkpoint with a lower learning rate or clipped "
                + "gradients (clipNorm)"
            return [Alarm(name: "notFinite", action: .stop, step: step, message: message)]
        }
        var alarms: [Alarm] = []
        for index in watches.indices {
            let names = watches[index].scalars
            // The first name that the step has: objectives name their losses more or less finely.
            let value = names.lazy.compactMap { name in scalars.first { $0.name == name }?.value }.first
            if let value, let message = watches[index].observe(value) {
                alarms.append(
                    Alarm(name: watches[index].name, action: watches[index].action, step: step, message: message))
            }
        }
        return alarms
    }

    /// Everything that the next alarms depend on, as finite numbers; their count follows from the settings.
    public var state: [Float] {
        get { watches.flatMap(\.state) }
        set {
            let counts = watches.map(\.state.count)
            precondition(
                newValue.count == counts.reduce(0, +),
                "a state of \(newValue.count) numbers for alarms of \(counts.reduce(0, +))")
            var first = 0
            for (index, count) in counts.enumerated() {
                watches[index].state = Array(newValue[first..<first + count])
                first += count
            }
        }
    }
}

extension AlarmSettings {
    /// The watches of the alarms that are on.
    func watches(guessingLoss: Double? = nil) -> [any AlarmWatch] {
        let watches: [any AlarmWatch] =
            [NearZeroWatch(discriminatorLossNearZero, guessingLoss: guessingLoss)]
            + ["generator", "discriminator"].map { GradientNormWatch(gradientNorm, network: $0) }
            + [VarianceWatch(discriminatorLossVariance), FallWatch(generatorLossFalling)]
        return watches.filter { $0.action != .off }
    }

    /// The alarms that are on but would never see what they watch, given the names of a step's scalars.
    public func blindAlarms(among scalars: [String]) -> [(alarm: String, scalar: String)] {
        watches().compactMap { watch in
            watch.scalars.contains(where: scalars.contains) ? nil : (watch.name, watch.scalars[0])
        }
    }
}
