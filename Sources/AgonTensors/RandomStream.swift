import CAgonKernels

/// A counter-based stream of random numbers (Philox4x32-10), keyed by seed, purpose and step.
///
/// Element `i` depends only on the key, the step and `i`: a resumed run, on any threads, draws the same numbers.
public struct RandomStream: Hashable, Sendable {
    public let key: UInt64
    public var step: UInt64

    /// - Parameter purpose: the use of the numbers, such as "latent" or "order"; each purpose has its own stream.
    public init(seed: UInt64, purpose: String, step: UInt64 = 0) {
        // FNV-1a over the purpose, then SplitMix64's finaliser over hash and seed.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        var mixed = hash &+ (seed &+ 1) &* 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        self.key = mixed ^ (mixed >> 31)
        self.step = step
    }

    /// Raw 32-bit words `first ..< first + count`.
    public func bits(first: Int = 0, count: Int) -> [UInt32] {
        [UInt32](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress { agon_random_bits(key, step, UInt64(first), base, count) }
            initialized = count
        }
    }

    /// Uniform numbers in `[low, high)`.
    public func uniform(first: Int = 0, count: Int, in range: Range<Float> = 0..<1) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress {
                agon_random_uniform(key, step, UInt64(first), base, count, range.lowerBound, range.upperBound)
            }
            initialized = count
        }
    }

    /// Normally distributed numbers with the given mean and standard deviation.
    public func normal(first: Int = 0, count: Int, mean: Float = 0, deviation: Float = 1) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress {
                agon_random_normal(key, step, UInt64(first), base, count, mean, deviation)
            }
            initialized = count
        }
    }

    /// A uniformly random order of `0 ..< count` (Fisher-Yates; the bias of the 64-bit scaling is below 2⁻³²).
    public func permutation(count: Int) -> [Int] {
        var order = Array(0..<count)
        guard count > 1 else { return order }
        let words = bits(count: 2 * count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            let draw = UInt64(words[2 * last]) << 32 | UInt64(words[2 * last + 1])
            order.swapAt(last, Int(draw.multipliedFullWidth(by: UInt64(last + 1)).high))
        }
        return order
    }
}
