/// The point of smallest norm in the convex hull of vectors g_1 ... g_K: `min ‖Σ w_k g_k‖²` with `w ≥ 0`, `Σ w_k = 1`.
///
/// Wolfe, "Finding the nearest point in a polytope", Mathematical Programming 11, 1976. An active-set method: it ends
/// after finitely many exact steps, with the accuracy of the Gram matrix, instead of converging as Frank-Wolfe does.
/// Multiple-gradient descent takes the weights: Désidéri, "Multiple-gradient descent algorithm (MGDA) for multiobjective
/// optimization", Comptes Rendus Mathématique 350, 2012.
public struct MinimumNormPoint: Equatable, Sendable {
    /// `w`, each at least 0, sum 1.
    public let weights: [Double]
    /// `‖Σ w_k g_k‖²`.
    public let squaredNorm: Double

    /// Finds the point from the inner products alone.
    ///
    /// - Parameter gram: the symmetric K x K matrix of `g_i · g_j`, row-major; its values finite.
    public init(gram: [Double], count: Int) {
        precondition(count > 0, "no vectors")
        precondition(gram.count == count * count, "\(count) vectors need \(count * count) products, not \(gram.count)")
        precondition(gram.allSatisfy(\.isFinite), "a product of vectors is not finite")
        var search = MinimumNormSearch(gram: gram, count: count)
        search.run()
        weights = search.weights
        squaredNorm = max(search.squaredNorm, 0)
    }
}

/// Wolfe's two loops on the Gram matrix `M`. With weights `w`, `x = Σ w_k g_k` has `x · g_j = (M w)_j`.
private struct MinimumNormSearch {
    let gram: [Double]
    let count: Int
    var weights: [Double]
    /// The vectors with a weight: affinely independent, and `x` the point of their affine hull next to the origin.
    var active: [Int]
    var squaredNorm: Double

    init(gram: [Double], count: Int) {
        self.gram = gram
        self.count = count
        let shortest = (0..<count).min { gram[$0 * count + $0] < gram[$1 * count + $1] } ?? 0
        weights = [Double](repeating: 0, count: count)
        weights[shortest] = 1
        active = [shortest]
        squaredNorm = gram[shortest * count + shortest]
    }

    mutating func run() {
        while let candidate = mostOpposed() {
            let (formerWeights, formerActive, formerNorm) = (weights, active, squaredNorm)
            active.append(candidate)
            moveToAffineMinimum()
            squaredNorm = self.norm()
            // Each round shortens x in exact arithmetic, so no active set recurs; where rounding stops that, x is there.
            guard squaredNorm < formerNorm else {
                (weights, active, squaredNorm) = (formerWeights, formerActive, formerNorm)
                return
            }
        }
    }

    /// The vector that x can best be shortened with, by the drop that the segment to it allows; nil when x is optimal:
    /// `x · g_j ≥ x · x` for all j, but for the rounding errors of these very sums.
    private func mostOpposed() -> Int? {
        var best: Int?
        var largestDrop = 0.0
        for j in 0..<count where !active.contains(j) {
            var product = 0.0
            var magnitude = 0.0
            for i in active {
                product += weights[i] * gram[i * count + j]
                magnitude += weights[i] * abs(gram[i * count + j])
            }
            let gap = squaredNorm - product
            let bound = 4 * Double(count) * Double.ulpOfOne * (magnitude + normMagnitude())
            guard gap > bound else { continue }
            let length = max(squaredNorm - 2 * product + gram[j * count + j], Double.leastNormalMagnitude)
            // Towards g_j by t, ‖x‖² falls by 2 t gap - t² length; the best t is gap / length, at most 1.
            let step = min(gap / length, 1)
            let drop = step * (2 * gap - step * length)
            if drop > largestDrop { (best, largestDrop) = (j, drop) }
        }
        return best
    }

    /// Wolfe's minor cycle: towards the affine minimum of the active vectors until it lies in their convex hull.
    private mutating func moveToAffineMinimum() {
        while true {
            let target = affineMinimum()
            if zip(active, target).allSatisfy({ $1 > 0 }) {
                for (i, weight) in zip(active, target) { weights[i] = weight }
                return
            }
            // As far as all weights stay at least 0; those that reach it leave.
            var step = 1.0
            for (i, weight) in zip(active, target) where weight <= 0 {
                let room = weights[i] - weight
                step = min(step, room > 0 ? weights[i] / room : 0)
            }
            var kept: [Int] = []
            for (i, weight) in zip(active, target) {
                let moved = weights[i] + step * (weight - weights[i])
                let room = weights[i] - weight
                let leaves = weight <= 0 && (room <= 0 || weights[i] / room <= step)
                weights[i] = leaves ? 0 : max(moved, 0)
                if !leaves { kept.append(i) }
            }
            active = kept
            normalise()
        }
    }

    private mutating func normalise() {
        let sum = active.reduce(0) { $0 + weights[$1] }
        for i in active { weights[i] /= sum }
    }

    /// The weights (sum 1, any sign) of the active vectors' affine minimum.
    ///
    /// From the shortest vector b: `y` minimises `‖b + Σ y_i (g_i - b)‖²`, by Cholesky with diagonal pivoting of the
    /// differences' Gram matrix. A difference that depends on those before it, but for rounding, takes no part: weight 0.
    private func affineMinimum() -> [Double] {
        let base = active.indices.min { product(active[$0], active[$0]) < product(active[$1], active[$1]) } ?? 0
        let b = active[base]
        let others = active.indices.filter { $0 != base }
        let size = others.count
        var matrix = [Double](repeating: 0, count: size * size)
        var right = [Double](repeating: 0, count: size)
        for (row, i) in others.enumerated() {
            for (column, j) in others.enumerated() {
                matrix[row * size + column] =
                    (product(active[i], active[j]) - product(active[i], b)) - (product(b, active[j]) - product(b, b))
            }
            right[row] = product(b, b) - product(active[i], b)
        }
        let solution = solvePositive(matrix, right)
        var result = [Double](repeating: 0, count: active.count)
        for (row, i) in others.enumerated() { result[i] = solution[row] }
        result[base] = 1 - solution.reduce(0, +)
        return result
    }

    private func product(_ i: Int, _ j: Int) -> Double { gram[i * count + j] }

    private func norm() -> Double {
        var sum = 0.0
        for i in active { for j in active { sum += weights[i] * weights[j] * product(i, j) } }
        return sum
    }

    /// The sum of the absolute terms of ``norm()``, which its rounding error is proportional to.
    private func normMagnitude() -> Double {
        var sum = 0.0
        for i in active { for j in active { sum += weights[i] * weights[j] * abs(product(i, j)) } }
        return sum
    }
}

/// Solves `A y = r` for a symmetric positive semidefinite `A` by Cholesky with diagonal pivoting; unknowns whose pivot
/// vanishes, but for rounding, are 0.
private func solvePositive(_ matrix: [Double], _ right: [Double]) -> [Double] {
    let size = right.count
    var a = matrix
    var y = right
    var order = Array(0..<size)
    let diagonal = (0..<size).map { matrix[$0 * size + $0] }
    var rank = 0
    while rank < size {
        // The pivot with the largest part of its diagonal left: independent of the vectors' scales.
        let ratio = { (row: Int) in diagonal[order[row]] > 0 ? a[row * size + row] / diagonal[order[row]] : 0 }
        let pivot = (rank..<size).max { ratio($0) < ratio($1) } ?? rank
        guard ratio(pivot) > 16 * Double(size) * Double.ulpOfOne else { break }
        if pivot != rank {
            order.swapAt(pivot, rank)
            y.swapAt(pivot, rank)
            for column in 0..<size { a.swapAt(pivot * size + column, rank * size + column) }
            for row in 0..<size { a.swapAt(row * size + pivot, row * size + rank) }
        }
        let root = a[rank * size + rank].squareRoot()
        a[rank * size + rank] = root
        for row in rank + 1..<size { a[row * size + rank] /= root }
        for row in rank + 1..<size {
            for column in rank + 1...row {
                a[row * size + column] -= a[row * size + rank] * a[column * size + rank]
                a[column * size + row] = a[row * size + column]
            }
        }
        rank += 1
    }
    for row in 0..<rank {
        for column in 0..<row { y[row] -= a[row * size + column] * y[column] }
        y[row] /= a[row * size + row]
    }
    for row in stride(from: rank - 1, through: 0, by: -1) {
        for column in row + 1..<max(rank, row + 1) { y[row] -= a[column * size + row] * y[column] }
        y[row] /= a[row * size + row]
    }
    var solution = [Double](repeating: 0, count: size)
    for row in 0..<rank { solution[order[row]] = y[row] }
    return solution
}
