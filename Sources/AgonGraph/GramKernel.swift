import AgonTensors

// Multiple-gradient descent: products of gradients with one another, and the weights that follow from them.
extension Lowering {
    /// The vectors are read once, in place: pieces are ranges of elements, each with its own `K x K` sums in
    /// double precision, which are added in order. A copy of all rows for one matrix product would cost as much time
    /// again, and K times the memory of a gradient.
    func lowerGram(_ node: Node, _ lowered: inout LoweredGroup) {
        let vectors = node.inputs.map { address($0.index) }
        let (count, elements) = (vectors.count, node.inputs[0].shape.count)
        lowered.floatingPointOperations += count * (count + 1) * elements
        // At most 64 pieces: their sums are added by one worker.
        let size = max(16384, roundedUp((elements + 63) / 64, to: GramBlock.elements))
        let ranges = pieces(of: elements, size: size)
        let partials = temporary(2 * max(ranges.count, 1) * count * count, in: &lowered)
        let out = address(node.output.index)
        lowered.tasks.append(
            KernelTask(pieces: ranges.count) { piece, _ in
                let sums = partials.doubles + piece * count * count
                sums.update(repeating: 0, count: count * count)
                withUnsafeTemporaryAllocation(
                    of: UnsafePointer<Float>.self, capacity: roundedUp(count, to: GramBlock.columns)
                ) { rows in
                    // Blocks of rows are whole: the last vector pads the block.
                    for row in rows.indices { rows[row] = vectors[min(row, count - 1)].constant }
                    for block in pieces(of: ranges[piece].count, size: GramBlock.elements) {
                        let start = ranges[piece].lowerBound
                        GramBlock(
                            rows: UnsafeBufferPointer(rows), count: count,
                            elements: start + block.lowerBound..<start + block.upperBound
                        ).add(to: sums)
                    }
                }
            })
        lowered.tasks.append(
            KernelTask(pieces: 1) { _, _ in
                for row in 0..<count {
                    for column in row..<count {
                        var sum = 0.0
                        for piece in ranges.indices { sum += partials.doubles[(piece * count + row) * count + column] }
                        out.pointer[row * count + column] = Float(sum)
                        out.pointer[column * count + row] = Float(sum)
                    }
                }
            })
    }

    /// The search's cost depends on the values; it is not counted.
    func lowerMinimumNormWeights(_ node: Node, _ lowered: inout LoweredGroup) {
        let (source, out) = (address(node.inputs[0].index), address(node.output.index))
        let count = node.output.shape[0]
        lowered.tasks.append(
            KernelTask(pieces: 1) { _, _ in
                // The input may be symmetric only up to rounding.
                let gram = (0..<count * count).map { at in
                    (Double(source.constant[at]) + Double(source.constant[at % count * count + at / count])) / 2
                }
                guard gram.allSatisfy(\.isFinite) else { return out.pointer.update(repeating: .nan, count: count) }
                for (index, weight) in MinimumNormPoint(gram: gram, count: count).weights.enumerated() {
                    out.pointer[index] = Float(weight)
                }
            })
    }
}

/// Some elements of all vectors: short enough for sums of four lanes in single precision and for the L1 cache.
private struct GramBlock {
    static let elements = 256
    /// Rows of a tile are `x_i, x_i+1`, columns `x_j ... x_j+3`: eight sums and six operands fit 16 registers.
    static let columns = 4

    let rows: UnsafeBufferPointer<UnsafePointer<Float>>
    let count: Int
    let elements: Range<Int>

    /// Adds (+=) the products with `j >= i` to `sums[i * count + j]`.
    func add(to sums: UnsafeMutablePointer<Double>) {
        for i in stride(from: 0, to: count, by: 2) {
            // The tile on the diagonal starts at a multiple of its width; what lies below the diagonal is left out.
            for j in stride(from: i / Self.columns * Self.columns, to: count, by: Self.columns) {
                addTile(i, j, to: sums)
            }
        }
    }

    private func addTile(_ i: Int, _ j: Int, to sums: UnsafeMutablePointer<Double>) {
        let (x0, x1) = (rows[i], rows[i + 1])
        let (y0, y1, y2, y3) = (rows[j], rows[j + 1], rows[j + 2], rows[j + 3])
        var (s00, s01, s02, s03) = (SIMD4<Float>(), SIMD4<Float>(), SIMD4<Float>(), SIMD4<Float>())
        var (s10, s11, s12, s13) = (SIMD4<Float>(), SIMD4<Float>(), SIMD4<Float>(), SIMD4<Float>())
        let wholeEnd = elements.lowerBound + elements.count / 4 * 4
        for at in stride(from: elements.lowerBound, to: wholeEnd, by: 4) {
            let (a0, a1) = (lanes(x0, at), lanes(x1, at))
            let (b0, b1, b2, b3) = (lanes(y0, at), lanes(y1, at), lanes(y2, at), lanes(y3, at))
            s00 += a0 * b0
            s01 += a0 * b1
            s02 += a0 * b2
            s03 += a0 * b3
            s10 += a1 * b0
            s11 += a1 * b1
            s12 += a1 * b2
            s13 += a1 * b3
        }
        func put(_ row: Int, _ column: Int, _ products: SIMD4<Float>) {
            guard column >= row, column < count else { return }
            var sum = Double(products.sum())
            for at in wholeEnd..<elements.upperBound { sum += Double(rows[row][at]) * Double(rows[column][at]) }
            sums[row * count + column] += sum
        }
        put(i, j, s00)
        put(i, j + 1, s01)
        put(i, j + 2, s02)
        put(i, j + 3, s03)
        put(i + 1, j, s10)
        put(i + 1, j + 1, s11)
        put(i + 1, j + 2, s12)
        put(i + 1, j + 3, s13)
    }

    private func lanes(_ row: UnsafePointer<Float>, _ at: Int) -> SIMD4<Float> {
        UnsafeRawPointer(row + at).loadUnaligned(as: SIMD4<Float>.self)
    }
}
