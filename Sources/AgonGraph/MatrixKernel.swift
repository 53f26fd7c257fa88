import CAgonKernels

/// One matrix product: `op(a) op(b)`, `[m, k] x [k, n]`, row-major with the given row strides.
struct MatrixProduct {
    let a: Address, b: Address, c: Address
    let m: Int, n: Int, k: Int
    let transposeA: Bool, transposeB: Bool
    let lda: Int, ldb: Int, ldc: Int

    /// Rows and columns of `c` alone.
    func run(
        rows: Range<Int>, columns: Range<Int>, depth: Range<Int>? = nil, into other: UnsafeMutablePointer<Float>? = nil
    ) {
        let depth = depth ?? 0..<k
        let aStart = transposeA ? depth.lowerBound * lda + rows.lowerBound : rows.lowerBound * lda + depth.lowerBound
        let bStart =
            transposeB ? columns.lowerBound * ldb + depth.lowerBound : depth.lowerBound * ldb + columns.lowerBound
        agon_product(
            transposeA, transposeB, Int32(rows.count), Int32(columns.count), Int32(depth.count),
            a.constant + aStart, Int32(lda), b.constant + bStart, Int32(ldb), false,
            other ?? (c.pointer + rows.lowerBound * ldc + columns.lowerBound), Int32(other == nil ? ldc : columns.count)
        )
    }
}

/// FLOPs per piece that outweigh the scheduling overhead.
let operationsPerPiece = 4_000_000

/// `count` in pieces of `size` (the last may be smaller).
func pieces(of count: Int, size: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
}

/// `count` in an even number of nearly equal pieces, each at most `most`: of three pieces, one of two threads would get
/// two.
func evenPieces(of count: Int, most: Int) -> [Range<Int>] {
    let wanted = (count + most - 1) / most
    guard wanted > 1 else { return pieces(of: count, size: most) }
    return pieces(of: count, size: (count - 1) / roundedUp(wanted, to: 2) + 1)
}

func roundedUp(_ value: Int, to multiple: Int) -> Int { (value + multiple - 1) / multiple * multiple }

extension Lowering {
    /// Pieces are rows of the result, or columns if it is wider than tall (small batches); never the depth, whose sum
    /// has a fixed order, unless a small result is so deep that one core would do everything.
    func lowerProduct(_ product: MatrixProduct, _ runner: ProgramRunner?, _ lowered: inout LoweredGroup) {
        let (m, n, k) = (product.m, product.n, product.k)
        lowered.floatingPointOperations += 2 * m * n * k
        if runner == nil, m * n <= 65536, k >= 2048, 2 * m * n * k >= 4 * operationsPerPiece {
            lowerDeepProduct(product, &lowered)
            return
        }
        var windows: [(rows: Range<Int>, columns: Range<Int>)]
        if m >= n {
            let size = max(64, roundedUp(operationsPerPiece / max(2 * n * k, 1), to: 16))
            windows = pieces(of: m, size: size).map { ($0, 0..<n) }
        } else {
            let size = max(64, roundedUp(operationsPerPiece / max(2 * m * k, 1), to: 64))
            windows = pieces(of: n, size: size).map { (0..<m, $0) }
        }
        lowered.tasks.append(
            KernelTask(pieces: windows.count, scratch: ProgramRunner.scratch) { piece, scratch in
                let (rows, columns) = windows[piece]
                product.run(rows: rows, columns: columns)
                runner?.run(
                    agon_window(
                        row_begin: Int64(rows.lowerBound), row_end: Int64(rows.upperBound),
                        channel_begin: Int64(columns.lowerBound), channel_end: Int64(columns.upperBound)),
                    piece: piece, scratch: scratch)
            })
        finish(runner, pieces: windows.count, &lowered)
    }

    /// A small result with a long sum: chunks of the depth in parallel, then their sum in order.
    private func lowerDeepProduct(_ product: MatrixProduct, _ lowered: inout LoweredGroup) {
        let size = product.m * product.n
        let chunk = max(1024, roundedUp(product.k / 16, to: 64))
        let depths = pieces(of: product.k, size: chunk)
        let parts = temporary(depths.count * size, in: &lowered)
        lowered.tasks.append(
            KernelTask(pieces: depths.count) { piece, _ in
                product.run(
                    rows: 0..<product.m, columns: 0..<product.n, depth: depths[piece],
                    into: parts.pointer + piece * size)
            })
        precondition(product.ldc == product.n, "a chunked product writes whole rows")
        lowered.tasks.append(sumOfParts(parts, count: depths.count, size: size, into: product.c))
    }

    /// The stage that adds `count` arrays of `size` floats in order.
    func sumOfParts(_ parts: Address, count: Int, size: Int, into target: Address) -> KernelTask {
        let ranges = pieces(of: size, size: 16384)
        return KernelTask(pieces: ranges.count) { piece, _ in
            let range = ranges[piece]
            let out = target.pointer + range.lowerBound
            out.update(from: parts.pointer + range.lowerBound, count: range.count)
            for part in 1..<max(count, 1) {
                let source = parts.constant + part * size + range.lowerBound
                for index in 0..<range.count { out[index] += source[index] }
            }
        }
    }
}
