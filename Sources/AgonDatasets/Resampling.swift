/// The interpolation for resizing an image.
public enum ResizeFilter: String, Hashable, Sendable, CaseIterable {
    /// The source pixel that contains the centre of the target pixel.
    case nearest
    /// A triangle filter that extends one source pixel to each side.
    case bilinear
    /// Keys' cubic filter that extends two source pixels to each side, a = -0.5.
    case bicubic

    var support: Double {
        switch self {
        case .nearest: 0
        case .bilinear: 1
        case .bicubic: 2
        }
    }

    func weight(_ distance: Double) -> Double {
        let x = abs(distance)
        switch self {
        case .nearest: return x < 0.5 ? 1 : 0
        case .bilinear: return max(0, 1 - x)
        case .bicubic:
            // Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981, eq. 15.
            let a = -0.5
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
        }
    }
}

/// The weights of one axis: target `i` is the sum of `weights[i * taps + k] * source[first[i] + k]` over 2²².
///
/// When shrinking, the filter is widened by the ratio of the sizes (antialiasing). Weights and rounding match Pillow's
/// `Image.resize`, so 8-bit results equal those of pipelines based on it.
struct ResampleWeights {
    static let precision = 22
    let taps: Int
    let first: [Int]
    let count: [Int]
    let weights: [Int32]

    init(source: Int, target: Int, filter: ResizeFilter) {
        let scale = Double(source) / Double(target)
        if filter == .nearest {
            taps = 1
            // Summed instead of multiplied, so that centres on a pixel's edge round as in Pillow.
            var centre = scale / 2
            var nearest: [Int] = []
            for _ in 0..<target {
                nearest.append(min(source - 1, Int(centre)))
                centre += scale
            }
            first = nearest
            count = [Int](repeating: 1, count: target)
            weights = [Int32](repeating: 1 << Self.precision, count: target)
            return
        }
        let stretch = max(1, scale)
        let reach = filter.support * stretch
        let taps = 2 * Int(reach.rounded(.up)) + 1
        var first: [Int] = []
        var count: [Int] = []
        var weights = [Int32](repeating: 0, count: target * taps)
        var row = [Double](repeating: 0, count: taps)
        for index in 0..<target {
            let centre = (Double(index) + 0.5) * scale
            let start = max(0, Int(centre - reach + 0.5))
            let end = min(source, Int(centre + reach + 0.5))
            var sum = 0.0
            for tap in 0..<end - start {
                row[tap] = filter.weight((Double(start + tap) - centre + 0.5) / stretch)
                sum += row[tap]
            }
            for tap in 0..<end - start {
                let scaled = row[tap] / sum * Double(1 << Self.precision)
                weights[index * taps + tap] = Int32(scaled.rounded(.toNearestOrAwayFromZero))
            }
            first.append(start)
            count.append(end - start)
        }
        self.taps = taps
        self.first = first
        self.count = count
        self.weights = weights
    }
}

/// Resizes images in two passes, rows first, each rounded to 8 bits. Caches the weights for the sizes seen so far.
///
/// Differs: Pillow 13 processes columns first if the height shrinks much more than the width, which changes a few
/// values by one level. This code keeps the order of all earlier versions, with which published results were made.
final class Resampler {
    private struct Key: Hashable {
        let source: Int
        let target: Int
        let filter: ResizeFilter
    }

    private var tables: [Key: ResampleWeights] = [:]
    private var middle: [UInt8] = []
    private var sums: [Int32] = []

    func resize(_ source: Image, height: Int, width: Int, filter: ResizeFilter, into target: inout Image) {
        let shape = source.shape
        target.reshape(ImageShape(height: height, width: width, channels: shape.channels))
        let columns = table(source: shape.width, target: width, filter: filter)
        let rows = table(source: shape.height, target: height, filter: filter)
        let middleCount = shape.height * width * shape.channels
        if middle.count < middleCount {
            middle.append(contentsOf: repeatElement(0, count: middleCount - middle.count))
        }
        let rowCount = width * shape.channels
        if sums.count < rowCount { sums.append(contentsOf: repeatElement(0, count: rowCount - sums.count)) }
        source.pixels.withUnsafeBufferPointer { from in
            middle.withUnsafeMutableBufferPointer { middle in
                Self.resampleRows(from, shape: shape, weights: columns, width: width, into: middle)
                target.pixels.withUnsafeMutableBufferPointer { to in
                    sums.withUnsafeMutableBufferPointer { sums in
                        Self.resampleColumns(
                            UnsafeBufferPointer(middle), rowCount: rowCount, weights: rows, height: height, sums: sums,
                            into: to)
                    }
                }
            }
        }
    }

    private func table(source: Int, target: Int, filter: ResizeFilter) -> ResampleWeights {
        let key = Key(source: source, target: target, filter: filter)
        if let known = tables[key] { return known }
        // Images of a thousand different sizes must not fill the memory with tables.
        if tables.count >= 64 { tables.removeAll(keepingCapacity: true) }
        let made = ResampleWeights(source: source, target: target, filter: filter)
        tables[key] = made
        return made
    }

    private static func clipped(_ sum: Int32) -> UInt8 {
        UInt8(truncatingIfNeeded: max(0, min(255, sum >> Int32(ResampleWeights.precision))))
    }

    private static let half = Int32(1) << Int32(ResampleWeights.precision - 1)

    private static func resampleRows(
        _ source: UnsafeBufferPointer<UInt8>, shape: ImageShape, weights table: ResampleWeights, width: Int,
        into target: UnsafeMutableBufferPointer<UInt8>
    ) {
        let channels = shape.channels
        table.weights.withUnsafeBufferPointer { weights in
            for row in 0..<shape.height {
                let from = row * shape.width * channels
                let to = row * width * channels
                for column in 0..<width {
                    let start = from + table.first[column] * channels
                    let taps = table.count[column]
                    for channel in 0..<channels {
                        var sum = half
                        for tap in 0..<taps {
                            let value = Int32(source[start + tap * channels + channel])
                            sum &+= weights[column * table.taps + tap] &* value
                        }
                        target[to + column * channels + channel] = clipped(sum)
                    }
                }
            }
        }
    }

    private static func resampleColumns(
        _ source: UnsafeBufferPointer<UInt8>, rowCount: Int, weights table: ResampleWeights, height: Int,
        sums: UnsafeMutableBufferPointer<Int32>, into target: UnsafeMutableBufferPointer<UInt8>
    ) {
        for row in 0..<height {
            for index in 0..<rowCount { sums[index] = half }
            for tap in 0..<table.count[row] {
                let weight = table.weights[row * table.taps + tap]
                let from = (table.first[row] + tap) * rowCount
                for index in 0..<rowCount { sums[index] &+= weight &* Int32(source[from + index]) }
            }
            for index in 0..<rowCount { target[row * rowCount + index] = clipped(sums[index]) }
        }
    }
}
