/// Single-precision values with their shape, row-major: the inputs and outputs of files and graphs.
public struct Tensor: Equatable, Sendable {
    public let shape: Shape
    public var values: [Float]

    public init(shape: Shape, values: [Float]) {
        precondition(shape.count == values.count, "shape \(shape) needs \(shape.count) values, not \(values.count)")
        self.shape = shape
        self.values = values
    }

    public init(shape: Shape, repeating value: Float = 0) {
        self.init(shape: shape, values: [Float](repeating: value, count: shape.count))
    }

    /// The same values with another shape of equal count.
    public func reshaped(_ shape: Shape) -> Tensor { Tensor(shape: shape, values: values) }

    /// The first of the rows along the first axis.
    public func first(_ rows: Int) -> Tensor {
        precondition(shape.rank > 0 && (0...shape[0]).contains(rows), "\(rows) rows of \(shape)")
        let size = shape.dimensions.dropFirst().reduce(1, *)
        return Tensor(
            shape: Shape([rows] + shape.dimensions.dropFirst()), values: Array(values.prefix(rows * size)))
    }

    /// The axes in another order: axis `i` of the result is axis `order[i]` of this tensor.
    public func permuted(_ order: [Int]) -> Tensor {
        precondition(order.sorted() == Array(0..<shape.rank), "\(order) is not an order of the axes of \(shape)")
        let rank = shape.rank
        guard rank > 0 else { return self }
        var strides = [Int](repeating: 1, count: rank)
        for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        let extents = order.map { shape[$0] }
        let steps = order.map { strides[$0] }
        let (width, step) = (extents[rank - 1], steps[rank - 1])
        let result = [Float](unsafeUninitializedCapacity: values.count) { target, count in
            values.withUnsafeBufferPointer { source in
                var index = [Int](repeating: 0, count: rank)
                var start = 0
                var row = 0
                while row < values.count {
                    for column in 0..<width { target[row + column] = source[start + column * step] }
                    row += width
                    // Advances to the next row, like an odometer over the axes before the last.
                    var axis = rank - 2
                    while axis >= 0 {
                        index[axis] += 1
                        start += steps[axis]
                        if index[axis] < extents[axis] { break }
                        start -= steps[axis] * extents[axis]
                        index[axis] = 0
                        axis -= 1
                    }
                }
            }
            count = values.count
        }
        return Tensor(shape: Shape(extents), values: result)
    }
}
