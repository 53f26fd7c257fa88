import AgonTensors

// Functions that build graphs: each appends one operation or a short composition.
extension ComputeGraph {
    // MARK: Elementwise

    public func apply(_ function: UnaryFunction, _ x: Value) -> Value { append(.unary(function), [x]) }

    public func apply(_ function: BinaryFunction, _ a: Value, _ b: Value) -> Value {
        guard let shape = broadcastShape(a.shape, b.shape) else { return append(.binary(function), [a, b]) }
        // Kernels support the common forms of broadcasting; others are materialized first.
        let operands = [a, b].map { IterationSpace(shape).operandKind($0.shape) == nil ? broadcast($0, to: shape) : $0 }
        return append(.binary(function), operands)
    }

    public func add(_ a: Value, _ b: Value) -> Value { apply(.add, a, b) }
    public func subtract(_ a: Value, _ b: Value) -> Value { apply(.subtract, a, b) }
    public func multiply(_ a: Value, _ b: Value) -> Value { apply(.multiply, a, b) }
    public func divide(_ a: Value, _ b: Value) -> Value { apply(.divide, a, b) }
    /// `scale * x + offset`
    public func affine(_ x: Value, scale: Float = 1, offset: Float = 0) -> Value {
        apply(.affine(scale: scale, offset: offset), x)
    }
    public func square(_ x: Value) -> Value { apply(.square, x) }
    public func sigmoid(_ x: Value) -> Value { apply(.sigmoid, x) }
    public func softplus(_ x: Value) -> Value { apply(.softplus, x) }
    public func exponential(_ x: Value) -> Value { apply(.exponential, x) }
    public func logarithm(_ x: Value) -> Value { apply(.logarithm, x) }
    public func squareRoot(_ x: Value) -> Value { apply(.squareRoot, x) }
    public func reciprocal(_ x: Value) -> Value { apply(.reciprocal, x) }
    public func stopGradient(_ x: Value) -> Value { append(.stopGradient, [x]) }

    // MARK: Sums

    /// The sum over the axes in which `shape` (aligned at the last axis) is 1 or absent.
    public func sum(_ x: Value, to shape: Shape = []) -> Value { x.shape == shape ? x : append(.sum(to: shape), [x]) }

    /// The mean over the axes in which `shape` is 1 or absent.
    public func mean(_ x: Value, to shape: Shape = []) -> Value {
        affine(sum(x, to: shape), scale: Float(shape.count) / Float(x.shape.count))
    }

    public func broadcast(_ x: Value, to shape: Shape) -> Value {
        x.shape == shape ? x : append(.broadcast(to: shape), [x])
    }

    /// The sum per sample: `[N, ...]` to `[N, 1, ...]`.
    public func sumPerSample(_ x: Value) -> Value {
        sum(x, to: Shape([x.shape[0]] + [Int](repeating: 1, count: x.shape.rank - 1)))
    }

    /// `log(softmax(x))` over the last axis.
    public func logSoftmax(_ x: Value) -> Value {
        let shifted = subtract(x, append(.rowMaximum, [x]))
        return subtract(shifted, logarithm(sum(exponential(shifted), to: lastAxisOne(x.shape))))
    }

    /// `exp(x) / sum(exp(x))` over the last axis.
    public func softmax(_ x: Value) -> Value {
        let powers = exponential(subtract(x, append(.rowMaximum, [x])))
        return divide(powers, sum(powers, to: lastAxisOne(x.shape)))
    }

    private func lastAxisOne(_ shape: Shape) -> Shape {
        var result = shape
        result[-1] = 1
        return result
    }

    // MARK: Shapes

    public func reshape(_ x: Value, _ shape: Shape) -> Value {
        x.shape == shape ? x : append(.reshape(shape), [x])
    }

    /// `[N, H, W, C]` to `[N, C * H * W]` in PyTorch's order (channel first).
    public func flatten(_ x: Value) -> Value {
        if x.shape.rank == 2 { return x }
        let (n, pixels, channels) = (x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
        if pixels == 1 || channels == 1 { return reshape(x, [n, pixels * channels]) }
        return reshape(append(.transpose, [reshape(x, [n, pixels, channels])]), [n, channels * pixels])
    }

    /// `[N, C * H * W]` in PyTorch's order to `[N, H, W, C]`.
    public func unflatten(_ x: Value, height: Int, width: Int, channels: Int) -> Value {
        let n = x.shape[0]
        if height * width == 1 || channels == 1 { return reshape(x, [n, height, width, channels]) }
        return reshape(append(.transpose, [reshape(x, [n, channels, height * width])]), [n, height, width, channels])
    }

    public func slice(_ x: Value, axis: Int, start: Int, count: Int) -> Value {
        count == x.shape[axis]
            ? x : append(.slice(axis: axis < 0 ? axis + x.shape.rank : axis, start: start, count: count), [x])
    }

    public func concatenate(_ values: [Value], axis: Int) -> Value {
        values.count == 1
            ? values[0] : append(.concatenate(axis: axis < 0 ? axis + values[0].shape.rank : axis), values)
    }

    // MARK: Products

    /// `op(a) op(b)` of matrices.
    public func matmul(_ a: Value, _ b: Value, transposeA: Bool = false, transposeB: Bool = false) -> Value {
        append(.matmul(transposeA: transposeA, transposeB: transposeB), [a, b])
    }

    /// The Gram matrix `[K, K]` of K vectors, each given as a list of parts of any shapes, such as the gradients of K
    /// losses by the same parameters: `sum over parts of x_i · x_j`.
    public func gram(_ vectors: [[Value]]) -> Value {
        let parts = vectors.map(\.count).min() ?? 0
        precondition(
            parts > 0 && vectors.allSatisfy { $0.count == parts },
            "gram at \(origin): vectors of \(vectors.map(\.count)) parts")
        let products = (0..<parts).map { part in append(.gram, vectors.map { $0[part] }) }
        return products.dropFirst().reduce(products[0]) { add($0, $1) }
    }

    /// The weights `[K]`, at least 0 and of sum 1, with which the sum of K vectors is shortest, from their Gram matrix
    /// `[K, K]`; all NaN if it is not finite. No gradient passes.
    public func minimumNormWeights(_ gram: Value) -> Value { append(.minimumNormWeights, [gram]) }

    /// Convolution (cross-correlation) of `[N, H, W, Cin]` with `[kh, kw, Cin / groups, Cout]`; padding is
    /// (top, left, bottom, right).
    public func convolution(
        _ x: Value, weight: Value, stride: (Int, Int) = (1, 1), padding: (Int, Int, Int, Int) = (0, 0, 0, 0),
        dilation: (Int, Int) = (1, 1), groups: Int = 1
    ) -> Value {
        let (kh, kw) = (weight.shape[0], weight.shape[1])
        let geometry = ConvolutionGeometry(
            height: x.shape[1], width: x.shape[2], inputChannels: x.shape[3],
            outputHeight: (x.shape[1] + padding.0 + padding.2 - dilation.0 * (kh - 1) - 1) / stride.0 + 1,
            outputWidth: (x.shape[2] + padding.1 + padding.3 - dilation.1 * (kw - 1) - 1) / stride.1 + 1,
            outputChannels: weight.shape[3], kernelHeight: kh, kernelWidth: kw, strideHeight: stride.0,
            strideWidth: stride.1, paddingTop: padding.0, paddingLeft: padding.1, dilationHeight: dilation.0,
            dilationWidth: dilation.1, groups: groups)
        return append(.convolution(geometry), [x, weight])
    }

    /// Transposed convolution of `[N, H, W, Cin]` with `[kh, kw, Cout / groups, Cin]`: the input gradient of the
    /// convolution with that weight. The output height is
    /// `(H - 1) * stride - 2 * padding + dilation * (kh - 1) + 1 + outputPadding`.
    public func convolutionTransposed(
        _ x: Value, weight: Value, stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0),
        outputPadding: (Int, Int) = (0, 0), dilation: (Int, Int) = (1, 1), groups: Int = 1
    ) -> Value {
        let (kh, kw) = (weight.shape[0], weight.shape[1])
        let geometry = ConvolutionGeometry(
            height: (x.shape[1] - 1) * stride.0 - 2 * padding.0 + dilation.0 * (kh - 1) + 1 + outputPadding.0,
            width: (x.shape[2] - 1) * stride.1 - 2 * padding.1 + dilation.1 * (kw - 1) + 1 + outputPadding.1,
            inputChannels: weight.shape[2] * groups, outputHeight: x.shape[1], outputWidth: x.shape[2],
            outputChannels: x.shape[3], kernelHeight: kh, kernelWidth: kw, strideHeight: stride.0,
            strideWidth: stride.1, paddingTop: padding.0, paddingLeft: padding.1, dilationHeight: dilation.0,
            dilationWidth: dilation.1, groups: groups)
        return append(.convolutionInputGradient(geometry), [x, weight])
    }

    /// Nearest upsampling by 2 and a stride-1 convolution with a `k x k` kernel and padding `p`, as one transposed
    /// convolution on the small image: 4 (k + 1)² instead of 16 k² products an input pixel for k = 3.
    public func upsampledConvolution(_ x: Value, weight: Value, padding: Int) -> Value {
        let folded = append(.foldUpsampling, [weight])
        let p = weight.shape[0] - 1 - padding
        return convolutionTransposed(x, weight: folded, stride: (2, 2), padding: (p, p))
    }

    // MARK: Images

    public func pad(_ x: Value, _ padding: Padding) -> Value { append(.pad(padding), [x]) }

    public func maxPool(
        _ x: Value, kernel: (Int, Int), stride: (Int, Int), padding: (Int, Int, Int, Int) = (0, 0, 0, 0)
    ) -> Value {
        append(.maxPool(pooling(x, kernel, stride, padding)), [x])
    }

    /// Means over windows, padding counted as zeros.
    public func averagePool(
        _ x: Value, kernel: (Int, Int), stride: (Int, Int), padding: (Int, Int, Int, Int) = (0, 0, 0, 0)
    ) -> Value {
        append(.averagePool(pooling(x, kernel, stride, padding)), [x])
    }

    private func pooling(_ x: Value, _ kernel: (Int, Int), _ stride: (Int, Int), _ padding: (Int, Int, Int, Int))
        -> PoolingGeometry
    {
        PoolingGeometry(
            kernelHeight: kernel.0, kernelWidth: kernel.1, strideHeight: stride.0, strideWidth: stride.1,
            paddingTop: padding.0, paddingLeft: padding.1,
            outputHeight: (x.shape[1] + padding.0 + padding.2 - kernel.0) / stride.0 + 1,
            outputWidth: (x.shape[2] + padding.1 + padding.3 - kernel.1) / stride.1 + 1,
            inputHeight: x.shape[1], inputWidth: x.shape[2])
    }

    public func upsampleNearest(_ x: Value, scale: Int) -> Value { append(.upsampleNearest(scale: scale), [x]) }
    public func upsampleBilinear(_ x: Value, scale: Int) -> Value { append(.upsampleBilinear(scale: scale), [x]) }
    /// `[N, H, W, C * s²]` to `[N, H * s, W * s, C]` in PyTorch's `pixel_shuffle` order.
    public func depthToSpace(_ x: Value, scale: Int) -> Value { append(.depthToSpace(scale: scale), [x]) }

    // MARK: Normalisation

    /// Statistics of a batch: mean and (biased) variance per channel, each `[C]`.
    public func moments(_ x: Value) -> (mean: Value, variance: Value) {
        let both = append(.moments, [x])
        let channels: Shape = [x.shape[-1]]
        return (
            reshape(slice(both, axis: 0, start: 0, count: 1), channels),
            reshape(slice(both, axis: 0, start: 1, count: 1), channels)
        )
    }

    /// `(x - mean) / sqrt(variance + epsilon) * weight + bias`, all but `x` broadcast.
    public func normalize(_ x: Value, mean: Value, variance: Value, epsilon: Float, weight: Value?, bias: Value?)
        -> Value
    {
        var scale = apply(.power(-0.5), affine(variance, offset: epsilon))
        if let weight { scale = multiply(scale, weight) }
        let result = multiply(subtract(x, mean), scale)
        if let bias { return add(result, bias) }
        return result
    }

    /// Mean and biased variance over the axes in which `shape` is 1 (two passes).
    public func moments(_ x: Value, to shape: Shape) -> (mean: Value, variance: Value) {
        let mean = mean(x, to: shape)
        return (mean, self.mean(square(subtract(x, mean)), to: shape))
    }
}
