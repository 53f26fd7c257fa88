import AgonGraph
import AgonTensors

/// The distribution type of a scaled initialiser.
public enum InitialDistribution: Hashable, Sendable {
    case uniform, normal

    /// Numbers with mean 0 and the given standard deviation.
    func values(count: Int, deviation: Float, _ stream: RandomStream) -> [Float] {
        switch self {
        case .normal: return stream.normal(count: count, deviation: deviation)
        case .uniform:
            let bound = deviation * Float(3).squareRoot()
            return bound > 0 ? stream.uniform(count: count, in: -bound..<bound) : [Float](repeating: 0, count: count)
        }
    }
}

/// Standard deviation `gain * sqrt(2 / (fanIn + fanOut))`.
/// Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
/// eq. 16.
public struct XavierInitializer: Initializer {
    public let distribution: InitialDistribution
    public let gain: Float

    public init(_ distribution: InitialDistribution, gain: Float = 1) {
        self.distribution = distribution
        self.gain = gain
    }

    public func values(for target: InitializationTarget, stream: RandomStream) -> [Float] {
        let deviation = gain * (2 / Float(target.fanIn + target.fanOut)).squareRoot()
        return distribution.values(count: target.shape.count, deviation: deviation, stream)
    }
}

/// Standard deviation `gain / sqrt(fan)`; a gain of `sqrt(2)` keeps the variance through ReLUs.
/// He et al., "Delving Deep into Rectifiers", ICCV 2015, arXiv:1502.01852, eq. 10 and 14.
public struct KaimingInitializer: Initializer {
    /// Whether the variance is kept in the forward pass (`fanIn`) or the backward pass (`fanOut`).
    public enum Fan: String, CaseIterable, Sendable {
        case fanIn, fanOut
    }

    public let distribution: InitialDistribution
    public let fan: Fan
    public let gain: Float

    public init(_ distribution: InitialDistribution, fan: Fan = .fanIn, gain: Float = Float(2).squareRoot()) {
        self.distribution = distribution
        self.fan = fan
        self.gain = gain
    }

    public func values(for target: InitializationTarget, stream: RandomStream) -> [Float] {
        let deviation = gain / Float(fan == .fanIn ? target.fanIn : target.fanOut).squareRoot()
        return distribution.values(count: target.shape.count, deviation: deviation, stream)
    }
}

/// `gain` times a random matrix with orthonormal rows or columns, whichever are fewer; kernels are treated as PyTorch's
/// `[axis 0, all others]`. Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural
/// networks", ICLR 2014, arXiv:1312.6120.
public struct OrthogonalInitializer: Initializer {
    public let gain: Float

    public init(gain: Float = 1) { self.gain = gain }

    public func values(for target: InitializationTarget, stream: RandomStream) throws -> [Float] {
        let shape = target.shape
        let (fileShape, order): (Shape, [Int])
        switch target.layout {
        case .linearWeight: (fileShape, order) = ([shape[1], shape[0]], [1, 0])
        case .convolutionWeight, .transposedConvolutionWeight:
            (fileShape, order) = ([shape[3], shape[2], shape[0], shape[1]], [2, 3, 1, 0])
        case .plain where shape.rank > 1: (fileShape, order) = (shape, Array(0..<shape.rank))
        default:
            throw LayerError.unfitInitializer(
                target.place, variable: target.name, initializer: "orthogonal", shape: shape)
        }
        let normal = stream.normal(count: shape.count).map { Double($0) }
        let matrix = try LinearAlgebra.orthogonal(
            rows: fileShape[0], columns: shape.count / fileShape[0], gaussian: normal)
        return Tensor(shape: fileShape, values: matrix.map { gain * Float($0) }).permuted(order).values
    }
}
