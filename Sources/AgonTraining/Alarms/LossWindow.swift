import AgonExperiments

/// The newest values of a scalar, with statistics for a full window.
///
/// It stores the values themselves, because the state consists of floats, and running sums in single precision would
/// accumulate errors.
struct LossWindow: Equatable, Sendable {
    private let size: Int
    private(set) var values: [Float] = []

    init(size: Int) { self.size = size }

    mutating func append(_ value: Float) {
        if values.count == size { values.removeFirst() }
        values.append(value)
    }

    var isFull: Bool { values.count == size }

    /// The number of values, then the values from the oldest to the newest, then zeros up to the window's size.
    var state: [Float] {
        get { [Float(values.count)] + values + [Float](repeating: 0, count: size - values.count) }
        set { values = Array(newValue[1...].prefix(Int(newValue[0]))) }
    }

    var mean: Double { values.reduce(0.0) { $0 + Double($1) } / Double(values.count) }

    /// The mean squared deviation from the mean.
    var variance: Double {
        let mean = mean
        return values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count)
    }

    /// The least-squares line through the values, and the correlation between value and position. The correlation is 0
    /// if all values are the same.
    var line: (start: Double, end: Double, correlation: Double) {
        let (mean, middle) = (mean, Double(values.count - 1) / 2)
        var (placeSquares, valueSquares, products) = (0.0, 0.0, 0.0)
        for (place, value) in values.enumerated() {
            let (x, y) = (Double(place) - middle, Double(value) - mean)
            placeSquares += x * x
            valueSquares += y * y
            products += x * y
        }
        let slope = products / placeSquares
        let correlation = valueSquares > 0 ? products / (placeSquares * valueSquares).squareRoot() : 0
        return (mean - slope * middle, mean + slope * middle, correlation)
    }
}

struct VarianceWatch: AlarmWatch {
    private let settings: VarianceAlarm
    private var window: LossWindow
    private var episode: Episode

    init(_ settings: VarianceAlarm) {
        self.settings = settings
        window = LossWindow(size: settings.window)
        // A spike affects the variance for the length of a window; an episode ends a window later.
        episode = Episode(stepsToBegin: 1, stepsToEnd: settings.window)
    }

    let name = "discriminatorLossVariance"
    let scalars = ["loss.discriminator"]
    var action: AlarmAction { settings.action }
    var state: [Float] {
        get { episode.state + window.state }
        set { (episode.state, window.state) = (Array(newValue[..<2]), Array(newValue[2...])) }
    }

    mutating func observe(_ value: Float) -> String? {
        window.append(value)
        guard window.isFull else { return nil }
        let variance = window.variance
        guard episode.begins(with: variance > settings.above) else { return nil }
        return "the variance of the discriminator's loss over \(settings.window) steps is \(figures(variance)), above "
            + "\(figures(settings.above)) (the loss is \(figures(value)), its mean \(figures(window.mean))): the loss "
            + "has spikes; try a lower learning rate, a smaller beta1, or a gradient penalty (penalty)"
    }
}

struct FallWatch: AlarmWatch {
    private let settings: FallAlarm
    private var window: LossWindow
    private var episode: Episode

    init(_ settings: FallAlarm) {
        self.settings = settings
        window = LossWindow(size: settings.window)
        episode = Episode(stepsToBegin: 1, stepsToEnd: settings.window)
    }

    let name = "generatorLossFalling"
    /// The adversarial part of the loss is preferred: other parts, such as a reconstruction loss, should fall steadily.
    let scalars = ["loss.adversarial", "loss.generator"]
    var action: AlarmAction { settings.action }
    var state: [Float] {
        get { episode.state + window.state }
        set { (episode.state, window.state) = (Array(newValue[..<2]), Array(newValue[2...])) }
    }

    mutating func observe(_ value: Float) -> String? {
        window.append(value)
        guard window.isFull else { return nil }
        let line = window.line
        let falls =
            line.correlation < -settings.correlation && line.end * settings.factor <= line.start
            && window.values.allSatisfy { $0 > 0 }
        guard episode.begins(with: falls) else { return nil }
        return "the generator's loss fell steadily from \(figures(line.start)) to \(figures(max(line.end, 0))) in "
            + "\(settings.window) steps (correlation \(figures(line.correlation))): the generator may be fooling the "
            + "discriminator with garbage; look at the newest samples and, if they are bad, train the discriminator "
            + "more (updates.discriminator)"
    }
}
