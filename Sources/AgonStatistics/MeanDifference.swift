/// An estimate of a difference of two means, with what its interval needs.
public struct MeanDifference: Equatable, Sendable {
    /// `mean(first) - mean(second)`
    public let estimate: Double
    public let standardError: Double
    public let degreesOfFreedom: Double

    /// The difference of independent samples with variances of their own.
    ///
    /// Welch, "The generalization of 'Student's' problem when several different population variances are involved",
    /// Biometrika 34, 1947; degrees of freedom by Satterthwaite.
    /// Nil for fewer than two values in a sample.
    public init?(_ first: [Double], _ second: [Double]) {
        guard let a = SampleMoments(first), let b = SampleMoments(second) else { return nil }
        let (va, vb) = (a.variance / a.count, b.variance / b.count)
        estimate = a.mean - b.mean
        standardError = (va + vb).squareRoot()
        let spread = va * va / (a.count - 1) + vb * vb / (b.count - 1)
        degreesOfFreedom = spread > 0 ? (va + vb) * (va + vb) / spread : a.count + b.count - 2
    }

    /// The difference of paired samples: the mean of `first[i] - second[i]`.
    ///
    /// Nil for fewer than two pairs.
    public init?(paired first: [Double], _ second: [Double]) {
        precondition(first.count == second.count, "\(first.count) and \(second.count) values cannot be paired")
        guard let moments = SampleMoments(zip(first, second).map { $0 - $1 }) else { return nil }
        estimate = moments.mean
        standardError = (moments.variance / moments.count).squareRoot()
        degreesOfFreedom = moments.count - 1
    }

    /// The difference of a mean from a fixed number. Nil for fewer than two values.
    public init?(_ values: [Double], from number: Double) {
        guard let moments = SampleMoments(values) else { return nil }
        estimate = moments.mean - number
        standardError = (moments.variance / moments.count).squareRoot()
        degreesOfFreedom = moments.count - 1
    }

    /// A difference that is known, without a sample.
    public init(exactly difference: Double) {
        estimate = difference
        standardError = 0
        degreesOfFreedom = 1
    }

    /// The two-sided interval that covers the difference with probability `level`.
    public func interval(level: Double = 0.95) -> ClosedRange<Double> {
        let reach = standardError * StudentDistribution(degreesOfFreedom: degreesOfFreedom).quantile((1 + level) / 2)
        return (estimate - reach)...(estimate + reach)
    }

    /// The probability of an estimate at least this far below `bound` where the difference is `bound`: the p value of
    /// the claim that the difference is below the bound.
    public func probability(below bound: Double) -> Double {
        if standardError == 0 { return estimate < bound ? 0 : 1 }
        return StudentDistribution(degreesOfFreedom: degreesOfFreedom).cumulative((estimate - bound) / standardError)
    }

    /// The p value of the claim that the difference is above the bound.
    public func probability(above bound: Double) -> Double {
        if standardError == 0 { return estimate > bound ? 0 : 1 }
        return StudentDistribution(degreesOfFreedom: degreesOfFreedom).cumulative((bound - estimate) / standardError)
    }
}

/// Count, mean and unbiased variance of at least two values.
struct SampleMoments {
    let count: Double
    let mean: Double
    let variance: Double

    init?(_ values: [Double]) {
        guard values.count > 1 else { return nil }
        count = Double(values.count)
        let mean = values.reduce(0, +) / count
        self.mean = mean
        variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    }
}
