import AgonAdversarial
import AgonLayers
import AgonTensors

/// Networks of one 1x1 convolution, which a test can follow pixel by pixel: `y = w · x + b`.
struct PixelNetwork {
    let weights: [Double], bias: Double

    static let generator = #"[{"type": "conv", "channels": 1, "kernel": 1}]"#

    init(_ network: Network) {
        weights = network.variables[0].values.map(Double.init)
        bias = Double(network.variables[1].values[0])
    }

    /// One output channel for pixels of several channels.
    func callAsFunction(_ pixels: [[Double]]) -> [Double] {
        pixels.map { pixel in zip(pixel, weights).reduce(bias) { $0 + $1.0 * $1.1 } }
    }
}

/// Pixels of images in memory's layout.
func pixels(_ values: [Float], channels: Int) -> [[Double]] {
    stride(from: 0, to: values.count, by: channels).map { start in
        values[start..<start + channels].map(Double.init)
    }
}

func meanDistance(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map { abs($0 - $1) }.mean }
