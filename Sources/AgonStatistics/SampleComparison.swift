/// The difference of two samples, paired or unpaired, whichever gives the narrower interval.
public struct SampleComparison: Equatable, Sendable {
    public let difference: MeanDifference
    /// Whether the values were compared in pairs.
    public let isPaired: Bool

    /// Compares in pairs where `mayPair` and the paired interval is narrower than Welch's, which is so where the
    /// correlation of the pairs outweighs the lost degrees of freedom.
    ///
    /// The choice looks at the sample. Each interval alone errs on one side with a probability of 2.5 % at 95 %, so the
    /// chosen one errs with at most 5 %.
    ///
    /// Nil for fewer than two values in a sample.
    ///
    /// - Parameter mayPair: whether `first[i]` and `second[i]` share their randomness, such as a seed.
    public init?(_ first: [Double], _ second: [Double], mayPair: Bool) {
        guard let apart = MeanDifference(first, second) else { return nil }
        if mayPair, let paired = MeanDifference(paired: first, second), Self.width(paired) < Self.width(apart) {
            (difference, isPaired) = (paired, true)
        } else {
            (difference, isPaired) = (apart, false)
        }
    }

    private static func width(_ difference: MeanDifference) -> Double {
        let interval = difference.interval()
        return interval.upperBound - interval.lowerBound
    }
}
