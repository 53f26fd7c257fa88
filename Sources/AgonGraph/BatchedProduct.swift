import AgonTensors

extension ComputeGraph {
    /// The products of pairs of matrices: `[N, A, B]` times `[N, B, C]` to `[N, A, C]`.
    ///
    /// Computed as one 1x1 convolution with a group for each pair, on an image of A x 1 pixels: convolutions are closed
    /// under differentiation, so the products are too.
    public func batchedProduct(_ x: Value, _ y: Value) -> Value {
        precondition(
            x.shape.rank == 3 && y.shape.rank == 3 && x.shape[0] == y.shape[0] && x.shape[2] == y.shape[1],
            "batched product at \(origin): \(x.shape) and \(y.shape)")
        let (pairs, rows, inner, columns) = (x.shape[0], x.shape[1], x.shape[2], y.shape[2])
        // Pair n has the channels n * inner ... of the image, and the output channels n * columns ... of the weight.
        let image = reshape(pairsLast(x), [1, rows, 1, pairs * inner])
        let weight = reshape(pairsLast(y), [1, 1, inner, pairs * columns])
        let product = convolution(image, weight: weight, groups: pairs)
        // [A, N * C] to [N, A, C].
        let turned = append(.transpose, [reshape(product, [1, rows, pairs * columns])])
        return append(.transpose, [reshape(turned, [pairs, columns, rows])])
    }

    /// `[N, A, B]` to `[A, N, B]`, as `[1, A, N * B]`.
    private func pairsLast(_ x: Value) -> Value {
        let (pairs, rows, columns) = (x.shape[0], x.shape[1], x.shape[2])
        let turned = append(.transpose, [x])
        return append(.transpose, [reshape(turned, [1, pairs * columns, rows])])
    }
}
