import CAgonKernels
import Testing

/// Products by the project's own kernel, on each kind of vector.
@Suite struct MatrixProductTests {
    /// Sizes around a tile's rows, vectors, panels, the depth of a pass and the rows that share a panel.
    private static let shapes = [
        (4, 16, 1), (12, 32, 64), (13, 33, 17), (5, 47, 100), (64, 40, 256), (30, 48, 257), (193, 20, 16),
        (200, 35, 270),
    ]

    private struct Product {
        let m: Int, n: Int, k: Int, transposeA: Bool, transposeB: Bool
        /// Floats between the rows of a, b and c.
        let lda: Int, ldb: Int, ldc: Int
        let a: [Float], b: [Float]

        init(_ shape: (Int, Int, Int), transposeA: Bool, transposeB: Bool, isAliasing: Bool = false) {
            (m, n, k) = shape
            (self.transposeA, self.transposeB) = (transposeA, transposeB)
            lda = isAliasing ? 512 : (transposeA ? m : k) + 3
            (ldb, ldc) = ((transposeB ? k : n) + 5, n + 1)
            a = uniform((transposeA ? k : m) * lda, seed: 1)
            b = uniform((transposeB ? n : k) * ldb, seed: 2)
        }

        func run(
            _ kernels: agon_vector_kernels, rows: Range<Int>, columns: Range<Int>, accumulate: Bool = false,
            into c: inout [Float]
        ) {
            var scratch = [Float](repeating: .nan, count: Int(AGON_PRODUCT_SCRATCH))
            let aStart = transposeA ? rows.lowerBound : rows.lowerBound * lda
            let bStart = transposeB ? columns.lowerBound * ldb : columns.lowerBound
            c.withUnsafeMutableBufferPointer { c in
                guard let c = c.baseAddress else { return }
                kernels.matrix_product(
                    transposeA, transposeB, Int64(rows.count), Int64(columns.count), Int64(k), Array(a[aStart...]),
                    Int64(lda), Array(b[bStart...]), Int64(ldb), accumulate,
                    c + rows.lowerBound * ldc + columns.lowerBound, Int64(ldc), &scratch)
            }
        }

        func element(_ i: Int, _ j: Int) -> Double {
            (0..<k).reduce(0.0) { sum, l in
                let x = transposeA ? a[l * lda + i] : a[i * lda + l]
                let y = transposeB ? b[j * ldb + l] : b[l * ldb + j]
                return sum + Double(x) * Double(y)
            }
        }
    }

    @Test(arguments: Kernels.available, shapes.indices)
    func elementsAreSumsOfProducts(kernels: String, shape: Int) {
        for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
            let product = Product(Self.shapes[shape], transposeA: transposeA, transposeB: transposeB)
            let before: Float = 0.5
            var c = [Float](repeating: before, count: product.m * product.ldc)
            product.run(Kernels.named(kernels), rows: 0..<product.m, columns: 0..<product.n, into: &c)
            var expected = [Double](repeating: Double(before), count: c.count)
            for i in 0..<product.m { for j in 0..<product.n { expected[i * product.ldc + j] = product.element(i, j) } }
            expectClose(c, expected, "a \(transposeA) b \(transposeB)")

            product.run(
                Kernels.named(kernels), rows: 0..<product.m, columns: 0..<product.n, accumulate: true, into: &c)
            for i in 0..<product.m { for j in 0..<product.n { expected[i * product.ldc + j] *= 2 } }
            expectClose(c, expected, "twice, a \(transposeA) b \(transposeB)")
        }
    }

    @Test(arguments: Kernels.available)
    func rowsThatShareSetsOfTheCacheAreCopied(kernels: String) {
        let product = Product((20, 40, 300), transposeA: false, transposeB: false, isAliasing: true)
        var c = [Float](repeating: 0, count: product.m * product.ldc)
        product.run(Kernels.named(kernels), rows: 0..<product.m, columns: 0..<product.n, into: &c)
        for (i, j) in [(0, 0), (7, 39), (19, 31)] {
            #expect(abs(Double(c[i * product.ldc + j]) - product.element(i, j)) < 1e-4)
        }
    }

    /// What lets threads compute any part of a product, and a processor without AVX-512 continue a run.
    @Test func bitsDependNeitherOnThePartsNorOnTheVectors() {
        let product = Product((70, 90, 300), transposeA: false, transposeB: true)
        var reference: [UInt32]?
        // Portable vectors may round each product.
        for kernels in Kernels.available.filter({ $0 != "portable" }) {
            for (rows, columns) in [(70, 90), (33, 90), (70, 17), (9, 31)] {
                var c = [Float](repeating: 0, count: product.m * product.ldc)
                for i in stride(from: 0, to: 70, by: rows) {
                    for j in stride(from: 0, to: 90, by: columns) {
                        product.run(
                            Kernels.named(kernels), rows: i..<min(i + rows, 70), columns: j..<min(j + columns, 90),
                            into: &c)
                    }
                }
                let bits = c.map(\.bitPattern)
                #expect(bits == reference ?? bits, "\(kernels), \(rows) rows and \(columns) columns at a time")
                reference = bits
            }
        }
    }
}
