/// A statement about a difference of means, with the margin already in its bounds.
public enum Hypothesis: Equatable, Sendable {
    /// The difference is below the bound: A is smaller than B for 0, A is at least as good as B for a positive margin.
    case below(Double)
    case above(Double)
    /// The difference lies between two bounds: A and B are equivalent.
    case within(ClosedRange<Double>)

    /// The p value of the hypothesis: small where the sample supports it.
    ///
    /// Equivalence is the intersection of two one-sided tests. Schuirmann, "A comparison of the Two One-Sided Tests
    /// Procedure and the Power Approach", Journal of Pharmacokinetics and Biopharmaceutics 15, 1987.
    func support(_ difference: MeanDifference) -> Double {
        switch self {
        case .below(let bound): difference.probability(below: bound)
        case .above(let bound): difference.probability(above: bound)
        case .within(let bounds):
            max(difference.probability(above: bounds.lowerBound), difference.probability(below: bounds.upperBound))
        }
    }

    /// The p value of the contrary: small where the sample contradicts the hypothesis.
    func contradiction(_ difference: MeanDifference) -> Double {
        // Without spread the hypothesis holds or does not: a tie is not an order.
        if difference.standardError == 0 { return 1 - support(difference) }
        switch self {
        case .below(let bound): return difference.probability(above: bound)
        case .above(let bound): return difference.probability(below: bound)
        case .within(let bounds):
            return min(
                difference.probability(below: bounds.lowerBound), difference.probability(above: bounds.upperBound))
        }
    }
}

/// What samples say about a claim.
public enum StatisticalVerdict: String, Equatable, Sendable {
    /// The interval lies wholly on the claimed side of the margin.
    case confirmed
    /// The interval lies wholly on the other side.
    case refuted
    case undecided

    /// The verdict on a claim that all of several comparisons hold.
    ///
    /// Confirmed when each is at Holm's adjusted level, refuted when one is refuted at it. For a single comparison this
    /// is the same as checking whether the two-sided interval of the level lies wholly on one side of the margin.
    public init(_ comparisons: [(hypothesis: Hypothesis, difference: MeanDifference)], level: Double = 0.95) {
        precondition(!comparisons.isEmpty, "a claim without a comparison")
        let limit = (1 - level) / 2
        let support = HolmCorrection.adjusted(comparisons.map { $0.hypothesis.support($0.difference) })
        let contradiction = HolmCorrection.adjusted(comparisons.map { $0.hypothesis.contradiction($0.difference) })
        if contradiction.contains(where: { $0 < limit }) {
            self = .refuted
        } else {
            self = support.allSatisfy { $0 < limit } ? .confirmed : .undecided
        }
    }
}
