import CAgonKernels

/// This process's processor: instruction sets (also enabled by the operating system), usable cores, cache.
public struct Processor: Equatable, Sendable {
    /// The processor's brand string; empty if there is none (arm64).
    public let brand: String
    /// "GenuineIntel", "AuthenticAMD", or the architecture's name.
    public let vendor: String
    /// As in `/proc/cpuinfo`; 0 if not x86.
    public let family: Int
    public let model: Int
    public let hasAVX2: Bool
    public let hasFMA: Bool
    /// AVX-512 F, CD, DQ, BW and VL.
    public let hasAVX512: Bool
    public let hasNEON: Bool
    /// Logical cores: the affinity mask, limited to the control group's CPU quota.
    public let usableCores: Int
    /// Bytes of one core's L2 cache; 0 if unknown.
    public let level2CacheBytes: Int

    /// Detected once per process.
    public static let current = Processor(agon_cpu_describe())

    public init(
        brand: String, vendor: String, family: Int, model: Int, hasAVX2: Bool, hasFMA: Bool, hasAVX512: Bool,
        hasNEON: Bool, usableCores: Int, level2CacheBytes: Int
    ) {
        self.brand = brand
        self.vendor = vendor
        self.family = family
        self.model = model
        self.hasAVX2 = hasAVX2
        self.hasFMA = hasFMA
        self.hasAVX512 = hasAVX512
        self.hasNEON = hasNEON
        self.usableCores = usableCores
        self.level2CacheBytes = level2CacheBytes
    }

    init(_ features: agon_cpu_features) {
        self.init(
            brand: String(cString: features.brand), vendor: String(cString: features.vendor),
            family: Int(features.family), model: Int(features.model), hasAVX2: features.has_avx2,
            hasFMA: features.has_fma, hasAVX512: features.has_avx512, hasNEON: features.has_neon,
            usableCores: Int(features.usable_cores), level2CacheBytes: Int(features.l2_bytes))
    }

    /// The instruction sets that the kernels use, such as `["AVX2", "FMA", "AVX-512"]`.
    public var featureNames: [String] {
        [("AVX2", hasAVX2), ("FMA", hasFMA), ("AVX-512", hasAVX512), ("NEON", hasNEON)].filter(\.1).map(\.0)
    }
}
