import AgonConfiguration

/// What a raised alarm does.
public enum AlarmAction: String, CaseIterable, Sendable {
    /// The alarm does not watch at all.
    case off
    case warn
    /// The run is stopped with the alarm's message as the reason.
    case stop
}

/// Signs that training has gone wrong, watched at each step: section `alarms` of a config.
///
/// Chintala, Denton, Arjovsky and Mathieu, "How to train a GAN? Tips and tricks to make GANs work", 2016 (ganhacks),
/// item 10, "Track failures early"; tried and commented on in Scuccimarra's notes on training GANs. A loss, score or
/// gradient that is no finite number always stops the run and is no setting.
///
/// Only the first is on by default: it means the same for every objective. Norms cost a pass over all gradients; what
/// variance is large goes with the scale of the loss (a critic's is in the tens while it starts); a falling loss is a
/// hint to look at samples.
public struct AlarmSettings: ConfigDecodable, Sendable {
    public let discriminatorLossNearZero: NearZeroAlarm
    public let gradientNorm: GradientNormAlarm
    public let discriminatorLossVariance: VarianceAlarm
    public let generatorLossFalling: FallAlarm

    public init(from reader: ConfigReader) throws {
        discriminatorLossNearZero = try reader.section(
            "discriminatorLossNearZero", default: [:],
            "The discriminator's loss goes to 0: it tells all samples apart, and the generator learns no more.")
        gradientNorm = try reader.section(
            "gradientNorm", default: [:], "The gradient of a network grows beyond all bounds.")
        discriminatorLossVariance = try reader.section(
            "discriminatorLossVariance", default: [:],
            "The discriminator's loss spikes; in good runs it varies little and falls slowly.")
        generatorLossFalling = try reader.section(
            "generatorLossFalling", default: [:],
            "The generator's loss falls steadily: it may fool the discriminator with garbage.")
    }

    /// Whether the graphs must state `gradientNorm.generator` and `gradientNorm.discriminator`.
    public var needsGradientNorms: Bool { gradientNorm.action != .off }
}

/// The magnitude of the discriminator's loss stays below a bound.
public struct NearZeroAlarm: ConfigDecodable, Sendable {
    public let below: Double
    public let steps: Int
    public let action: AlarmAction

    public init(from reader: ConfigReader) throws {
        below = try reader.number(
            "below", in: .positive, default: 0.01, "The magnitude that the loss stays below.")
        steps = try reader.integer(
            "steps", in: 1...1_000_000, default: 100,
            "Steps in a row that raise the alarm; as many without end its episode.")
        action = try reader.alarmAction(default: .warn)
    }
}

/// The Euclidean norm of all gradients of a network together stays above a bound.
public struct GradientNormAlarm: ConfigDecodable, Sendable {
    public let above: Double
    public let steps: Int
    public let action: AlarmAction

    public init(from reader: ConfigReader) throws {
        above = try reader.number("above", in: .positive, default: 100, "The norm that the gradient stays above.")
        // Adam takes a lone spike in its stride.
        steps = try reader.integer(
            "steps", in: 1...1_000_000, default: 10,
            "Steps in a row that raise the alarm; as many without end its episode.")
        action = try reader.alarmAction(default: .off)
    }
}

/// The discriminator's loss varies more than a bound within a window of steps.
public struct VarianceAlarm: ConfigDecodable, Sendable {
    public let above: Double
    public let window: Int
    public let action: AlarmAction

    public init(from reader: ConfigReader) throws {
        // A deviation of 1 is more than the whole loss of a discriminator that guesses, log 2 = 0.69 (cross-entropy).
        above = try reader.number(
            "above", in: .positive, default: 1,
            "The variance that is too large. It goes with the square of the loss: raise it for losses summed over a "
                + "batch and for critics.")
        window = try reader.integer("window", in: 2...100_000, default: 100, "The last steps that are looked at.")
        action = try reader.alarmAction(default: .off)
    }
}

/// The generator's loss falls along a line by a factor within a window of steps.
public struct FallAlarm: ConfigDecodable, Sendable {
    public let window: Int
    public let correlation: Double
    public let factor: Double
    public let action: AlarmAction

    public init(from reader: ConfigReader) throws {
        window = try reader.integer("window", in: 3...100_000, default: 500, "The last steps that are looked at.")
        correlation = try reader.number(
            "correlation", in: Interval(lower: 0, upper: 1, excludesLower: true, excludesUpper: true), default: 0.9,
            "How steady the fall is: the magnitude of the correlation of loss and step, beyond which it is one.")
        factor = try reader.number(
            "factor", in: Interval(lower: 1.0, excludesLower: true), default: 2,
            "How far it falls: the start of the fitted line over its end. Losses at or below 0 have no such ratio.")
        action = try reader.alarmAction(default: .off)
    }
}

extension ConfigReader {
    fileprivate func alarmAction(default action: AlarmAction) throws -> AlarmAction {
        try choice("action", default: action, "Whether to watch at all, and whether to warn or to stop the run.")
    }
}
