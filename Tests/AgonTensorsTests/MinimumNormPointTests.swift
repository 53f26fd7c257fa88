import AgonTensors
import AgonTestFiles
import Testing

@Suite struct MinimumNormPointTests {
    private func gram(_ vectors: [[Double]]) -> [Double] {
        vectors.flatMap { u in vectors.map { v in zip(u, v).reduce(0) { $0 + $1.0 * $1.1 } } }
    }

    /// The conditions that hold at the minimum alone: weights on the simplex, and `x · g_j ≥ x · x` for all j.
    private func checkOptimal(_ gram: [Double], count: Int, _ comment: Comment) {
        let point = MinimumNormPoint(gram: gram, count: count)
        #expect(point.weights.allSatisfy { $0 >= 0 }, comment)
        #expect(abs(point.weights.reduce(0, +) - 1) < 1e-14 * Double(count), comment)
        var magnitude = 0.0
        let products = (0..<count).map { i in
            (0..<count).reduce(0.0) { sum, j in
                let term = gram[i * count + j] * point.weights[j]
                magnitude = max(magnitude, abs(term))
                return sum + term
            }
        }
        let square = zip(products, point.weights).reduce(0) { $0 + $1.0 * $1.1 }
        // Rounding of the inner products is relative to the terms that meet in them.
        let bound = 1e-13 * magnitude
        #expect(abs(square - point.squaredNorm) <= bound, comment)
        for product in products { #expect(product >= square - bound, comment) }
    }

    @Test(arguments: ["k3", "k8"])
    func recordedCases(name: String) throws {
        let file = try goldenCase("loss/mgd-minimum-norm-\(name)")
        let gradients = try file.tensor("gradients")
        let (count, length) = (gradients.shape[0], gradients.shape[1])
        let vectors = (0..<count).map { row in gradients.values[row * length..<(row + 1) * length].map(Double.init) }
        let point = MinimumNormPoint(gram: gram(vectors), count: count)
        let expected = Double(try file.tensor("norm_squared").values[0])
        #expect(abs(point.squaredNorm - expected) <= 1e-6 * expected)
        let weights = try file.tensor("weights").values
        try #require(point.weights.count == count && weights.count == count)
        for (found, weight) in zip(point.weights, weights) {
            #expect(abs(found - Double(weight)) < 1e-4)  // the recorded weights end where their norm changes by 1e-15
        }
    }

    @Test func knownPoints() {
        // Two vectors: the foot of the perpendicular, or the shorter end.
        let foot = MinimumNormPoint(gram: gram([[1, 1], [-1, 1]]), count: 2)
        #expect(foot.weights == [0.5, 0.5] && foot.squaredNorm == 1)
        let end = MinimumNormPoint(gram: gram([[1, 1], [3, 2]]), count: 2)
        #expect(end.weights == [1, 0] && end.squaredNorm == 2)
        // Orthogonal vectors: weights inverse to the squared lengths.
        let orthogonal = MinimumNormPoint(gram: gram([[1, 0, 0], [0, 2, 0], [0, 0, 4]]), count: 3)
        #expect(orthogonal.weights.count == 3)
        for (found, expected) in zip(orthogonal.weights, [16.0 / 21, 4.0 / 21, 1.0 / 21]) {
            #expect(abs(found - expected) < 1e-15)
        }
        let alone = MinimumNormPoint(gram: [9], count: 1)
        #expect(alone.weights == [1] && alone.squaredNorm == 9)
    }

    @Test func degenerateSets() {
        checkOptimal(gram([[1, 2], [1, 2], [1, 2]]), count: 3, "equal vectors")
        checkOptimal(gram([[0, 0], [0, 0]]), count: 2, "zeros")
        checkOptimal(gram([[0, 0], [1, 2], [3, 4]]), count: 3, "a zero among others")
        checkOptimal(gram([[1, 2], [-1, -2]]), count: 2, "opposed")
        checkOptimal(gram([[1, 0], [0, 1], [-1, -1], [2, 2]]), count: 4, "the origin inside")
        checkOptimal(gram([[-2, 1], [-1, 1], [0, 1], [1, 1], [2, 1]]), count: 5, "on a line")
        checkOptimal(gram([[1e-6, 0], [1e3, 1e3], [-1e3, 1e-3]]), count: 3, "very different lengths")
        checkOptimal(gram([[1e100, 1e100], [-1e100, 2e100]]), count: 2, "very long")
        checkOptimal(gram([[1e-120, 1e-120], [-1e-120, 2e-120]]), count: 2, "very short")
        checkOptimal(gram([[-1, 1], [1, 1], [0, 1 - 1e-9]]), count: 3, "a hull as thin as a hair")
        checkOptimal(gram([[-1, 1], [1, 1], [0, 1 - 1e-12], [0.5, 1 - 1e-13]]), count: 4, "thinner")
    }

    @Test func thinHullIsNotMistakenForALine() {
        let height = 1e-9
        let point = MinimumNormPoint(gram: gram([[-1, 1], [1, 1], [0, 1 - height]]), count: 3)
        #expect(abs(point.squaredNorm - (1 - height) * (1 - height)) < 1e-15)
    }

    @Test func randomSets() {
        var random = SplitMix64(seed: 31)
        for trial in 0..<400 {
            let count = Int.random(in: 1...24, using: &random)
            let length = Int.random(in: 1...30, using: &random)
            let offset = [0, 0.3, 3][trial % 3]
            var vectors = (0..<count).map { _ in
                let scale = trial % 4 == 0 ? Double.random(in: 1e-3...1e3, using: &random) : 1
                return (0..<length).map { _ in (random.normal() + offset) * scale }
            }
            if trial % 5 == 0, count > 2 {
                vectors[1] = vectors[0]  // a duplicate, and a mixture of two
                vectors[2] = zip(vectors[0], vectors[count - 1]).map { 0.25 * $0 + 0.75 * $1 }
            }
            checkOptimal(gram(vectors), count: count, "trial \(trial): \(count) vectors of \(length)")
        }
    }
}
