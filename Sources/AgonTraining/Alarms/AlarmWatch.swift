import AgonExperiments
import AgonText
import Foundation

/// One scalar under watch for one sign of failure.
protocol AlarmWatch: Sendable {
    /// The alarm's key in section `alarms`.
    var name: String { get }
    var action: AlarmAction { get }
    /// What is watched: the first of these that a step has.
    var scalars: [String] { get }
    /// Of a size that follows from the settings; finite.
    var state: [Float] { get set }
    /// The alarm's message if this value raises it.
    mutating func observe(_ value: Float) -> String?
}

/// A condition's long yes or no: it changes only after so many steps in a row that contradict it.
struct Episode: Equatable, Sendable {
    private let stepsToBegin: Int
    private let stepsToEnd: Int
    private var isOn = false
    /// Steps in a row that contradict `isOn`.
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

    /// Both numbers are exact: the settings allow fewer than 2^24 steps.
    var state: [Float] {
        get { [isOn ? 1 : 0, Float(contrary)] }
        set { (isOn, contrary) = (newValue[0] != 0, Int(newValue[1])) }
    }
}

struct NearZeroWatch: AlarmWatch {
    private let settings: NearZeroAlarm
    /// The magnitude that the loss stays below.
    private let bound: Double
    private var episode: Episode

    /// A tenth of the loss of one who guesses: nearly all samples are told apart. A warning does not wait for less; what
    /// stops a run keeps to the setting.
    private static let winningShare = 0.1

    /// - Parameter guessingLoss: of a discriminator that cannot tell samples apart; nil where there is none.
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
        return "the discriminator's loss has been nearer to 0 than \(figures(bound)) for "
            + "\(stepCount(settings.steps)) (now \(figures(value))): it tells all samples apart, and the generator learns no more; try softer "
            + "labels (tricks.labels), tricks.instanceNoise, or a lower learning rate of the discriminator"
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
            + "\(stepCount(settings.steps)) (now \(figures(value))): its updates overshoot; try clipped "
            + "gradients (clipNorm) or a lower learning rate"
    }
}

/// A number in four figures.
func figures(_ value: some BinaryFloatingPoint) -> String { NumberText.brief(Double(value)) }

func stepCount(_ count: Int) -> String { count == 1 ? "1 step" : "\(count) steps" }
