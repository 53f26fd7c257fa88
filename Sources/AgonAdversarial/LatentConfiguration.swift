import AgonConfiguration
import AgonGraph
import AgonTensors
import Foundation

/// The random vectors that a generator takes as input.
public struct LatentConfiguration: ConfigDecodable, Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// Independent, with mean 0 and standard deviation 1.
        case normal
        /// Independent and uniform in [-1, 1).
        case uniform
        /// Uniform on the sphere of radius √size, close to which normal vectors lie (White, 2016, arXiv:1609.04468).
        case sphere
    }

    public let size: Int
    public let distribution: Kind

    public init(size: Int = 100, distribution: Kind = .normal) {
        precondition(size > 0, "the latent size must be positive, found \(size)")
        self.size = size
        self.distribution = distribution
    }

    public init(from reader: ConfigReader) throws {
        self.init(
            size: try reader.integer("size", in: 1...65_536, default: 100, "Length of a latent vector."),
            distribution: try reader.choice(
                "distribution", default: .normal,
                "The distribution: normal (0, 1), uniform in [-1, 1), or uniform on the sphere of radius √size.")
        )
    }

    /// `[count, size]`, new random values in each run of the graph.
    public func draw(_ count: Int, stream: String, in graph: ComputeGraph) -> Value {
        let shape: Shape = [count, size]
        func normal() -> Value { graph.random(.normal(mean: 0, deviation: 1), stream: stream, shape: shape) }
        switch distribution {
        case .normal: return normal()
        case .uniform: return graph.random(.uniform(low: -1, high: 1), stream: stream, shape: shape)
        case .sphere:
            let vectors = normal()
            let lengths = graph.squareRoot(graph.mean(graph.square(vectors), to: [count, 1]))
            return graph.divide(vectors, lengths)
        }
    }

    /// `count` vectors, concatenated and drawn outside a graph, for sample grids.
    public func values(_ count: Int, from stream: RandomStream) -> [Float] {
        switch distribution {
        case .normal: return stream.normal(count: count * size)
        case .uniform: return stream.uniform(count: count * size, in: -1..<1)
        case .sphere:
            var values = stream.normal(count: count * size)
            for start in Swift.stride(from: 0, to: values.count, by: size) {
                let square = values[start..<start + size].reduce(0.0) { $0 + Double($1) * Double($1) }
                let scale = Float((Double(size) / square).squareRoot())
                for index in start..<start + size { values[index] *= scale }
            }
            return values
        }
    }
}
