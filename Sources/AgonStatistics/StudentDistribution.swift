import Foundation

/// Student's t distribution.
///
/// Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964, 26.7.
public struct StudentDistribution: Sendable {
    /// May be fractional, as Welch's approximation gives it.
    public let degreesOfFreedom: Double

    /// - Parameter degreesOfFreedom: above 0.
    public init(degreesOfFreedom: Double) {
        precondition(degreesOfFreedom > 0, "a t distribution with \(degreesOfFreedom) degrees of freedom")
        self.degreesOfFreedom = degreesOfFreedom
    }

    /// The probability of a value up to `t`: `1 - I(v / (v + t²); v/2, 1/2) / 2` for `t >= 0`.
    public func cumulative(_ t: Double) -> Double {
        let v = degreesOfFreedom
        let tail = 0.5 * regularizedIncompleteBeta(v / (v + t * t), a: v / 2, b: 0.5)
        return t < 0 ? tail : 1 - tail
    }

    /// The value that is not exceeded with probability `p`, in (0, 1).
    public func quantile(_ p: Double) -> Double {
        precondition(p > 0 && p < 1, "a quantile at \(p)")
        if p == 0.5 { return 0 }
        if p < 0.5 { return -quantile(1 - p) }
        // Bisection between bounds that grow as heavy tails need it; 200 halvings reach the last bit.
        var (low, high) = (0.0, 1.0)
        while cumulative(high) < p { high *= 2 }
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if middle == low || middle == high { break }
            if cumulative(middle) < p { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}

/// The regularized incomplete beta function `I(x; a, b)`, by its continued fraction (Abramowitz and Stegun, 26.5.8) in
/// Lentz's form.
func regularizedIncompleteBeta(_ x: Double, a: Double, b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    // The fraction converges quickly below the mean; above it, by symmetry.
    if x > (a + 1) / (a + b + 2) { return 1 - regularizedIncompleteBeta(1 - x, a: b, b: a) }
    let logarithm: Double = lgamma(a + b) - lgamma(a) - lgamma(b)
    let front = exp(logarithm + a * log(x) + b * log1p(-x)) / a
    let tiny = 1e-300
    var c = 1.0
    var d = 1 - (a + b) * x / (a + 1)
    d = 1 / (abs(d) < tiny ? tiny : d)
    var fraction = d
    for step in 1...10_000 {
        let m = Double(step)
        let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        var change = 1.0
        for numerator in [even, odd] {
            d = 1 + numerator * d
            d = 1 / (abs(d) < tiny ? tiny : d)
            c = 1 + numerator / c
            if abs(c) < tiny { c = tiny }
            change = c * d
            fraction *= change
        }
        if abs(change - 1) < 1e-15 { break }
    }
    return front * fraction
}
