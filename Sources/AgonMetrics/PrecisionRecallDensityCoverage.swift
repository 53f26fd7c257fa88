/// How realistic generated images are, and how much of the real distribution they cover, by k-nearest-neighbour balls.
///
/// The (open) ball of a sample reaches to its k-th neighbour in its own set:
/// - precision: the fraction of generated samples that lie in a real ball;
/// - recall: the fraction of real samples that lie in a generated ball;
/// - density: the number of real balls that a generated sample lies in, on average, over k (can exceed 1);
/// - coverage: the fraction of real balls that contain a generated sample.
///
/// Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models", 2019, arXiv:1904.06991;
/// Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models", ICML 2020, arXiv:2002.09797, eq. 3-6.
public struct PrecisionRecallDensityCoverage: Equatable, Sendable {
    public let precision: Double
    public let recall: Double
    public let density: Double
    public let coverage: Double

    /// - Parameters:
    ///   - neighbours: k.
    ///   - threads: the number of threads; the result does not depend on it.
    /// - Throws: ``MetricError`` for unusable features or at most k samples in a set; `TensorsError` without BLAS.
    public init(real: Features, fake: Features, neighbours: Int = 5, threads: Int = 1) throws {
        precondition(neighbours > 0, "balls to the \(neighbours)-th neighbour")
        let metric = "precision and recall"
        try Features.check(real: real, fake: fake, atLeast: neighbours + 1, metric: metric)
        let centre = Self.mean(of: real)
        let realSamples = DistanceSamples(real, centre: centre)
        let fakeSamples = DistanceSamples(fake, centre: centre)
        let realRadii = try realSamples.neighbourDistances(neighbours, threads: threads)
        let fakeRadii = try fakeSamples.neighbourDistances(neighbours, threads: threads)

        let blocks = RowBlocks(realSamples.centred, fakeSamples.centred)
        // One row per real sample; one row of counts for all generated samples per block.
        var isRecalled = [Bool](repeating: false, count: real.rows)
        var isCovered = [Bool](repeating: false, count: real.rows)
        var ballCounts = [Int](repeating: 0, count: blocks.count * fake.rows)
        try isRecalled.withUnsafeMutableBufferPointer { recalled in
            try isCovered.withUnsafeMutableBufferPointer { covered in
                try ballCounts.withUnsafeMutableBufferPointer { counts in
                    // Each block writes only its own elements.
                    nonisolated(unsafe) let (recalled, covered, counts) = (recalled, covered, counts)
                    try blocks.forEach(threads: threads) { block in
                        withDistances(realSamples, fakeSamples) { distances in
                            for i in block.rows {
                                for j in 0..<block.columns {
                                    let (squared, bound) = distances.approximate(i, j, product: block[i, j])
                                    if distances.isBelow(realRadii[i], i, j, squared, bound) {
                                        covered[i] = true
                                        counts[block.index * block.columns + j] += 1
                                    }
                                    if !recalled[i], distances.isBelow(fakeRadii[j], i, j, squared, bound) {
                                        recalled[i] = true
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        var preciseCount = 0
        for j in 0..<fake.rows where (0..<blocks.count).contains(where: { ballCounts[$0 * fake.rows + j] > 0 }) {
            preciseCount += 1
        }
        precision = Double(preciseCount) / Double(fake.rows)
        recall = Double(isRecalled.count { $0 }) / Double(real.rows)
        density = Double(ballCounts.reduce(0, +)) / Double(neighbours * fake.rows)
        coverage = Double(isCovered.count { $0 }) / Double(real.rows)
    }

    private static func mean(of features: Features) -> [Double] {
        var mean = [Double](repeating: 0, count: features.columns)
        for row in 0..<features.rows {
            for column in 0..<features.columns { mean[column] += features.values[row * features.columns + column] }
        }
        return mean.map { $0 / Double(features.rows) }
    }
}

/// Samples prepared for distances: `‖x - y‖² = ‖x‖² + ‖y‖² - 2 x · y` by matrix products, and exactly where that is not
/// accurate enough. Centring keeps the norms, and so the cancellation, small.
private struct DistanceSamples {
    let original: Features
    let centred: Features
    let squaredNorms: [Double]

    init(_ features: Features, centre: [Double]) {
        original = features
        let columns = features.columns
        var values = features.values
        var norms = [Double](repeating: 0, count: features.rows)
        for row in 0..<features.rows {
            for column in 0..<columns {
                values[row * columns + column] -= centre[column]
                norms[row] += values[row * columns + column] * values[row * columns + column]
            }
        }
        centred = Features(rows: features.rows, columns: columns, values: values)
        squaredNorms = norms
    }

    /// The distance of each sample to its k-th neighbour among the others.
    func neighbourDistances(_ k: Int, threads: Int) throws -> [Double] {
        var result = [Double](repeating: 0, count: original.rows)
        try result.withUnsafeMutableBufferPointer { result in
            nonisolated(unsafe) let result = result  // each block writes its own rows
            try RowBlocks(centred, centred).forEach(threads: threads) { block in
                withDistances(self, self) { distances in
                    var nearest = SmallestValues(k)
                    for i in block.rows {
                        // The k-th smallest upper bound: distances surely above it are skipped, the rest are exact.
                        nearest.removeAll()
                        for j in 0..<block.columns where j != i {
                            let (squared, bound) = distances.approximate(i, j, product: block[i, j])
                            nearest.insert(squared + bound)
                        }
                        let limit = nearest.largest
                        nearest.removeAll()
                        for j in 0..<block.columns where j != i {
                            let (squared, bound) = distances.approximate(i, j, product: block[i, j])
                            guard squared - bound <= limit else { continue }
                            nearest.insert(distances.exact(i, j))
                            if nearest.largest == 0 { break }  // collapsed samples: nothing is nearer
                        }
                        result[i] = nearest.largest
                    }
                }
            }
        }
        return result
    }
}

/// Passes the distances between two sets to `body`; they are valid only inside it.
private func withDistances(_ x: DistanceSamples, _ y: DistanceSamples, _ body: (Distances) -> Void) {
    x.original.values.withUnsafeBufferPointer { xValues in
        y.original.values.withUnsafeBufferPointer { yValues in
            x.squaredNorms.withUnsafeBufferPointer { xNorms in
                y.squaredNorms.withUnsafeBufferPointer { yNorms in
                    body(
                        Distances(
                            columns: x.original.columns, x: xValues, y: yValues, xNorms: xNorms, yNorms: yNorms))
                }
            }
        }
    }
}

/// Distances between samples of two sets. Holds pointers, not arrays, whose reference counts the threads would share.
private struct Distances {
    let columns: Int
    let x: UnsafeBufferPointer<Double>
    let y: UnsafeBufferPointer<Double>
    let xNorms: UnsafeBufferPointer<Double>
    let yNorms: UnsafeBufferPointer<Double>

    /// The squared distance from the product of the centred samples, and its error bound.
    func approximate(_ i: Int, _ j: Int, product: Double) -> (squared: Double, bound: Double) {
        let norms = xNorms[i] + yNorms[j]
        // Sums of `columns` terms, each rounded to a unit in the last place, in any order; and the centring.
        return (norms - 2 * product, Double(columns + 16) * Double.ulpOfOne * norms)
    }

    /// The distance from the differences: 0 for equal samples.
    func exact(_ i: Int, _ j: Int) -> Double {
        var sum = 0.0
        for column in 0..<columns {
            let difference = x[i * columns + column] - y[j * columns + column]
            sum += difference * difference
        }
        return sum.squareRoot()
    }

    /// Whether a distance is smaller than a radius, decided exactly where rounding could decide it.
    func isBelow(_ radius: Double, _ i: Int, _ j: Int, _ squared: Double, _ bound: Double) -> Bool {
        if radius == 0 { return false }
        let squaredRadius = radius * radius
        let margin = bound + 8 * Double.ulpOfOne * squaredRadius
        if squared + margin < squaredRadius { return true }
        if squared - margin > squaredRadius { return false }
        return exact(i, j) < radius
    }
}

/// The k smallest of the numbers inserted.
private struct SmallestValues {
    private var ascending: [Double]

    init(_ k: Int) { ascending = [Double](repeating: .infinity, count: k) }

    /// The k-th smallest; infinite until k values are inserted.
    var largest: Double { ascending[ascending.count - 1] }

    mutating func removeAll() {
        for place in ascending.indices { ascending[place] = .infinity }
    }

    mutating func insert(_ value: Double) {
        guard value < largest else { return }
        var place = ascending.count - 1
        while place > 0, ascending[place - 1] > value {
            ascending[place] = ascending[place - 1]
            place -= 1
        }
        ascending[place] = value
    }
}
