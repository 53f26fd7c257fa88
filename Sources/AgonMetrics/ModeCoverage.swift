#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How many known modes of a distribution the generated samples cover, and how evenly.
///
/// For Gaussian mixtures, where a sample is of high quality if it lies within a few standard deviations of a centre:
/// Srivastava et al., "VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning", NIPS 2017,
/// arXiv:1705.07761, section 5; Albuquerque et al., "Multi-objective training of Generative Adversarial Networks with
/// multiple discriminators", ICML 2019, arXiv:1901.08680. For images of stacked digits, whose modes a classifier
/// names: Metz et al., "Unrolled Generative Adversarial Networks", 2017, arXiv:1611.02163, section 3.3.1.
public struct ModeCoverage: Equatable, Sendable {
    /// The number of samples that belong to each mode: those of high quality, or all that a classifier named.
    public let counts: [Int]
    /// The number of modes with at least the required number of samples.
    public let coveredModes: Int
    /// The fraction of samples that belong to a mode, 0 to 1.
    public let highQualityShare: Double
    /// `KL(p ‖ q) = Σ p log(p / q)` in nats, of the samples' distribution p over the modes from the data's q, which is
    /// uniform for mixtures. Nil if no sample belongs to a mode; infinite if one belongs to a mode with q = 0.
    public let divergence: Double?

    /// The fraction of modes covered, 0 to 1.
    public var coveredShare: Double { Double(coveredModes) / Double(counts.count) }

    /// The coverage of a mixture of equally frequent isotropic Gaussians of equal deviation.
    ///
    /// Each sample belongs to the mode with the nearest centre (the first of several) if it is of high quality.
    ///
    /// - Parameters:
    ///   - samples: one row per sample.
    ///   - radius: the maximum distance of high-quality samples from a centre, in deviations.
    ///   - minimalCount: the number of such samples that cover a mode.
    /// - Throws: ``MetricError`` for no samples or non-finite values.
    public init(
        samples: Features, centres: [[Float]], deviation: Float, radius: Double = 3, minimalCount: Int = 1
    ) throws(MetricError) {
        precondition(!centres.isEmpty && deviation > 0 && radius > 0, "\(centres.count) modes of \(deviation)")
        precondition(
            centres.allSatisfy { $0.count == samples.columns }, "centres that are not of \(samples.columns) values")
        try samples.check(atLeast: 1, set: "generated", metric: Self.metric)
        let reach = radius * Double(deviation)
        var counts = [Int](repeating: 0, count: centres.count)
        for row in 0..<samples.rows {
            var nearest = (mode: 0, squared: Double.infinity)
            for (mode, centre) in centres.enumerated() {
                var squared = 0.0
                for column in 0..<samples.columns {
                    let difference = samples.values[row * samples.columns + column] - Double(centre[column])
                    squared += difference * difference
                }
                if squared < nearest.squared { nearest = (mode, squared) }
            }
            if nearest.squared <= reach * reach { counts[nearest.mode] += 1 }
        }
        self.init(
            counts: counts, total: samples.rows, frequencies: [Double](repeating: 1, count: centres.count),
            minimalCount: minimalCount)
    }

    /// The coverage of numbered modes.
    ///
    /// - Parameters:
    ///   - modes: the mode of each sample, for example as classified.
    ///   - frequencies: the frequency of each mode in the data, as counts or fractions.
    /// - Throws: ``MetricError`` for no samples, or frequencies that are negative, not finite or all 0.
    public init(modes: [Int], frequencies: [Double], minimalCount: Int = 1) throws(MetricError) {
        guard !modes.isEmpty else {
            throw .tooFewSamples(metric: Self.metric, set: "generated", count: 0, needed: 1)
        }
        for (mode, frequency) in frequencies.enumerated() where !(frequency >= 0 && frequency.isFinite) {
            throw .badFrequency(mode: mode, value: frequency)
        }
        guard frequencies.contains(where: { $0 > 0 }) else { throw .badFrequency(mode: 0, value: 0) }
        self.init(
            counts: Self.counts(of: modes, count: frequencies.count), total: modes.count, frequencies: frequencies,
            minimalCount: minimalCount)
    }

    /// The coverage of the `classCount³` modes of three stacked images, mode `(a * classCount + b) * classCount + c`.
    ///
    /// - Parameters:
    ///   - triples: the class of each of the three channels, channels of a sample adjacent.
    ///   - frequencies: as above; nil if all modes are equally frequent.
    /// - Throws: as above.
    public init(
        triples: [Int], classCount: Int = 10, frequencies: [Double]? = nil, minimalCount: Int = 1
    ) throws(MetricError) {
        precondition(triples.count % 3 == 0, "\(triples.count) classes are no triples")
        for value in triples { precondition(value >= 0 && value < classCount, "class \(value) of \(classCount)") }
        let count = classCount * classCount * classCount
        precondition(frequencies.map { $0.count == count } ?? true, "other frequencies than of \(count) modes")
        let modes = stride(from: 0, to: triples.count, by: 3).map { start in
            (triples[start] * classCount + triples[start + 1]) * classCount + triples[start + 2]
        }
        try self.init(
            modes: modes, frequencies: frequencies ?? [Double](repeating: 1, count: count), minimalCount: minimalCount)
    }

    /// The number of samples in each of `count` modes.
    public static func counts(of modes: some Sequence<Int>, count: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: count)
        for mode in modes {
            precondition(mode >= 0 && mode < count, "mode \(mode) of \(count)")
            counts[mode] += 1
        }
        return counts
    }

    private static let metric = "mode coverage"

    private init(counts: [Int], total: Int, frequencies: [Double], minimalCount: Int) {
        precondition(minimalCount > 0, "a mode covered by \(minimalCount) samples")
        self.counts = counts
        coveredModes = counts.count { $0 >= minimalCount }
        let members = counts.reduce(0, +)
        highQualityShare = Double(members) / Double(total)
        guard members > 0 else {
            divergence = nil
            return
        }
        let frequencySum = frequencies.reduce(0, +)
        var sum = 0.0
        for (count, frequency) in zip(counts, frequencies) where count > 0 {
            let p = Double(count) / Double(members)
            sum += p * log(p * frequencySum / frequency)
        }
        divergence = max(sum, 0)
    }
}
