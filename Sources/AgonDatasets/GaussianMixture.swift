import AgonTensors
import Foundation

/// Points in the plane drawn from a mixture of equal Gaussians: toy data on which dropped modes can be counted.
public struct GaussianMixture: Dataset {
    public let count: Int
    public let labels: [Int32]?
    /// The centre of each mode.
    public let centres: [(x: Float, y: Float)]
    /// The standard deviation of each mode in both directions.
    public let deviation: Float
    private let points: [Float]

    /// Eight modes on a ring of radius 2. Metz et al., 2017, arXiv:1611.02163, section 3.1.
    public static func ring(count: Int = 100_000, deviation: Float = 0.02, seed: UInt64 = 0) -> GaussianMixture {
        let centres = (0..<8).map { mode in
            let angle = 2 * Double.pi * Double(mode) / 8
            return (x: Float(2 * cos(angle)), y: Float(2 * sin(angle)))
        }
        return GaussianMixture(centres: centres, deviation: deviation, count: count, seed: seed)
    }

    /// Twenty-five modes on a grid from -4 to 4. Srivastava et al., "VEEGAN", 2017, arXiv:1705.07761, section 5.1.
    public static func grid(count: Int = 100_000, deviation: Float = 0.05, seed: UInt64 = 0) -> GaussianMixture {
        var centres: [(x: Float, y: Float)] = []
        for row in -2...2 {
            for column in -2...2 { centres.append((x: Float(2 * column), y: Float(2 * row))) }
        }
        return GaussianMixture(centres: centres, deviation: deviation, count: count, seed: seed)
    }

    /// `count` points; the mode and position of each depend on the seed and its index.
    public init(centres: [(x: Float, y: Float)], deviation: Float, count: Int, seed: UInt64) {
        precondition(!centres.isEmpty && count > 0, "no mixture of \(centres.count) modes and \(count) points")
        let modes = RandomStream(seed: seed, purpose: "mixture modes").bits(count: count).map {
            Int32((UInt64($0) * UInt64(centres.count)) >> 32)
        }
        var points = RandomStream(seed: seed, purpose: "mixture points").normal(count: 2 * count, deviation: deviation)
        for index in 0..<count {
            let centre = centres[Int(modes[index])]
            points[2 * index] += centre.x
            points[2 * index + 1] += centre.y
        }
        self.count = count
        self.centres = centres
        self.deviation = deviation
        self.points = points
        labels = modes
    }

    public var sampleShape: Shape { [2] }

    /// The range of the points as they are, without scaling.
    public var mixture: (centres: [[Float]], deviation: Float)? { (centres.map { [$0.x, $0.y] }, deviation) }

    public var classNames: [String] { centres.indices.map(String.init) }
    public var residentBytes: Int { 3 * count * MemoryLayout<Float>.size }

    public func write(
        _ index: Int, draws: UnsafeBufferPointer<UInt32>, sample: UnsafeMutableBufferPointer<Float>,
        condition: UnsafeMutableBufferPointer<Float>, scratch: ImageScratch
    ) {
        sample[0] = points[2 * index]
        sample[1] = points[2 * index + 1]
    }
}
