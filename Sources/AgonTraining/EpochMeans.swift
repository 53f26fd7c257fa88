import Foundation

/// Means of the steps' scalars over each epoch, with a state that survives interruptions.
///
/// Sums are stored as pairs of floats (48 bits). A resumed run has bit-identical sums.
public struct EpochMeans: Sendable {
    /// The means of one epoch.
    public struct Summary: Equatable, Sendable {
        /// The number of the epoch, counted from 1.
        public let epoch: Int
        /// The epoch's last step.
        public let step: Int
        /// In the order of the requested names, without scalars that no step had.
        public let means: [(name: String, mean: Double)]
        /// The largest `generator loss / discriminator loss` of a step; nil if no step had two positive losses.
        public var largestLossRatio: Float?

        /// The natural logarithm of `mean generator loss / mean discriminator loss`; 0 means that both networks are
        /// equally strong. Nil if a mean is not positive, as with critics.
        ///
        /// Weaver, "Robot vs Robot", figure 1.
        public var logLossRatio: Double? {
            func mean(_ name: String) -> Double? { means.first { $0.name == name }?.mean }
            guard let generator = mean("loss.generator"), let discriminator = mean("loss.discriminator"),
                generator > 0, discriminator > 0
            else { return nil }
            // The difference of logarithms, because the ratio itself may overflow.
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
    /// The largest ratio in this epoch so far; 0 for none.
    private var largestRatio: Float = 0

    /// - Parameters:
    ///   - batchesPerStep: the number of real batches per step.
    ///   - batchesPerEpoch: the number of batches in one pass over the data.
    public init(
        batchesPerStep: Int, batchesPerEpoch: Int, names: [String] = ["loss.generator", "loss.discriminator"]
    ) {
        precondition(
            batchesPerStep > 0 && batchesPerEpoch > 0,
            "\(batchesPerStep) batches per step and \(batchesPerEpoch) per epoch")
        self.batchesPerStep = batchesPerStep
        self.batchesPerEpoch = batchesPerEpoch
        self.names = names
        sums = Array(repeating: (FloatPair(), FloatPair()), count: names.count)
    }

    /// Adds the scalars of a step. Must be called for each step in order.
    ///
    /// - Parameter step: the number of the step, counted from 1.
    /// - Returns: the summary of the epoch that ends with this step, if one does. If a step ends several epochs, the
    ///   summary has the number of the last one.
    public mutating func observe(step: Int, scalars: [(name: String, value: Float)]) -> Summary? {
        precondition(step > 0, "step \(step)")
        for (index, name) in names.enumerated() {
            // NaN and infinity are skipped: they would spoil the mean, and checkpoints cannot store them.
            guard let value = scalars.first(where: { $0.name == name })?.value, value.isFinite else { continue }
            sums[index].count.add(1)
            sums[index].sum.add(value)
        }
        if let ratio = Self.lossRatio(scalars) { largestRatio = max(largestRatio, ratio) }
        let ended = Self.epoch(
            endingWith: step, batchesPerStep: batchesPerStep, batchesPerEpoch: batchesPerEpoch)
        guard let epoch = ended else { return nil }
        let means = zip(names, sums).compactMap { name, sum in
            sum.count.value > 0 ? (name: name, mean: sum.sum.value / sum.count.value) : nil
        }
        let largest = largestRatio > 0 ? largestRatio : nil
        sums = Array(repeating: (FloatPair(), FloatPair()), count: names.count)
        largestRatio = 0
        return Summary(epoch: epoch, step: step, means: means, largestLossRatio: largest)
    }

    /// The number of the epoch that ends with a step, counted from 1; nil for a step within an epoch.
    static func epoch(endingWith step: Int, batchesPerStep: Int, batchesPerEpoch: Int) -> Int? {
        let epoch = step * batchesPerStep / batchesPerEpoch
        return epoch > (step - 1) * batchesPerStep / batchesPerEpoch ? epoch : nil
    }

    /// The ratio of the losses, bounded because checkpoints cannot store infinity.
    private static func lossRatio(_ scalars: [(name: String, value: Float)]) -> Float? {
        func loss(_ name: String) -> Float? {
            scalars.first { $0.name == name }.flatMap { $0.value > 0 && $0.value.isFinite ? $0.value : nil }
        }
        guard let generator = loss("loss.generator"), let discriminator = loss("loss.discriminator") else {
            return nil
        }
        return min(generator / discriminator, .greatestFiniteMagnitude)
    }

    /// Counts and sums since the start of the epoch, four numbers for each name, and the largest ratio. All are finite.
    public var state: [Float] {
        get { sums.flatMap { [$0.count.high, $0.count.low, $0.sum.high, $0.sum.low] } + [largestRatio] }
        set {
            precondition(
                newValue.count == 4 * names.count + 1,
                "\(newValue.count) numbers are not the state of \(names.count) means")
            largestRatio = newValue[4 * names.count]
            sums = names.indices.map { index in
                let values = newValue[4 * index..<4 * index + 4].map { $0 }
                return (FloatPair(high: values[0], low: values[1]), FloatPair(high: values[2], low: values[3]))
            }
        }
    }
}

/// A 48-bit number as the sum of two floats.
struct FloatPair: Equatable, Sendable {
    private(set) var high: Float = 0
    private(set) var low: Float = 0

    var value: Double { Double(high) + Double(low) }

    /// Adds in double precision and rounds to the precision of a pair, so that a restored pair continues with the same
    /// bits. The sum is clamped to the range of a float.
    mutating func add(_ value: Float) {
        let sum = self.value + Double(value)
        let limit = Double(Float.greatestFiniteMagnitude)
        let bounded = min(max(sum, -limit), limit)
        high = Float(bounded)
        low = Float(bounded - Double(high))
    }
}
