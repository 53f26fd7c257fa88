import Configuration
import Graph
import Tensors

/// The random vectors that a generator starts from.
public struct LatentConfiguration: ConfigDecodable, Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// Independent, mean 0 and deviation 1.
        case normal
        /// Independent in [-1, 1).
        case uniform
    }

    public let size: Int
    public let distribution: Kind

    public init(size: Int = 100, distribution: Kind = .normal) {
        precondition(size > 0, "a latent of \(size) numbers")
        self.size = size
        self.distribution = distribution
    }

    public init(from reader: ConfigReader) throws {
        self.init(
            size: try reader.integer("size", in: 1...65_536, default: 100, "Numbers in a latent vector."),
            distribution: try reader.choice(
                "distribution", default: .normal, "What each number is drawn from: mean 0 and deviation 1, or -1 to 1.")
        )
    }

    /// `[count, size]`, new in each run of the graph.
    public func draw(_ count: Int, stream: String, in graph: ComputeGraph) -> Value {
        let shape: Shape = [count, size]
        return switch distribution {
        case .normal: graph.random(.normal(mean: 0, deviation: 1), stream: stream, shape: shape)
        case .uniform: graph.random(.uniform(low: -1, high: 1), stream: stream, shape: shape)
        }
    }

    /// `count` vectors, one after the other, outside a graph: for sample grids.
    public func values(_ count: Int, from stream: RandomStream) -> [Float] {
        switch distribution {
        case .normal: stream.normal(count: count * size)
        case .uniform: stream.uniform(count: count * size, in: -1..<1)
        }
    }
}
