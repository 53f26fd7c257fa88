import AgonTestFiles
import Testing

@testable import AgonTensors

@Suite struct LinearAlgebraTests {
    private func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> [Double] {
        var random = SplitMix64(seed: seed)
        return (0..<rows * columns).map { _ in random.normal() }
    }

    @Test func eigenvaluesOfAKnownMatrix() throws {
        // Second difference, n = 5: 2 - 2 cos(π k / 6).
        var a = [Double](repeating: 0, count: 25)
        for i in 0..<5 {
            a[i * 5 + i] = 2
            if i > 0 { (a[i * 5 + i - 1], a[(i - 1) * 5 + i]) = (-1, -1) }
        }
        let root3 = 3.0.squareRoot()
        let expected = [2 - root3, 1, 2, 3, 2 + root3]
        let found = try LinearAlgebra.symmetricEigenvalues(a, n: 5)
        try #require(found.count == 5)
        for (found, value) in zip(found, expected) { #expect(abs(found - value) < 1e-14) }
        #expect(try LinearAlgebra.symmetricEigenvalues([], n: 0) == [])
    }

    @Test func eigenvectorsRebuildTheMatrix() throws {
        let n = 23
        let b = matrix(n, n, seed: 3)
        let a = try LinearAlgebra.product(b, b, transposeB: true, m: n, n: n, k: n)
        let (values, vectors) = try LinearAlgebra.symmetricEigen(a, n: n)
        var scaled = vectors
        for i in 0..<n { for j in 0..<n { scaled[i * n + j] *= values[j] } }
        let rebuilt = try LinearAlgebra.product(scaled, vectors, transposeB: true, m: n, n: n, k: n)
        let scale = a.map(abs).max() ?? 0
        try #require(values.count == n && a.count == n * n && rebuilt.count == n * n)
        for (x, y) in zip(a, rebuilt) { #expect(abs(x - y) < 1e-13 * scale) }
        #expect(values == values.sorted())
    }

    @Test func notANumberIsAnError() {
        #expect(throws: TensorsError.self) { try LinearAlgebra.symmetricEigenvalues([1, .nan, .nan, 1], n: 2) }
    }

    @Test(arguments: [(5, 5), (17, 4), (4, 17), (1, 6), (6, 1)])
    func orthogonalMatrixHasOrthonormalRowsOrColumns(rows: Int, columns: Int) throws {
        let gaussian = matrix(rows, columns, seed: 9)
        let q = try LinearAlgebra.orthogonal(rows: rows, columns: columns, gaussian: gaussian)
        let isTall = rows >= columns
        let n = min(rows, columns)
        let k = max(rows, columns)
        let products = try LinearAlgebra.product(q, transposeA: isTall, q, transposeB: !isTall, m: n, n: n, k: k)
        for i in 0..<n { for j in 0..<n { #expect(abs(products[i * n + j] - (i == j ? 1 : 0)) < 1e-14) } }
        // R = Q' A (tall) or L = A Q' (wide): triangular, its diagonal positive by the choice of signs.
        let triangle =
            isTall
            ? try LinearAlgebra.product(q, transposeA: true, gaussian, m: n, n: n, k: k)
            : try LinearAlgebra.product(gaussian, q, transposeB: true, m: n, n: n, k: k)
        for i in 0..<n {
            #expect(triangle[i * n + i] > 0)
            for j in 0..<i { #expect(abs(isTall ? triangle[i * n + j] : triangle[j * n + i]) < 1e-13) }
        }
    }

    @Test func productDoesNotDependOnThreads() throws {
        let (m, n, k) = (700, 9, 33)  // three blocks of rows
        let a = matrix(m, k, seed: 1)
        let b = matrix(k, n, seed: 2)
        let one = try LinearAlgebra.product(a, b, m: m, n: n, k: k)
        #expect(try LinearAlgebra.product(a, b, m: m, n: n, k: k, threads: 3) == one)
        let transposed = try LinearAlgebra.product(
            LinearAlgebra.transposed(a, rows: m, columns: k), transposeA: true, b, m: m, n: n, k: k, threads: 2)
        for (row, column) in [(0, 0), (255, 8), (256, 0), (699, 4)] {
            let expected = (0..<k).reduce(0) { $0 + a[row * k + $1] * b[$1 * n + column] }
            #expect(abs(one[row * n + column] - expected) < 1e-12)
            #expect(abs(transposed[row * n + column] - expected) < 1e-12)
        }
        #expect(try LinearAlgebra.product([], [], m: 2, n: 2, k: 0) == [0, 0, 0, 0])
    }
}
