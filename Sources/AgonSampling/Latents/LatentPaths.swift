import AgonAdversarial
import AgonTensors
import Foundation

/// Interpolation between latent vectors.
enum LatentPath {
    /// Rows of vectors, each from one random vector to the next.
    static func rows(_ latent: LatentConfiguration, count: Int, columns: Int, stream: RandomStream) -> [Float] {
        let rows = (count + columns - 1) / columns
        let ends = latent.values(2 * rows, from: stream)
        var vectors: [Float] = []
        for place in 0..<count {
            let (row, column) = (place / columns, place % columns)
            let start = ends[2 * row * latent.size..<(2 * row + 1) * latent.size]
            let end = ends[(2 * row + 1) * latent.size..<(2 * row + 2) * latent.size]
            let share = columns > 1 ? Double(column) / Double(columns - 1) : 0
            vectors += greatCircle(Array(start), Array(end), share)
        }
        return vectors
    }

    /// `count` vectors from `a` to `b`, both included; one alone is `a`.
    static func between(_ a: [Float], _ b: [Float], count: Int) -> [Float] {
        (0..<count).flatMap { greatCircle(a, b, count > 1 ? Double($0) / Double(count - 1) : 0) }
    }

    /// The vector at a fraction of the great circle from `a` to `b`, with linearly interpolated length.
    ///
    /// Shoemake, "Animating rotation with quaternion curves", 1985; White, "Sampling Generative Networks", 2016,
    /// arXiv:1609.04468, section 2.1. Straight lines would pass through lengths that random vectors do not have.
    static func greatCircle(_ a: [Float], _ b: [Float], _ share: Double) -> [Float] {
        precondition(a.count == b.count, "vectors of \(a.count) and \(b.count) numbers")
        func length(_ vector: [Float]) -> Double { vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
        let (lengthA, lengthB) = (length(a), length(b))
        guard lengthA > 0, lengthB > 0 else {
            return zip(a, b).map { Float(Double($0) * (1 - share) + Double($1) * share) }
        }
        let product = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        let angle = acos(min(1, max(-1, product / (lengthA * lengthB))))
        let target = lengthA + (lengthB - lengthA) * share
        // (Nearly) parallel or opposite vectors have no unique circle; their line is used instead.
        let isPlain = sin(angle) < 1e-6
        let weightA = isPlain ? 1 - share : sin((1 - share) * angle) / sin(angle)
        let weightB = isPlain ? share : sin(share * angle) / sin(angle)
        return zip(a, b).map {
            Float((Double($0) / lengthA * weightA + Double($1) / lengthB * weightB) * target)
        }
    }
}
