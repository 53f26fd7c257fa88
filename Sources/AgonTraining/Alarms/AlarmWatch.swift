import AgonExperiments
import AgonText
import Foundation

/// Watches one scalar for one sign of failure.
protocol AlarmWatch: Sendable {
    /// The alarm's key in section `alarms`.
    var name: String { get }
    var action: AlarmAction { get }
    /// The names of the watched scalar. The first name that a step has is used.
    var scalars: [String] { get }
    /// Finite numbers, whose count depends only on the settings.
    var state: [Float] { get set }
    /// The alarm's message if this value raises it.
    mutating func observe(_ value: Float) -> String?
}

/// A condition with hysteresis: it changes only after a number of successive steps that contradict it.
struct Episode: Equatable, Sendable {
    private let stepsToBegin: Int
    private let stepsToEnd: Int
    private var isOn = false
    /// The number of successive steps that contradict `isOn`.
    private var contrary = 0

    init(stepsToBegin: Int, stepsToEnd: Int) {
        self.stepsToBegin = stepsToBegin
        self.stepsToEnd = stepsToEnd
    }

    /// Whether an episode begins with this step.
    mutating func begins(with holds: Bool) -> Bool {
        contrary = holds == isOn ? 0 : contrary + 1
        guard contrary >= (isOn ? stepsToEnd : stepsToBegin) else { return false }
        (isOn, contrary) = (holds, 0)
        return holds
    }

    /// Both numbers are exact floats, because the settings allow fewer than 2^24 steps.
    var state: [Float] {
        get { [isOn ? 1 : 0, Float(contrary)] }
        set { (isOn, contrary) = (newValue[0] != 0, Int(newValue[1])) }
    }
}

struct NearZeroWatch: AlarmWatch {
    private let settings: NearZeroAlarm
    /// The alarm is raised if the magnitude of the loss stays below this bound.
    private let bound: Double
    private var episode: Episode

    /// A loss below this share of the guessing loss means that the discriminator tells nearly all samples apart. A
    /// warning is raised from there on, even if the configured bound is lower. An alarm that stops the run uses the
    /// configured bound.
    private static let winningShare = 0.1

    /// - Parameter guessingLoss: the loss of a discriminator that cannot tell samples apart; nil if it is not defined.
    init(_ settings: NearZeroAlarm, guessingLoss: Double? = nil) {
        self.settings = settings
        bound =
            settings.action == .warn
            ? max(settings.below, Self.winningShare * (guessingLoss ?? 0)) : settings.below
        episode = Episode(stepsToBegin: settings.steps, stepsToEnd: settings.steps)
    }

    let name = "discriminatorLossNearZero"
    let scalars = ["loss.discriminator"]
    var action: AlarmAction { settings.action }
    var state: [Float] {
        get { episode.state }
        set { episode.state = newValue }
    }

    mutating func observe(_ value: Float) -> String? {
        // Critics' losses are negative while they learn.
        guard episode.begins(with: Double(abs(value)) < bound) else { return nil }
        return "the magnitude of the discriminator's loss has been below \(figures(bound)) for "
            + "\(CountText.short(settings.steps, "step")) (now \(figures(value))): the discriminator tells all samples "
            + "apart, and the generator no longer learns; try tricks.instanceNoise, softer labels (tricks.labels) where the objective "
            + "has labels, or a lower learning rate of the discriminator"
    }
}

struct GradientNormWatch: AlarmWatch {
    private let settings: GradientNormAlarm
    private let network: String
    private var episode: Episode

    init(_ settings: GradientNormAlarm, network: String) {
        self.settings = settings
        self.network = network
        episode = Episode(stepsToBegin: settings.steps, stepsToEnd: settings.steps)
    }

    let name = "gradientNorm"
    var scalars: [String] { ["gradientNorm.\(network)"] }
    var action: AlarmAction { settings.action }
    var state: [Float] {
        get { episode.state }
        set { episode.state = newValue }
    }

    mutating func observe(_ value: Float) -> String? {
        guard episode.begins(with: Double(value) > settings.above) else { return nil }
        return "the norm of the \(network)'s gradient has been above \(figures(settings.above)) for "
            + "\(CountText.short(settings.steps, "step")) (now \(figures(value))): the updates overshoot; try clipped "
            + "gradients (clipNorm) or a lower learning rate"
    }
}

/// A number with four significant digits.
func figures(_ value: some BinaryFloatingPoint) -> String { NumberText.brief(Double(value)) }
