import CAgonKernels
import Testing

/// The vector kernels that this processor can run, by name.
enum Kernels {
    static let available: [String] = {
        var names = ["portable"]
        #if arch(x86_64)
            let features = agon_cpu_describe()
            if features.has_avx2 && features.has_fma { names.append("avx2") }
            if features.has_avx512 { names.append("avx512") }
        #endif
        return names
    }()

    static func named(_ name: String) -> agon_vector_kernels {
        #if arch(x86_64)
            if name == "avx2" { return agon_vector_avx2 }
            if name == "avx512" { return agon_vector_avx512 }
        #endif
        return agon_vector_portable
    }
}

/// Uniform numbers, of their own for each seed.
func uniform(_ count: Int, from low: Float = -1, to high: Float = 1, seed: UInt64) -> [Float] {
    var numbers = [Float](repeating: 0, count: count)
    agon_random_uniform(seed, 17, 0, &numbers, count, low, high)
    return numbers
}

/// Checks each element to within `tolerance` times the greatest magnitude expected (or `floor`, for what cancels to
/// zero); a NaN matches a NaN.
func expectClose(
    _ found: [Float], _ expected: [Double], _ what: String = "", tolerance: Double = 1e-6, floor: Double = 0,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.count == expected.count, "\(what)", sourceLocation: sourceLocation)
    let bound = tolerance * expected.reduce(floor) { $1.isFinite ? max($0, abs($1)) : $0 }
    for (index, (a, b)) in zip(found, expected).enumerated() {
        let same = Double(a) == b || abs(Double(a) - b) <= bound || (a.isNaN && b.isNaN)
        if same { continue }
        Issue.record("\(what): element \(index) is \(a), expected \(b), bound \(bound)", sourceLocation: sourceLocation)
        return
    }
}

/// All places of a shape in row-major order.
func places(_ extents: Int...) -> [[Int]] {
    var found: [[Int]] = [[]]
    for extent in extents { found = found.flatMap { place in (0..<extent).map { place + [$0] } } }
    return found
}
