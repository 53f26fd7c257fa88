import Foundation

/// Means of a step's scalars over each epoch, with a state that outlasts an interruption.
///
/// Sums are kept as pairs of floats (48 bits) and are the same, bit for bit, in a run that was interrupted.
public struct EpochMeans: Sendable {
    /// What an epoch's steps had in common.
    public struct Summary: Equatable, Sendable {
        /// Counted from 1.
        public let epoch: Int
        /// The epoch's last step.
        public let step: Int
        /// In the order the scalars were asked for; those that no step had are missing.
        public let means: [(name: String, mean: Double)]
        /// The largest `generator loss / discriminator loss` of a step; nil where no step had both above 0.
        public var largestLossRatio: Float?

        /// `log(mean generator loss / mean discriminator loss)`, natural; 0 is a game of equals. Nil where a mean is not
        /// above 0, as with critics.
        ///
        /// Weaver, "Robot vs Robot", figure 1.
        public var logLossRatio: Double? {
            func mean(_ name: String) -> Double? { means.first { $0.name == name }?.mean }
            guard let generator = mean("loss.generator"), let discriminator = mean("loss.discriminator"),
                generator > 0, discriminator > 0
            else { return nil }
            // Of the logarithms: the ratio itself may overflow.
            return log(generator) - log(discriminator)
        }

        public static func == (a: Summary, b: Summary) -> Bool {
            a.epoch == b.epoch && a.step == b.step && a.means.elementsEqual(b.means) { $0 == $1 }
                && a.largestLossRatio == b.largestLossRatio
        }
    }

    private let batchesPerStep: Int
    private let batchesPerEpoch: Int
    private let names: [String]
    /// A count and a sum for each name.
    private var sums: [(count: FloatPair, sum: FloatPair)]
    /// Of the steps so far; 0 for none.
    private var largestRatio: Float = 0

    /// - Parameters:
    ///   - batchesPerStep: real batches that a step takes.
    ///   - batchesPerEpoch: batches that go once through the data.
    public init(
        batchesPerStep: Int, batchesPerEpoch: Int, names: [String] = ["loss.generator", "loss.discriminator"]
    ) {
        precondition(
            batchesPerStep > 0 && batchesPerEpoch > 0,
            "\(batchesPerStep) batches a step and \(batchesPerEpoch) an epoch")
        self.batchesPerStep = batchesPerStep
        self.batchesPerEpoch = batchesPerEpoch
        self.names = names
        sums = Array(repeating: (FloatPair(), FloatPair()), count: names.count)
    }

    /// Adds the scalars of a step. The step that takes an epoch's last batch ends it, and where steps take more than an
    /// epoch, the last epoch that they end is told of.
    ///
    /// - Parameter step: counted from 1; to be called for each step, in order.
    public mutating func observe(step: Int, scalars: [(name: String, value: Float)]) -> Summary? {
        precondition(step > 0, "step \(step)")
        for (index, name) in names.enumerated() {
            // Of numbers that are none there is no mean, and a checkpoint could not hold them.
            guard let value = scalars.first(where: { $0.name == name })?.value, value.isFinite else { continue }
            sums[index].count.add(1)
            sums[index].sum.add(value)
        }
        if let ratio = Self.lossRatio(scalars) { largestRatio = max(largestRatio, ratio) }
        let epoch = step * batchesPerStep / batchesPerEpoch
        guard epoch > (step - 1) * batchesPerStep / batchesPerEpoch else { return nil }
        let means = zip(names, sums).compactMap { name, sum in
            sum.count.value > 0 ? (name: name, mean: sum.sum.value / sum.count.value) : nil
        }
        let largest = largestRatio > 0 ? largestRatio : nil
        sums = Array(repeating: (FloatPair(), FloatPair()), count: names.count)
        largestRatio = 0
        return Summary(epoch: epoch, step: step, means: means, largestLossRatio: largest)
    }

    /// Bounded, as a checkpoint can hold no infinity.
    private static func lossRatio(_ scalars: [(name: String, value: Float)]) -> Float? {
        func loss(_ name: String) -> Float? {
            scalars.first { $0.name == name }.flatMap { $0.value > 0 && $0.value.isFinite ? $0.value : nil }
        }
        guard let generator = loss("loss.generator"), let discriminator = loss("loss.discriminator") else {
            return nil
        }
        return min(generator / discriminator, .greatestFiniteMagnitude)
    }

    /// Counts and sums since the epoch's beginning, four numbers for each name, and the largest ratio; finite.
    public var state: [Float] {
        get { sums.flatMap { [$0.count.high, $0.count.low, $0.sum.high, $0.sum.low] } + [largestRatio] }
        set {
            precondition(
                newValue.count == 4 * names.count + 1,
                "a state of \(newValue.count) numbers for \(names.count) means")
            largestRatio = newValue[4 * names.count]
            sums = names.indices.map { index in
                let values = newValue[4 * index..<4 * index + 4].map { $0 }
                return (FloatPair(high: values[0], low: values[1]), FloatPair(high: values[2], low: values[3]))
            }
        }
    }
}

/// A number of 48 bits as the sum of two floats.
struct FloatPair: Equatable, Sendable {
    private(set) var high: Float = 0
    private(set) var low: Float = 0

    var value: Double { Double(high) + Double(low) }

    /// Adds in double precision and rounds to what a pair can hold, so that a pair read back goes on with the same bits.
    /// Beyond the largest float the sum stays where it is.
    mutating func add(_ value: Float) {
        let sum = self.value + Double(value)
        let limit = Double(Float.greatestFiniteMagnitude)
        let bounded = min(max(sum, -limit), limit)
        high = Float(bounded)
        low = Float(bounded - Double(high))
    }
}
