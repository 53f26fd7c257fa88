import AgonStatistics

/// Mean, sample deviation and number of values over seeds.
public struct Summary: Equatable, Sendable {
    /// In the order of the trials.
    public let values: [Double]

    /// Nil without values.
    init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        self.values = values
    }

    public var count: Int { values.count }
    public var mean: Double { values.reduce(0, +) / Double(values.count) }

    /// `sqrt(sum((x - mean)²) / (n - 1))`; nil for a single value, which shows no spread.
    public var deviation: Double? {
        guard values.count > 1 else { return nil }
        let mean = mean
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count - 1)).squareRoot()
    }

    /// Half the width of the 95 % interval of the mean by Student's t: `t(0.975, n - 1) s / sqrt(n)`; nil for a single
    /// value.
    public var reach: Double? {
        deviation.map { deviation in
            StudentDistribution(degreesOfFreedom: Double(count - 1)).quantile(0.975) * deviation
                / Double(count).squareRoot()
        }
    }
}
