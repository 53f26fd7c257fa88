import AgonConfiguration
import AgonGraph
import AgonTensors

/// The maximum or the mean of each window of an image. A maximum ignores padding; a mean counts it as zeros or ignores
/// it.
public struct PoolingLayer: Layer {
    public enum Choice: Sendable { case maximum, average }

    public let choice: Choice
    public let kernel: (Int, Int)
    public var stride: (Int, Int)
    public var padding: EdgePadding
    /// Whether a mean covers the whole window, padding included, instead of only the part within the image.
    public var countsPadding = true

    public var type: String { choice == .maximum ? "maxPool" : "averagePool" }

    public init(_ choice: Choice, kernel: Int, stride: Int? = nil, padding: EdgePadding = .all(0)) {
        self.choice = choice
        self.kernel = (kernel, kernel)
        self.stride = (stride ?? kernel, stride ?? kernel)
        self.padding = padding
    }

    init(_ choice: Choice, from reader: ConfigReader) throws {
        self.choice = choice
        kernel = try reader.integerOrPair(
            "kernel", in: 1...1024, default: 2, "Window size in pixels, or [height, width].")
        stride =
            try reader.optionalIntegerOrPair(
                "stride", in: 1...1024,
                "Step of the window in pixels, or [vertical, horizontal]; default: the kernel.")
            ?? kernel
        padding = try EdgePadding(from: reader)
        if choice == .average {
            countsPadding = try reader.boolean(
                "countPadding", default: true,
                "Whether the mean counts padding as zeros; if not, it covers only pixels of the image.")
        }
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let (height, width, channels) = try site.image(input)
        let sides = padding.resolved(height: height, width: width, kernel: kernel, stride: stride)
        guard max(sides.0, sides.2) < kernel.0, max(sides.1, sides.3) < kernel.1 else {
            throw LayerError.paddingOverKernel(site.place, padding: "\(padding)", kernel: [kernel.0, kernel.1])
        }
        let free = (height + sides.0 + sides.2 - kernel.0, width + sides.1 + sides.3 - kernel.1)
        guard free.0 >= 0, free.1 >= 0 else {
            throw LayerError.smallerThanKernel(
                site.place, input: input, kernel: [kernel.0, kernel.1], dilation: [1, 1], padding: "\(padding)")
        }
        let output: Shape = [free.0 / stride.0 + 1, free.1 / stride.1 + 1, channels]
        return BuiltLayer(outputShape: output, keepsBounds: true) { [choice, kernel, stride, countsPadding] x, call in
            let graph = call.graph
            guard choice == .average else { return graph.maxPool(x, kernel: kernel, stride: stride, padding: sides) }
            let means = graph.averagePool(x, kernel: kernel, stride: stride, padding: sides)
            guard !countsPadding, sides != (0, 0, 0, 0) else { return means }
            // The fraction of each window that lies within the image.
            let inside = graph.constant(1, shape: [1, height, width, 1])
            return graph.divide(means, graph.averagePool(inside, kernel: kernel, stride: stride, padding: sides))
        }
    }
}

/// The mean or sum of each channel over all pixels: `[H, W, C]` to `[C]`.
public struct GlobalPoolingLayer: Layer {
    public enum Choice: Sendable { case average, sum }

    public let choice: Choice

    public var type: String { choice == .average ? "globalAveragePool" : "globalSumPool" }

    public init(_ choice: Choice) { self.choice = choice }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let channels = try site.image(input).channels
        return BuiltLayer(outputShape: [channels], keepsBounds: true) { [choice] x, call in
            let pixel: Shape = [x.shape[0], 1, 1, channels]
            let pooled = choice == .average ? call.graph.mean(x, to: pixel) : call.graph.sum(x, to: pixel)
            return call.graph.reshape(pooled, [x.shape[0], channels])
        }
    }
}
