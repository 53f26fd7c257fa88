import CAgonKernels
import Testing

@testable import AgonGraph

/// The kernels' transforms against the exact matrices, on one tile with a channel count that leaves part of a vector.
@Suite struct FilterTransformTests {
    private static let channels = 19

    private static func doubles(_ matrix: [[Rational]]) -> [[Double]] { matrix.map { $0.map(\.double) } }

    private static func transposed(_ matrix: [[Double]]) -> [[Double]] {
        matrix[0].indices.map { column in matrix.map { $0[column] } }
    }

    /// `L x Lᵀ` of `x[q, q, channels]`, in double precision.
    private static func nested(_ map: [[Double]], _ x: [Float]) -> [Double] {
        let q = map[0].count
        var result: [Double] = []
        for a in map {
            for b in map {
                for channel in 0..<channels {
                    var sum = 0.0
                    for i in 0..<q {
                        for j in 0..<q { sum += a[i] * b[j] * Double(x[(i * q + j) * channels + channel]) }
                    }
                    result.append(sum)
                }
            }
        }
        return result
    }

    private static func tiling(_ size: Int) -> agon_tiling {
        agon_tiling(
            height: Int32(size), width: Int32(size), channels: Int32(channels), size: Int32(size), spacing: 1,
            phases: 1,
            row_shift: 0, column_shift: 0, first_row: 0, first_column: 0, step: Int32(size), tile_rows: 1,
            tile_columns: 1)
    }

    @Test(arguments: MinimalFilterTests.forms)
    func areTheMatrices(_ m: Int, _ r: Int) {
        let filter = MinimalFilter(m, r)
        let n = filter.n
        let kernels = agon_vector().pointee.filter
        let zeros = [Float](repeating: 0, count: Self.channels)
        var spill = zeros
        for (map, matrix) in [
            (AGON_FILTER_INPUT, Self.doubles(filter.inputs)),
            (AGON_FILTER_GRADIENT, Self.transposed(Self.doubles(filter.outputs))),
        ] {
            let size = matrix[0].count
            let pixels = uniform(size * size * Self.channels, seed: 3)
            var found = [Float](repeating: .nan, count: n * n * Self.channels)
            var tiling = Self.tiling(size)
            kernels.read_tiles?(
                &tiling, map, Int32(n), pixels, 0, 1, 0, Int32(Self.channels), zeros, &found, Int64(Self.channels), 0)
            expectClose(found, Self.nested(matrix, pixels), "F(\(m), \(r)) map \(map.rawValue)", tolerance: 1e-6)
        }
        let positions = uniform(n * n * Self.channels, seed: 4)
        var pixels = [Float](repeating: .nan, count: m * m * Self.channels)
        var tiling = Self.tiling(m)
        kernels.write_tiles?(
            &tiling, Int32(n), positions, Int64(Self.channels), 0, 0, 1, 0, Int32(Self.channels), &spill, &pixels)
        expectClose(
            pixels, Self.nested(Self.doubles(filter.outputs), positions), "F(\(m), \(r)) outputs", tolerance: 1e-6)
    }

    /// `c += a b` with every remainder of rows and columns that a product's steps may leave, packed and in place.
    @Test(arguments: [(1, 1, 3), (2, 16, 5), (7, 17, 4), (13, 40, 300), (23, 33, 2), (24, 64, 9)])
    func productsAgree(_ m: Int, _ n: Int, _ k: Int) {
        let kernels = agon_vector().pointee.filter
        let panel = Int(kernels.panel)
        let row = roundedUp(n, to: 16)
        let (a, b) = (uniform(m * k, seed: 1), uniform(k * row, seed: 2))
        var packed = [Float](repeating: 0, count: roundedUp(n, to: panel) * k)
        for l in 0..<k { for j in 0..<n { packed[j / panel * panel * k + l * panel + j % panel] = b[l * row + j] } }
        var expected: [Double] = []
        for i in 0..<m {
            for j in 0..<n {
                expected.append((0..<k).reduce(0.5) { $0 + Double(a[i * k + $1]) * Double(b[$1 * row + j]) })
            }
        }
        func columns(_ c: [Float]) -> [Float] { (0..<m).flatMap { c[$0 * row..<$0 * row + n] } }
        var c = [Float](repeating: 0.5, count: m * row)
        kernels.product?(
            Int64(m), Int64(n), Int64(k), a, Int64(k), 1, packed, Int64(panel), Int64(panel * k), &c, Int64(row), true)
        expectClose(columns(c), expected, "packed")
        var transposed = [Float](repeating: 0, count: m * k)
        for i in 0..<m { for l in 0..<k { transposed[l * m + i] = a[i * k + l] } }
        c = [Float](repeating: .nan, count: m * row)
        kernels.product?(
            Int64(m), Int64(n), Int64(k), transposed, 1, Int64(m), b, Int64(row), Int64(panel), &c, Int64(row), false)
        expectClose(columns(c), expected.map { $0 - 0.5 }, "in place")
    }
}
