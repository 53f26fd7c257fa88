import Tensors

/// How much of the generated images is realistic, and how much of the real ones is generated, by k-nearest balls.
///
/// With the ball of a sample reaching (exclusively) to its k-th neighbour in its own set:
/// - precision: the part of generated samples that lie in some real ball;
/// - recall: the part of real samples that lie in some generated ball;
/// - density: the number of real balls that a generated sample lies in, on average, over k (can exceed 1);
/// - coverage: the part of real balls that hold a generated sample.
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
    ///   - threads: on how many the work is done; the result does not depend on it.
    /// - Throws: ``EvaluationError`` for unusable features or at most k samples in a set; `TensorsError` without BLAS.
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
        // A row each for all real samples; a row of counts for all generated samples in each block.
        var isRecalled = [Bool](repeating: false, count: real.rows)
        var isCovered = [Bool](repeating: false, count: real.rows)
        var ballCounts = [Int](repeating: 0, count: blocks.count * fake.rows)
        try isRecalled.withUnsafeMutableBufferPointer { recalled in
            try isCovered.withUnsafeMutableBufferPointer { covered in
                try ballCounts.withUnsafeMutableBufferPointer { counts in
                    // Each block writes elements of its own.
                    nonisolated(unsafe) let (recalled, covered, counts) = (recalled, covered, counts)
                    try blocks.forEach(threads: threads) { block in
                        for i in block.rows {
                            for j in 0..<fake.rows {
                                let distance = Approximation(realSamples, i, fakeSamples, j, product: block[i, j])
                                if distance.isBelow(realRadii[i]) {
                                    covered[i] = true
                                    counts[block.index * fake.rows + j] += 1
                                }
                                if !recalled[i], distance.isBelow(fakeRadii[j]) { recalled[i] = true }
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
/// enough. Centring makes the norms, and so the cancellation, small.
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
    func neighbourDistances(_ k: Int, threads: Int) throws(TensorsError) -> [Double] {
        var distances = [Double](repeating: 0, count: original.rows)
        let count = original.rows
        let failure: TensorsError? = distances.withUnsafeMutableBufferPointer { target in
            nonisolated(unsafe) let target = target
            do throws(TensorsError) {
                try RowBlocks(centred, centred).forEach(threads: threads) { block in
                    for i in block.rows {
                        let approximations = (0..<count).lazy.filter { $0 != i }.map {
                            Approximation(self, i, self, $0, product: block[i, $0])
                        }
                        target[i] = Self.smallest(k, of: approximations)
                    }
                }
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        return distances
    }

    /// The k-th smallest distance: the exact one among all that could be it.
    private static func smallest(_ k: Int, of distances: some Sequence<Approximation>) -> Double {
        var bounds = SmallestValues(k)
        for distance in distances { bounds.insert(distance.squared + distance.bound) }
        var exact = SmallestValues(k)
        for distance in distances where distance.squared - distance.bound <= bounds.largest {
            exact.insert(distance.exact)
            if exact.largest == 0 { break }  // collapsed samples: nothing is nearer
        }
        return exact.largest
    }
}

/// A distance known up to rounding.
private struct Approximation {
    let squared: Double
    /// How far `squared` can be from the truth.
    let bound: Double
    private let x: DistanceSamples
    private let y: DistanceSamples
    private let i: Int
    private let j: Int

    init(_ x: DistanceSamples, _ i: Int, _ y: DistanceSamples, _ j: Int, product: Double) {
        (self.x, self.i, self.y, self.j) = (x, i, y, j)
        let norms = x.squaredNorms[i] + y.squaredNorms[j]
        squared = norms - 2 * product
        // Sums of `columns` terms, each within one unit of the last place, in any order; and the centring.
        bound = Double(x.original.columns + 16) * Double.ulpOfOne * norms
    }

    /// By the differences: 0 for equal samples.
    var exact: Double {
        let columns = x.original.columns
        return x.original.values.withUnsafeBufferPointer { a in
            y.original.values.withUnsafeBufferPointer { b in
                var sum = 0.0
                for column in 0..<columns {
                    let difference = a[i * columns + column] - b[j * columns + column]
                    sum += difference * difference
                }
                return sum.squareRoot()
            }
        }
    }

    /// Whether the distance is smaller than a radius, decided exactly where rounding could decide it.
    func isBelow(_ radius: Double) -> Bool {
        if radius == 0 { return false }
        let squaredRadius = radius * radius
        let margin = bound + 8 * Double.ulpOfOne * squaredRadius
        if squared + margin < squaredRadius { return true }
        if squared - margin > squaredRadius { return false }
        return exact < radius
    }
}

/// The k smallest of the numbers inserted.
private struct SmallestValues {
    private var ascending: [Double]

    init(_ k: Int) { ascending = [Double](repeating: .infinity, count: k) }

    /// The k-th smallest; infinite before k were inserted.
    var largest: Double { ascending[ascending.count - 1] }

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
