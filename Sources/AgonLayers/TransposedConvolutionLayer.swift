import AgonConfiguration
import AgonGraph
import AgonTensors

/// Transposed convolution of images: the gradient of a convolution with respect to its input. The weight is
/// `[kh, kw, out / groups, in]` in memory and `[in, out / groups, kh, kw]` in files.
///
/// The output size per direction is `(size - 1) * stride - padding + dilation * (kernel - 1) + 1 + outputPadding`,
/// where padding is the sum of both sides; with padding "same" it is `size * stride`.
public struct TransposedConvolutionLayer: WeightedLayer {
    public let channels: ChannelCount
    public let kernel: (Int, Int)
    public var stride = (1, 1)
    public var padding = EdgePadding.all(0)
    public var outputPadding = (0, 0)
    public var dilation = (1, 1)
    public var groups = 1
    public var weight = WeightSettings()

    public var type: String { "convTranspose" }

    public init(channels: Int, kernel: Int, stride: Int = 1, padding: EdgePadding = .all(0)) {
        self.channels = .fixed(channels)
        self.kernel = (kernel, kernel)
        self.stride = (stride, stride)
        self.padding = padding
    }

    init(from reader: ConfigReader) throws {
        channels = try ChannelCount.read(from: reader)
        kernel = try reader.integerOrPair("kernel", in: 1...1024, "Kernel size in pixels, or [height, width].")
        stride = try reader.integerOrPair(
            "stride", in: 1...1024, default: 1, "Output pixels per input pixel, or [vertical, horizontal].")
        padding = try EdgePadding(from: reader)
        outputPadding = try reader.integerOrPair(
            "outputPadding", in: 0...1023, default: 0,
            "Pixels added at the bottom and right of the output, or [bottom, right].")
        dilation = try reader.integerOrPair(
            "dilation", in: 1...1024, default: 1,
            "Spacing of the kernel's elements in pixels, or [vertical, horizontal].")
        groups = try reader.integer(
            "groups", in: 1...65536, default: 1, "Independent channel groups.")
        weight = try WeightSettings(from: reader)
        try reader.require(
            outputPadding.0 < max(stride.0, dilation.0) && outputPadding.1 < max(stride.1, dilation.1), "outputPadding",
            "must be less than the stride or the dilation")
        try reader.require(
            padding != .same || outputPadding == (0, 0), "outputPadding", "cannot be combined with padding \"same\"")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let (height, width, inputChannels) = try site.image(input)
        let channels = try site.resolved(channels)
        for (count, role) in [(inputChannels, "input"), (channels, "output")] where count % groups != 0 {
            throw LayerError.groupsDoNotDivide(site.place, groups: groups, channels: count, of: role)
        }
        let reach = (dilation.0 * (kernel.0 - 1) + 1, dilation.1 * (kernel.1 - 1) + 1)
        // (before, after) per direction; after is negative if the output extends beyond the last kernel.
        let vertical: (Int, Int)
        let horizontal: (Int, Int)
        switch padding {
        case .same:
            vertical = Self.sides(reach.0 - stride.0)
            horizontal = Self.sides(reach.1 - stride.1)
        case .sides(let top, let left, let bottom, let right):
            vertical = (top, bottom - outputPadding.0)
            horizontal = (left, right - outputPadding.1)
        }
        let size = (
            (height - 1) * stride.0 + reach.0 - vertical.0 - vertical.1,
            (width - 1) * stride.1 + reach.1 - horizontal.0 - horizontal.1
        )
        guard size.0 > 0, size.1 > 0 else {
            throw LayerError.emptyOutput(site.place, input: input, output: [size.0, size.1])
        }
        let output = try site.checked([size.0, size.1, channels])
        let (weight, bias) = try weight.build(
            extents: [kernel.0, kernel.1, channels / groups, inputChannels], layout: .transposedConvolutionWeight,
            part: .convolutionWeight, outputs: channels, at: site)
        // The graph pads both sides equally; a smaller padding on the far side becomes output padding.
        let beyond = (vertical.0 - vertical.1, horizontal.0 - horizontal.1)
        return BuiltLayer(
            outputShape: output,
            floatingPointOperations: 2 * input.count * kernel.0 * kernel.1 * (channels / groups)
        ) { [stride, dilation, groups] x, call in
            call.adding(
                bias,
                to: call.graph.convolutionTransposed(
                    x, weight: weight(call), stride: stride, padding: (vertical.0, horizontal.0), outputPadding: beyond,
                    dilation: dilation, groups: groups))
        }
    }

    private static func sides(_ total: Int) -> (Int, Int) {
        total >= 0 ? (total / 2, total - total / 2) : (0, total)
    }
}
