import AgonGraph
import AgonTensors

/// A variable to initialise.
public struct InitializationTarget: Hashable, Sendable {
    /// The role of the variable in its layer.
    public enum Part: Hashable, Sendable {
        case linearWeight, convolutionWeight, bias, normWeight, normBias, embedding
    }

    /// The variable's name.
    public let name: String
    /// The layer that it belongs to.
    public let place: LayerPlace
    /// The shape in memory.
    public let shape: Shape
    public let layout: PyTorchLayout
    public let part: Part
    /// Fan-in and fan-out of a unit as PyTorch counts them in its layout; a bias has the fans of its weight.
    public let fanIn: Int, fanOut: Int

    /// Axis 1 of PyTorch's layout times the kernel's area, and axis 0 times the area. PyTorch counts transposed
    /// convolutions, whose axis 0 is the inputs, in the same way.
    static func fans(of shape: Shape, _ layout: PyTorchLayout) -> (in: Int, out: Int) {
        switch layout {
        case .linearWeight: (shape[0], shape[1])
        case .convolutionWeight, .transposedConvolutionWeight:
            (shape[0] * shape[1] * shape[2], shape[0] * shape[1] * shape[3])
        default: (shape.count, shape.count)
        }
    }
}

/// A rule for the initial values of a variable.
public protocol Initializer: Sendable {
    /// The initial values, in the target's memory layout.
    func values(for target: InitializationTarget, stream: RandomStream) throws -> [Float]
}

/// PyTorch's defaults: weights and biases of linear and convolution layers are uniform in `±1 / sqrt(fanIn)`, weights
/// and biases of norms are 1 and 0, and embeddings are standard normal.
public struct DefaultInitializer: Initializer {
    public init() {}

    public func values(for target: InitializationTarget, stream: RandomStream) -> [Float] {
        switch target.part {
        case .normWeight: return [Float](repeating: 1, count: target.shape.count)
        case .normBias: return [Float](repeating: 0, count: target.shape.count)
        case .embedding: return stream.normal(count: target.shape.count, mean: 0, deviation: 1)
        case .linearWeight, .convolutionWeight, .bias:
            let bound = 1 / Float(target.fanIn).squareRoot()
            return stream.uniform(count: target.shape.count, in: -bound..<bound)
        }
    }
}

public struct ConstantInitializer: Initializer {
    public let value: Float

    public init(value: Float) { self.value = value }

    public func values(for target: InitializationTarget, stream: RandomStream) -> [Float] {
        [Float](repeating: value, count: target.shape.count)
    }
}

public struct NormalInitializer: Initializer {
    public let mean: Float, deviation: Float

    public init(mean: Float = 0, deviation: Float) {
        self.mean = mean
        self.deviation = deviation
    }

    public func values(for target: InitializationTarget, stream: RandomStream) -> [Float] {
        stream.normal(count: target.shape.count, mean: mean, deviation: deviation)
    }
}

/// Normal numbers, redrawn if they are more than `bound` standard deviations from the mean.
public struct TruncatedNormalInitializer: Initializer {
    public let mean: Float, deviation: Float, bound: Float

    public init(mean: Float = 0, deviation: Float, bound: Float = 2) {
        self.mean = mean
        self.deviation = deviation
        self.bound = bound
    }

    public func values(for target: InitializationTarget, stream: RandomStream) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(target.shape.count)
        var first = 0
        while values.count < target.shape.count {
            let count = target.shape.count - values.count + 64
            let draws = stream.normal(first: first, count: count).lazy.filter { abs($0) <= bound }
            values += draws.prefix(target.shape.count - values.count).map { mean + deviation * $0 }
            first += count
        }
        return values
    }
}

public struct UniformInitializer: Initializer {
    public let low: Float, high: Float

    public init(low: Float, high: Float) {
        self.low = low
        self.high = high
    }

    public func values(for target: InitializationTarget, stream: RandomStream) -> [Float] {
        // An empty interval gives a constant.
        low < high
            ? stream.uniform(count: target.shape.count, in: low..<high)
            : [Float](repeating: low, count: target.shape.count)
    }
}
