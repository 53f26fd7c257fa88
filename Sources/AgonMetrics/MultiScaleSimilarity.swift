import AgonTensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Multi-scale structural similarity (MS-SSIM) of images: 1 for equal ones, near 0 for unlike ones.
///
/// At each scale, under a Gaussian window, `l = (2 μx μy + C1) / (μx² + μy² + C1)` and
/// `cs = (2 σxy + C2) / (σx² + σy² + C2)` are averaged over the places where the window fits; the similarity of a
/// channel is `Π cs_s^w_s` over all scales but the last, times `(l cs)^w` of the last. The next scale has half the
/// height and width: means of 2 x 2 pixels, the last row or column repeated if it is odd. Channels are averaged at the
/// end. A negative mean counts as 0, because its power is NaN.
///
/// Five scales need a shorter side of at least 176 pixels. Smaller images are compared on fewer scales, the
/// largest first, with renormalized weights: values for sizes below 176 are not comparable with those
/// of others.
///
/// Wang, Simoncelli and Bovik, "Multi-scale structural similarity for image quality assessment", 2003; as a measure of
/// diversity, the mean over random pairs: Odena et al., "Conditional Image Synthesis with Auxiliary Classifier GANs",
/// ICML 2017, arXiv:1610.09585, section 4.2.
public enum MultiScaleSimilarity {
    /// Mean and standard deviation (divided by pairs) over pairs of images.
    public struct Estimate: Equatable, Sendable {
        public let mean: Double
        public let deviation: Double
    }

    static let weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
    static let windowSize = 11
    /// Pixels.
    static let windowDeviation = 1.5
    /// Of an 8-bit image with values from 0 to 255.
    static let range = 255.0

    /// The number of scales for images of a size; 0 if no window fits.
    public static func scaleCount(height: Int, width: Int) -> Int {
        weights.indices.count { min(height, width) >> $0 >= windowSize }
    }

    /// The similarity of two images.
    ///
    /// - Parameters:
    ///   - first, second: `[H, W, C]`, values in [0, 255].
    /// - Throws: ``MetricError/imageTooSmall(height:width:needed:)``, or
    ///   ``MetricError/badValue(metric:row:column:value:)`` (rows count the images).
    public static func between(_ first: Tensor, _ second: Tensor) throws(MetricError) -> Double {
        precondition(
            first.shape == second.shape && first.shape.rank == 3, "images of \(first.shape) and \(second.shape)")
        let images = Tensor(shape: Shape([2] + first.shape.dimensions), values: first.values + second.values)
        let comparison = try ImageComparison(images)
        return comparison.similarity(0, 1)
    }

    /// The mean over pairs of different images, each drawn at random.
    ///
    /// Pair `i` depends on the seed, the number of images and `i` alone.
    ///
    /// - Parameters:
    ///   - images: `[N, H, W, C]`, values in [0, 255]; of one class for diversity within classes.
    ///   - threads: the number of threads; the result does not depend on it.
    /// - Throws: as ``between(_:_:)``; ``MetricError/tooFewSamples(metric:set:count:needed:)`` for fewer than two.
    public static func meanOverPairs(
        of images: Tensor, pairs: Int = 100, seed: UInt64, threads: Int = 1
    ) throws(MetricError) -> Estimate {
        precondition(images.shape.rank == 4 && pairs > 0, "\(pairs) pairs of images \(images.shape)")
        let count = images.shape[0]
        guard count >= 2 else { throw .tooFewSamples(metric: metric, set: "generated", count: count, needed: 2) }
        let comparison = try ImageComparison(images)
        let chosen = drawPairs(pairs, of: count, seed: seed)
        let workers = max(1, min(threads, pairs))
        var similarities = [Double](repeating: 0, count: pairs)
        similarities.withUnsafeMutableBufferPointer { similarities in
            nonisolated(unsafe) let similarities = similarities  // each worker writes its own pairs
            runConcurrently(workers) { worker in
                for pair in stride(from: worker, to: pairs, by: workers) {
                    similarities[pair] = comparison.similarity(chosen[pair].first, chosen[pair].second)
                }
            }
        }
        let mean = similarities.reduce(0, +) / Double(pairs)
        let squares = similarities.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return Estimate(mean: mean, deviation: (squares / Double(pairs)).squareRoot())
    }

    static let metric = "MS-SSIM"

    static func drawPairs(_ pairs: Int, of count: Int, seed: UInt64) -> [(first: Int, second: Int)] {
        let words = RandomStream(seed: seed, purpose: "similarity pairs").bits(count: 2 * pairs)
        func scaled(_ word: UInt32, below bound: Int) -> Int { Int((UInt64(word) * UInt64(bound)) >> 32) }
        return (0..<pairs).map { pair in
            let first = scaled(words[2 * pair], below: count)
            let other = scaled(words[2 * pair + 1], below: count - 1)
            return (first, other < first ? other : other + 1)
        }
    }
}

/// Comparable images, and the window.
private struct ImageComparison: Sendable {
    let images: Tensor
    let scales: Int
    let window: [Double]

    init(_ images: Tensor) throws(MetricError) {
        let (height, width) = (images.shape[1], images.shape[2])
        scales = MultiScaleSimilarity.scaleCount(height: height, width: width)
        let size = MultiScaleSimilarity.windowSize
        guard scales > 0 else { throw .imageTooSmall(height: height, width: width, needed: size) }
        if let bad = images.values.firstIndex(where: { !$0.isFinite }) {
            let imageSize = images.values.count / images.shape[0]
            throw .badValue(
                metric: MultiScaleSimilarity.metric, row: bad / imageSize, column: bad % imageSize,
                value: Double(images.values[bad]))
        }
        self.images = images
        let deviation = MultiScaleSimilarity.windowDeviation
        let bell = (0..<size).map { place in
            let x = Double(place - size / 2) / deviation
            return exp(-x * x / 2)
        }
        let sum = bell.reduce(0, +)
        window = bell.map { $0 / sum }
    }

    func similarity(_ first: Int, _ second: Int) -> Double {
        let channels = images.shape[3]
        let sum = (0..<channels).reduce(0) { $0 + similarity(plane(first, $1), plane(second, $1)) }
        return sum / Double(channels)
    }

    private func plane(_ index: Int, _ channel: Int) -> Plane {
        let (height, width, channels) = (images.shape[1], images.shape[2], images.shape[3])
        let start = index * height * width * channels + channel
        return Plane(
            height: height, width: width,
            values: (0..<height * width).map { Double(images.values[start + $0 * channels]) })
    }

    private func similarity(_ first: Plane, _ second: Plane) -> Double {
        var (x, y) = (first, second)
        let weights = MultiScaleSimilarity.weights[..<scales]
        let weightSum = weights.reduce(0, +)
        var product = 1.0
        for (scale, weight) in weights.enumerated() {
            if scale > 0 { (x, y) = (x.halved, y.halved) }
            let means = compare(x, y)
            let factor = scale == scales - 1 ? means.similarity : means.contrast
            product *= pow(max(factor, 0), weight / weightSum)
        }
        return product
    }

    /// The means of `l cs` and of `cs` at one scale.
    private func compare(_ x: Plane, _ y: Plane) -> (similarity: Double, contrast: Double) {
        let range = MultiScaleSimilarity.range
        let (c1, c2) = ((0.01 * range) * (0.01 * range), (0.03 * range) * (0.03 * range))
        let (xMean, yMean) = (x.windowed(window), y.windowed(window))
        let (xx, yy, xy) = ((x * x).windowed(window), (y * y).windowed(window), (x * y).windowed(window))
        var (similarity, contrast) = (0.0, 0.0)
        for place in xMean.values.indices {
            let (mx, my) = (xMean.values[place], yMean.values[place])
            let luminance = (2 * mx * my + c1) / (mx * mx + my * my + c1)
            let structure =
                (2 * (xy.values[place] - mx * my) + c2)
                / (xx.values[place] - mx * mx + yy.values[place] - my * my + c2)
            similarity += luminance * structure
            contrast += structure
        }
        let count = Double(xMean.values.count)
        return (similarity / count, contrast / count)
    }
}

/// One channel of an image.
private struct Plane {
    let height: Int
    let width: Int
    let values: [Double]

    static func * (x: Plane, y: Plane) -> Plane {
        Plane(height: x.height, width: x.width, values: zip(x.values, y.values).map { $0 * $1 })
    }

    /// The weighted means under a separable window, at positions where it fits.
    func windowed(_ window: [Double]) -> Plane {
        let (newHeight, newWidth) = (height - window.count + 1, width - window.count + 1)
        var rows = [Double](repeating: 0, count: height * newWidth)
        var result = [Double](repeating: 0, count: newHeight * newWidth)
        values.withUnsafeBufferPointer { values in
            rows.withUnsafeMutableBufferPointer { rows in
                for row in 0..<height {
                    for (tap, weight) in window.enumerated() {
                        for column in 0..<newWidth {
                            rows[row * newWidth + column] += weight * values[row * width + column + tap]
                        }
                    }
                }
                result.withUnsafeMutableBufferPointer { result in
                    for row in 0..<newHeight {
                        for (tap, weight) in window.enumerated() {
                            for column in 0..<newWidth {
                                result[row * newWidth + column] += weight * rows[(row + tap) * newWidth + column]
                            }
                        }
                    }
                }
            }
        }
        return Plane(height: newHeight, width: newWidth, values: result)
    }

    var halved: Plane {
        let (newHeight, newWidth) = ((height + 1) / 2, (width + 1) / 2)
        var result = [Double](repeating: 0, count: newHeight * newWidth)
        for row in 0..<newHeight {
            let upper = 2 * row * width
            let lower = min(2 * row + 1, height - 1) * width
            for column in 0..<newWidth {
                let (left, right) = (2 * column, min(2 * column + 1, width - 1))
                result[row * newWidth + column] =
                    (values[upper + left] + values[upper + right] + values[lower + left] + values[lower + right]) / 4
            }
        }
        return Plane(height: newHeight, width: newWidth, values: result)
    }
}
