import CAgonKernels

/// Dense double-precision linear algebra on row-major arrays, for metrics and initialisers.
public enum LinearAlgebra {
    /// `op(A) op(B)`, m x n; op(A) is m x k, op(B) is k x n, both without gaps between rows.
    ///
    /// - Parameter threads: the number of threads. The blocks of rows depend on the sizes alone, so the
    ///   result does not depend on it.
    /// - Throws: ``TensorsError/blasUnavailable(message:)``.
    public static func product(
        _ a: [Double], transposeA: Bool = false, _ b: [Double], transposeB: Bool = false, m: Int, n: Int, k: Int,
        threads: Int = 1
    ) throws(TensorsError) -> [Double] {
        precondition(a.count == m * k, "A has \(a.count) elements, \(m) x \(k) needs \(m * k)")
        precondition(b.count == k * n, "B has \(b.count) elements, \(k) x \(n) needs \(k * n)")
        try BLAS.open()
        var c = [Double](repeating: 0, count: m * n)
        guard m > 0, n > 0, k > 0 else { return c }
        let blockRows = 256
        let blocks = (m + blockRows - 1) / blockRows
        let workers = max(1, min(threads, blocks))
        c.withUnsafeMutableBufferPointer { c in
            nonisolated(unsafe) let c = c  // each block writes its own rows
            runConcurrently(workers) { worker in
                a.withUnsafeBufferPointer { a in
                    b.withUnsafeBufferPointer { b in
                        guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
                        for block in stride(from: worker, to: blocks, by: workers) {
                            let row = block * blockRows
                            BLAS.dgemm(
                                transposeA: transposeA, transposeB: transposeB, m: min(blockRows, m - row), n: n, k: k,
                                a + (transposeA ? row : row * k), strideA: transposeA ? m : k, b,
                                strideB: transposeB ? k : n, c + row * n, strideC: n)
                        }
                    }
                }
            }
        }
        return c
    }

    /// The eigenvalues of a symmetric n x n matrix, ascending (LAPACK `dsyevd`; reads the lower triangle).
    ///
    /// - Throws: ``TensorsError/lapackUnavailable``, or ``TensorsError/lapackFailed(routine:info:)`` when it does not
    ///   converge or a value is not finite.
    public static func symmetricEigenvalues(_ a: [Double], n: Int) throws(TensorsError) -> [Double] {
        try eigen(a, n: n, vectors: false).values
    }

    /// Eigenvalues, ascending, and eigenvectors of a symmetric n x n matrix: `A = V diag(values) V'`.
    ///
    /// Column `j` of the row-major `vectors` belongs to `values[j]`.
    ///
    /// - Throws: as ``symmetricEigenvalues(_:n:)``.
    public static func symmetricEigen(
        _ a: [Double], n: Int
    ) throws(TensorsError) -> (values: [Double], vectors: [Double]) {
        try eigen(a, n: n, vectors: true)
    }

    private static func eigen(
        _ a: [Double], n: Int, vectors: Bool
    ) throws(TensorsError) -> (values: [Double], vectors: [Double]) {
        precondition(a.count == n * n, "a symmetric matrix of \(a.count) elements is not \(n) x \(n)")
        try BLAS.open()
        var vectorsOrScratch = a
        var values = [Double](repeating: 0, count: n)
        try check(agon_dsyevd(vectors, Int32(n), &vectorsOrScratch, &values), of: "dsyevd")
        return (values, vectorsOrScratch)
    }

    /// An orthogonal matrix, rows x columns, from normally distributed numbers in the same layout.
    ///
    /// Q of the QR decomposition, each column multiplied by the sign of R's diagonal, which makes the distribution
    /// uniform (Haar). Rows are orthonormal if there are fewer rows than columns, else columns are, as in
    /// `torch.nn.init.orthogonal_`. Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep
    /// linear neural networks", 2013, arXiv:1312.6120; Mezzadri, "How to generate random matrices from the classical
    /// compact groups", 2006, arXiv:math-ph/0609050.
    ///
    /// - Throws: ``TensorsError/lapackUnavailable`` or ``TensorsError/lapackFailed(routine:info:)``.
    public static func orthogonal(rows: Int, columns: Int, gaussian: [Double]) throws(TensorsError) -> [Double] {
        precondition(gaussian.count == rows * columns, "\(gaussian.count) numbers for \(rows) x \(columns)")
        try BLAS.open()
        guard rows > 0, columns > 0 else { return [] }
        let isWide = rows < columns
        let (m, n) = (max(rows, columns), min(rows, columns))
        var q = isWide ? transposed(gaussian, rows: rows, columns: columns) : gaussian
        var diagonal = [Double](repeating: 0, count: n)
        try check(agon_dqr(Int32(m), Int32(n), &q, &diagonal), of: "dgeqrf")
        for row in 0..<m {
            for column in 0..<n where diagonal[column] < 0 { q[row * n + column] = -q[row * n + column] }
        }
        return isWide ? transposed(q, rows: m, columns: n) : q
    }

    /// The transpose of a row-major rows x columns matrix.
    static func transposed(_ a: [Double], rows: Int, columns: Int) -> [Double] {
        var result = [Double](repeating: 0, count: a.count)
        for row in 0..<rows {
            for column in 0..<columns { result[column * rows + row] = a[row * columns + column] }
        }
        return result
    }

    private static func check(_ info: Int32, of routine: String) throws(TensorsError) {
        switch info {
        case 0: return
        case -1000: throw .lapackUnavailable
        default: throw .lapackFailed(routine: routine, info: Int(info))
        }
    }
}
