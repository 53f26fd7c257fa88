import AgonTensors

/// The products `X Y'` of two sets of rows in blocks of rows of X: memory does not grow quadratically.
///
/// The blocks depend on the sizes alone, so results do not depend on the number of threads.
struct RowBlocks {
    /// One block: products of the rows `rows` of X with all rows of Y.
    struct Block {
        let index: Int
        let rows: Range<Int>
        let columns: Int
        let products: UnsafePointer<Double>

        /// `x_row · y_column`; row counts from the start of X.
        subscript(row: Int, column: Int) -> Double { products[(row - rows.lowerBound) * columns + column] }
    }

    let x: Features
    let y: Features
    let blockRows: Int

    init(_ x: Features, _ y: Features) {
        precondition(x.columns == y.columns, "rows of \(x.columns) and of \(y.columns) values")
        self.x = x
        self.y = y
        // 16 MB of products, but enough rows for an efficient matrix product.
        blockRows = max(16, (1 << 21) / max(y.rows, 1))
    }

    var count: Int { (x.rows + blockRows - 1) / blockRows }

    /// Passes each block to `body`, on several threads; a block is valid until `body` returns.
    func forEach(threads: Int, _ body: @Sendable (Block) -> Void) throws(TensorsError) {
        try BLAS.open()
        let workers = max(1, min(threads, count))
        runConcurrently(workers) { worker in
            var products = [Double](repeating: 0, count: min(blockRows, x.rows) * y.rows)
            for index in stride(from: worker, to: count, by: workers) {
                let rows = index * blockRows..<min((index + 1) * blockRows, x.rows)
                x.values.withUnsafeBufferPointer { a in
                    y.values.withUnsafeBufferPointer { b in
                        products.withUnsafeMutableBufferPointer { c in
                            guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
                            BLAS.dgemm(
                                transposeB: true, m: rows.count, n: y.rows, k: x.columns,
                                a + rows.lowerBound * x.columns, strideA: x.columns, b, strideB: y.columns, c,
                                strideC: y.rows)
                            body(Block(index: index, rows: rows, columns: y.rows, products: c))
                        }
                    }
                }
            }
        }
    }
}
