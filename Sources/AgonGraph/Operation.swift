import AgonTensors

/// A function of one number, applied to each element.
public enum UnaryFunction: Hashable, Sendable {
    /// `scale * x + offset`
    case affine(scale: Float, offset: Float)
    case absolute, sign, square, squareRoot, reciprocal
    /// `x ^ exponent`, x >= 0
    case power(Float)
    case exponential, logarithm
    case tanh, sigmoid
    /// `log(1 + exp(x))`
    case softplus
    /// `x > 0 ? x : alpha * (exp(x) - 1)`
    case elu(alpha: Float)
    /// `x > 0 ? x : slope * x`; a slope of 0 is ReLU.
    case leakyReLU(slope: Float)
    /// `x > threshold ? 1 : 0`; its derivative is taken as 0.
    case step(threshold: Float)
    /// `min(max(x, low), high)`
    case clamp(low: Float, high: Float)
}

/// A function of two numbers, applied elementwise with broadcasting.
public enum BinaryFunction: Hashable, Sendable {
    case add, subtract, multiply, divide, maximum, minimum
    /// `a > b ? 1 : 0`; its derivative is taken as 0.
    case greater
    // Derivatives of activations from the gradient `a` and the activation's output `b`.
    case leakyReLUGradient(slope: Float), tanhGradient, sigmoidGradient, eluGradient(alpha: Float)
}

/// A distribution that a random operation draws from.
public enum Distribution: Hashable, Sendable {
    /// Uniform in `[low, high)`.
    case uniform(low: Float, high: Float)
    case normal(mean: Float, deviation: Float)
    /// `value` with the given probability, else 0.
    case bernoulli(probability: Float, value: Float)
}

/// The geometry of a convolution of channels-last images.
///
/// Input `[N, height, width, inputChannels]`, output `[N, outputHeight, outputWidth, outputChannels]`,
/// weights `[kernelHeight, kernelWidth, inputChannels / groups, outputChannels]`.
public struct ConvolutionGeometry: Hashable, Sendable {
    public var height: Int, width: Int, inputChannels: Int
    public var outputHeight: Int, outputWidth: Int, outputChannels: Int
    public var kernelHeight: Int, kernelWidth: Int
    public var strideHeight: Int, strideWidth: Int
    public var paddingTop: Int, paddingLeft: Int
    public var dilationHeight: Int, dilationWidth: Int
    public var groups: Int

    public var weightShape: Shape { [kernelHeight, kernelWidth, inputChannels / groups, outputChannels] }
    public func inputShape(batch: Int) -> Shape { [batch, height, width, inputChannels] }
    public func outputShape(batch: Int) -> Shape { [batch, outputHeight, outputWidth, outputChannels] }

    /// FLOPs of one pass (forward, input gradient or weight gradient) over a batch.
    public func floatingPointOperations(batch: Int) -> Int {
        2 * batch * outputHeight * outputWidth * outputChannels * kernelHeight * kernelWidth * inputChannels / groups
    }
}

/// The geometry of a pooling of channels-last images.
public struct PoolingGeometry: Hashable, Sendable {
    public var kernelHeight: Int, kernelWidth: Int, strideHeight: Int, strideWidth: Int
    public var paddingTop: Int, paddingLeft: Int
    public var outputHeight: Int, outputWidth: Int
    public var inputHeight: Int, inputWidth: Int
}

/// Amounts added around an image, in pixels; negative amounts crop.
public struct Padding: Hashable, Sendable {
    public var top: Int, left: Int, bottom: Int, right: Int
    public var reflection: Bool

    public init(top: Int, left: Int, bottom: Int, right: Int, reflection: Bool = false) {
        (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
        self.reflection = reflection
    }
}

/// The operations of a graph: a closed set, in which the gradient of each is composed of the others.
public enum Operation: Hashable, Sendable {
    // Sources: no inputs.
    /// A variable's value before the step.
    case variable(VariableID)
    /// Values bound by name before each run.
    case input(String)
    case constant(Float)
    /// Numbers of the named random stream, new in each run.
    case random(Distribution, stream: String)

    // Elementwise, with broadcasting.
    case unary(UnaryFunction)
    case binary(BinaryFunction)

    // Shapes and sums. `sum(to:)` and `broadcast(to:)` are each other's adjoint.
    case broadcast(to: Shape)
    case sum(to: Shape)
    /// The maximum over the last axis; constant in differentiation (it only shifts softmax).
    case rowMaximum
    /// Mean and variance (over all but the last axis, divided by the count) as rows of `[2, C]`.
    case moments
    case reshape(Shape)
    /// `[N, A, B]` to `[N, B, A]`
    case transpose
    /// Elements `start ..< start + count` of an axis; the adjoint writes them into zeros.
    case slice(axis: Int, start: Int, count: Int)
    case sliceGradient(axis: Int, start: Int, extent: Int)
    case concatenate(axis: Int)

    // Matrices and convolutions: the products are closed under differentiation.
    case matmul(transposeA: Bool, transposeB: Bool)
    /// The products `x_i · x_j` of K inputs of one shape, each taken as one vector: `[K, K]`.
    case gram
    /// A Gram matrix `[K, K]` to the weights `[K]` of the shortest vector in the convex hull of its vectors
    /// (``MinimumNormPoint``), NaN unless the matrix is finite; constant in differentiation.
    case minimumNormWeights
    case convolution(ConvolutionGeometry)
    /// Inputs: output gradient, weight. Also the forward pass of a transposed convolution.
    case convolutionInputGradient(ConvolutionGeometry)
    /// Inputs: input, output gradient.
    case convolutionWeightGradient(ConvolutionGeometry)
    /// The `(k + 1) x (k + 1)` kernel of the transposed stride-2 convolution that equals nearest upsampling by 2 and a
    /// `k x k` convolution: `[k, k, Cin, Cout]` to `[k + 1, k + 1, Cout, Cin]`; and the adjoint.
    case foldUpsampling
    case foldUpsamplingGradient
    /// A convolution's weight transformed for minimal filtering; created after differentiation.
    case filterWeights(FilteredConvolution)
    /// A pass of a convolution by minimal filtering; created after differentiation. Inputs: input or output gradient,
    /// transformed weights; for a weight gradient input and output gradient.
    case filteredConvolution(FilteredConvolution)

    // Images.
    case pad(Padding)
    case padGradient(Padding)
    case maxPool(PoolingGeometry)
    /// Inputs: input, output gradient.
    case maxPoolGradient(PoolingGeometry)
    /// Inputs: input, values to pick at its maxima.
    case maxPoolPick(PoolingGeometry)
    case averagePool(PoolingGeometry)
    case averagePoolGradient(PoolingGeometry)
    case upsampleNearest(scale: Int)
    case upsampleNearestGradient(scale: Int)
    case upsampleBilinear(scale: Int)
    case upsampleBilinearGradient(scale: Int)
    case depthToSpace(scale: Int)
    case spaceToDepth(scale: Int)

    // State.
    /// Stores the input in the variable; the output is the variable's new value.
    case assign(VariableID)
    /// Applies the optimizer's rule to a parameter; inputs: the parameter's value, its gradient.
    case update(VariableID, rule: Int)
    /// The input's value, constant in differentiation.
    case stopGradient
}

extension Operation {
    /// Whether each output element depends only on the matching (broadcast) input elements.
    public var isElementwise: Bool {
        switch self {
        case .unary, .binary, .random: true
        default: false
        }
    }

    /// Whether gradients flow to the inputs.
    public var passesGradients: Bool {
        switch self {
        case .stopGradient, .rowMaximum, .minimumNormWeights: false
        default: true
        }
    }

    /// The name used in messages and profiles.
    public var name: String {
        let text = "\(self)"
        return String(text.prefix { $0 != "(" })
    }
}
