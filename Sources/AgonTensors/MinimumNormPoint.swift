/// The point of smallest norm in a convex hull: `min ‖Σ w_k g_k‖²` over `w ≥ 0`, `Σ w_k = 1`, for vectors g_1 ... g_K.
///
/// Wolfe, "Finding the nearest point in a polytope", Mathematical Programming 11, 1976. An active-set method: it ends
/// after finitely many exact steps, with the accuracy of the Gram matrix, unlike the iterative Frank-Wolfe.
/// Multiple-gradient descent uses the weights: Désidéri, "Multiple-gradient descent algorithm (MGDA) for
/// multiobjective optimization", Comptes Rendus Mathématique 350, 2012.
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
        // Scaled to 1, so that products of products do not overflow.
        let scale = gram.reduce(0) { max($0, abs($1)) }
        var search = MinimumNormSearch(gram: scale > 0 ? gram.map { $0 / scale } : gram, count: count)
        search.run()
        weights = search.point.weights
        squaredNorm = max(search.point.squaredNorm, 0) * scale
    }
}

/// Wolfe's two loops on the Gram matrix `M`. With weights `w`, `x = Σ w_k g_k` has `x · g_j = (M w)_j`.
private struct MinimumNormSearch {
    struct Point {
        var weights: [Double]
        /// The vectors with a weight: affinely independent up to rounding.
        var active: [Int]
        var squaredNorm: Double
    }

    let gram: [Double]
    let count: Int
    var point: Point

    init(gram: [Double], count: Int) {
        self.gram = gram
        self.count = count
        let shortest = (0..<count).min { gram[$0 * count + $0] < gram[$1 * count + $1] } ?? 0
        var weights = [Double](repeating: 0, count: count)
        weights[shortest] = 1
        point = Point(weights: weights, active: [shortest], squaredNorm: gram[shortest * count + shortest])
    }

    mutating func run() {
        // Each round shortens x, so in exact arithmetic no active set recurs; the limit guards against rounding.
        var refused: Set<Int> = []
        for _ in 0..<(100 * count + 1000) {
            guard let candidate = mostOpposed(except: refused) else { return }
            // The affine step is exact unless the candidate nearly depends on the active vectors (a thin hull); then
            // the straight step still improves what it can.
            let next = [affineStep(to: candidate), straightStep(to: candidate)].min { $0.squaredNorm < $1.squaredNorm }
            if let next, next.squaredNorm < point.squaredNorm {
                point = next
                refused = []
            } else {
                refused.insert(candidate)
            }
        }
    }

    /// The vector that shortens x most, by the decrease along the segment to it; nil if x is optimal:
    /// `x · g_j ≥ x · x` for all j, up to the rounding errors of these sums.
    private func mostOpposed(except refused: Set<Int>) -> Int? {
        let magnitudeOfNorm = norm(of: point, absolute: true)
        var best: Int?
        var largestDrop = 0.0
        for j in 0..<count where !point.active.contains(j) && !refused.contains(j) {
            let magnitude = point.active.reduce(0) { $0 + point.weights[$1] * abs(product($1, j)) }
            let bound = 4 * Double(count) * Double.ulpOfOne * (magnitude + magnitudeOfNorm)
            guard gap(to: j) > bound else { continue }
            let (step, length) = straightStepLength(to: j)
            let drop = step * (2 * gap(to: j) - step * length)
            if best == nil || drop > largestDrop { (best, largestDrop) = (j, drop) }
        }
        return best
    }

    /// `x · (x - g_j)`: the distance of g_j from x towards the origin, times ‖x‖.
    private func gap(to j: Int) -> Double {
        point.squaredNorm - point.active.reduce(0) { $0 + point.weights[$1] * product($1, j) }
    }

    /// A step t towards g_j reduces ‖x‖² by `2 t gap - t² length`: the best t, and `length = ‖x - g_j‖²`.
    private func straightStepLength(to j: Int) -> (step: Double, length: Double) {
        let length = 2 * gap(to: j) - point.squaredNorm + product(j, j)
        return (length > gap(to: j) ? gap(to: j) / length : 1, length)
    }

    private func straightStep(to candidate: Int) -> Point {
        let (step, _) = straightStepLength(to: candidate)
        var next = point
        for i in next.active { next.weights[i] *= 1 - step }
        next.weights[candidate] = step
        next.active.append(candidate)
        next.active.removeAll { next.weights[$0] == 0 }
        next.squaredNorm = norm(of: next)
        return next
    }

    /// Wolfe's minor cycle: moves to the affine minimum of the active vectors until it lies in their convex hull.
    private func affineStep(to candidate: Int) -> Point {
        var next = point
        next.active.append(candidate)
        while true {
            let target = affineMinimum(of: next.active)
            guard target.allSatisfy(\.isFinite) else { return point }  // not a Gram matrix; the point is refused
            if target.allSatisfy({ $0 > 0 }) {
                for (i, weight) in zip(next.active, target) { next.weights[i] = weight }
                break
            }
            // Moves until a weight reaches 0; such vectors leave.
            var step = 1.0
            for (i, weight) in zip(next.active, target) where weight <= 0 { step = min(step, reach(next, i, weight)) }
            var kept: [Int] = []
            for (i, weight) in zip(next.active, target) {
                let leaves = weight <= 0 && reach(next, i, weight) <= step
                next.weights[i] = leaves ? 0 : max(next.weights[i] + step * (weight - next.weights[i]), 0)
                if !leaves { kept.append(i) }
            }
            next.active = kept
        }
        let sum = next.active.reduce(0) { $0 + next.weights[$1] }
        for i in next.active { next.weights[i] /= sum }
        next.squaredNorm = norm(of: next)
        return next
    }

    /// The fraction of the step to a target weight of 0 or less at which weight `i` is 0.
    private func reach(_ from: Point, _ i: Int, _ target: Double) -> Double {
        from.weights[i] > 0 ? from.weights[i] / (from.weights[i] - target) : 0
    }

    /// The weights (sum 1, any sign) of the active vectors' affine minimum.
    ///
    /// From the shortest vector b: `y` minimises `‖b + Σ y_i (g_i - b)‖²`, by elimination in the Gram matrix of the
    /// differences. A difference that depends on earlier ones up to rounding gets weight 0.
    private func affineMinimum(of active: [Int]) -> [Double] {
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

    /// `‖x‖²`, or the sum of its terms' absolute values, to which its rounding error is proportional.
    private func norm(of point: Point, absolute: Bool = false) -> Double {
        var sum = 0.0
        for i in point.active {
            for j in point.active {
                let term = point.weights[i] * point.weights[j] * product(i, j)
                sum += absolute ? abs(term) : term
            }
        }
        return sum
    }
}

/// Solves `A y = r` for a symmetric positive semidefinite `A` as `L D L'` with diagonal pivoting; unknowns whose pivot
/// vanishes up to rounding are 0.
private func solvePositive(_ matrix: [Double], _ right: [Double]) -> [Double] {
    let size = right.count
    var a = matrix
    var y = right
    var order = Array(0..<size)
    let diagonal = (0..<size).map { matrix[$0 * size + $0] }
    var rank = 0
    while rank < size {
        // The pivot with the largest remaining fraction of its diagonal, independent of the vectors' scales.
        let ratio = { (row: Int) in diagonal[order[row]] > 0 ? a[row * size + row] / diagonal[order[row]] : 0 }
        let pivot = (rank..<size).max { ratio($0) < ratio($1) } ?? rank
        guard ratio(pivot) > 16 * Double(size) * Double.ulpOfOne else { break }
        if pivot != rank {
            order.swapAt(pivot, rank)
            y.swapAt(pivot, rank)
            for column in 0..<size { a.swapAt(pivot * size + column, rank * size + column) }
            for row in 0..<size { a.swapAt(row * size + pivot, row * size + rank) }
        }
        let leading = a[rank * size + rank]
        for row in rank + 1..<size {
            for column in rank + 1...row {
                a[row * size + column] -= a[row * size + rank] * a[column * size + rank] / leading
                a[column * size + row] = a[row * size + column]
            }
        }
        for row in rank + 1..<size { a[row * size + rank] /= leading }
        rank += 1
    }
    for row in 0..<rank {
        for column in 0..<row { y[row] -= a[row * size + column] * y[column] }
    }
    for row in stride(from: rank - 1, through: 0, by: -1) {
        y[row] /= a[row * size + row]
        for column in row + 1..<max(rank, row + 1) { y[row] -= a[column * size + row] * y[column] }
    }
    var solution = [Double](repeating: 0, count: size)
    for row in 0..<rank { solution[order[row]] = y[row] }
    return solution
}
