import AgonExperiments

/// A sign that training has gone wrong, raised at a step.
public struct Alarm: Equatable, Sendable, CustomStringConvertible {
    /// The alarm's key in section `alarms`, or `notFinite`.
    public let name: String
    public let action: AlarmAction
    public let step: Int
    /// One line: the symptom with its numbers, and possible remedies.
    public let message: String

    public var description: String { "step \(step): alarm \(name): \(message)" }
}

/// Watches the scalars of each step, and raises each alarm once per episode.
///
/// An episode begins when an alarm's condition has held for a number of steps, and ends when it has not held for a
/// number of steps, so that a value that fluctuates around its bound raises only one alarm. Alarms are a function of
/// the settings and the scalars since the first step; `state` preserves this over an interruption.
public struct AlarmMonitor: Sendable {
    private var watches: [any AlarmWatch]

    /// - Parameter guessingLoss: the loss of a discriminator that cannot tell samples apart (`Objective.guessingLoss`).
    public init(_ settings: AlarmSettings, guessingLoss: Double? = nil) {
        watches = settings.watches(guessingLoss: guessingLoss)
    }

    /// The alarms that this step raises. Must be called for each step in order.
    ///
    /// A value that is not finite stops the run; the other alarms do not observe that step.
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
            // The first name that the step has, because some objectives report fewer losses than others.
            let value = names.lazy.compactMap { name in scalars.first { $0.name == name }?.value }.first
            if let value, let message = watches[index].observe(value) {
                alarms.append(
                    Alarm(name: watches[index].name, action: watches[index].action, step: step, message: message))
            }
        }
        return alarms
    }

    /// The state on which later alarms depend, as finite numbers. The settings determine their count.
    public var state: [Float] {
        get { watches.flatMap(\.state) }
        set {
            let counts = watches.map(\.state.count)
            precondition(
                newValue.count == counts.reduce(0, +),
                "the state has \(newValue.count) numbers, expected \(counts.reduce(0, +))")
            var first = 0
            for (index, count) in counts.enumerated() {
                watches[index].state = Array(newValue[first..<first + count])
                first += count
            }
        }
    }
}

extension AlarmSettings {
    /// The watches of the enabled alarms.
    func watches(guessingLoss: Double? = nil) -> [any AlarmWatch] {
        let watches: [any AlarmWatch] =
            [NearZeroWatch(discriminatorLossNearZero, guessingLoss: guessingLoss)]
            + ["generator", "discriminator"].map { GradientNormWatch(gradientNorm, network: $0) }
            + [VarianceWatch(discriminatorLossVariance), FallWatch(generatorLossFalling)]
        return watches.filter { $0.action != .off }
    }

    /// The enabled alarms whose scalars are not among the scalars of a step, so that they can never be raised.
    public func blindAlarms(among scalars: [String]) -> [(alarm: String, scalar: String)] {
        watches().compactMap { watch in
            watch.scalars.contains(where: scalars.contains) ? nil : (watch.name, watch.scalars[0])
        }
    }
}
