import Foundation

/// Latents within bounds: normal numbers mapped into `[-t, t]` so that they follow the normal distribution truncated at
/// the bounds.
///
/// Closer to the centre, samples are better and more alike. A number z becomes `Φ⁻¹(Φ(-t) + Φ(z) (Φ(t) - Φ(-t)))`, with
/// Φ the normal distribution: the same as redrawing values beyond the bounds, but a sample keeps its character at every
/// t.
/// Brock, Donahue and Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", ICLR 2019,
/// arXiv:1809.11096, section 3.1.
enum LatentTruncation {
    static func truncated(_ values: [Float], to bound: Double) -> [Float] {
        let (low, high) = (distribution(-bound), distribution(bound))
        return values.map { value in
            let share = low + distribution(Double(value)) * (high - low)
            return Float(quantile(share, within: bound))
        }
    }

    /// The probability that a normal number is below z.
    private static func distribution(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

    /// The number below which a normal number lies with a given probability, by bisection to the last bit of a float.
    private static func quantile(_ probability: Double, within bound: Double) -> Double {
        var (low, high) = (-bound, bound)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if distribution(middle) < probability { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
