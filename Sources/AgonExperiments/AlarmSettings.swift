import AgonConfiguration

/// The reaction to a raised alarm.
public enum AlarmAction: String, CaseIterable, Sendable {
    /// The alarm is off.
    case off
    case warn
    /// Stops the run with the alarm's message as the reason.
    case stop
}

/// Signs of failed training, checked at each step: section `alarms` of a config.
///
/// Chintala, Denton, Arjovsky and Mathieu, "How to train a GAN? Tips and tricks to make GANs work", 2016 (ganhacks),
/// item 10, "Track failures early"; discussed in Scuccimarra's notes on training GANs. A loss, score or
/// gradient that is NaN or infinite always stops the run; this is not a setting.
///
/// Only the first is on by default, because it means the same for every objective. Norms cost a pass over gradients;
/// a large variance depends on the scale of the loss (a critic's starts in the tens); a falling loss is a
/// hint to look at samples.
public struct AlarmSettings: ConfigDecodable, Sendable {
    public let discriminatorLossNearZero: NearZeroAlarm
    public let gradientNorm: GradientNormAlarm
    public let discriminatorLossVariance: VarianceAlarm
    public let generatorLossFalling: FallAlarm

    public init(from reader: ConfigReader) throws {
        discriminatorLossNearZero = try reader.section(
            "discriminatorLossNearZero", default: [:],
            "The discriminator's loss goes to 0: it separates all samples, and the generator stops learning.")
        gradientNorm = try reader.section(
            "gradientNorm", default: [:], "The gradient of a network explodes.")
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
            "below", in: .positive, default: 0.01,
            "The bound that the loss's magnitude stays below. A warning also comes below a tenth of the loss of guessing."
        )
        steps = try reader.integer(
            "steps", in: 1...1_000_000, default: 100,
            "Consecutive steps that raise the alarm; as many normal steps end it.")
        action = try reader.alarmAction(default: .warn)
    }
}

/// The Euclidean norm of a network's full gradient stays above a bound.
public struct GradientNormAlarm: ConfigDecodable, Sendable {
    public let above: Double
    public let steps: Int
    public let action: AlarmAction

    public init(from reader: ConfigReader) throws {
        above = try reader.number(
            "above", in: .positive, default: 100, "The bound that the gradient's norm stays above.")
        // Adam copes with a single spike.
        steps = try reader.integer(
            "steps", in: 1...1_000_000, default: 10,
            "Consecutive steps that raise the alarm; as many normal steps end it.")
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
            "The variance limit. It scales with the square of the loss: raise it for losses summed over a "
                + "batch and for critics.")
        window = try reader.integer("window", in: 2...100_000, default: 100, "The number of latest steps considered.")
        action = try reader.alarmAction(default: .off)
    }
}

/// The generator's loss falls linearly by a factor within a window of steps.
public struct FallAlarm: ConfigDecodable, Sendable {
    public let window: Int
    public let correlation: Double
    public let factor: Double
    public let action: AlarmAction

    public init(from reader: ConfigReader) throws {
        window = try reader.integer("window", in: 3...100_000, default: 500, "The number of latest steps considered.")
        correlation = try reader.number(
            "correlation", in: Interval(lower: 0, upper: 1, excludesLower: true, excludesUpper: true), default: 0.9,
            "The minimum magnitude of the correlation between loss and step.")
        factor = try reader.number(
            "factor", in: Interval(lower: 1.0, excludesLower: true), default: 2,
            "The start of the fitted line over its end; undefined for losses at or below 0.")
        action = try reader.alarmAction(default: .off)
    }
}

extension ConfigReader {
    fileprivate func alarmAction(default action: AlarmAction) throws -> AlarmAction {
        try choice("action", default: action, "Whether to warn, to stop the run, or to do nothing.")
    }
}
