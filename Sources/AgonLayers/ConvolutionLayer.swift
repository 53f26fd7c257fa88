import AgonConfiguration
import AgonGraph
import AgonTensors

/// Convolution (cross-correlation) of images; the weight is `[kh, kw, in / groups, out]` in memory and
/// `[out, in / groups, kh, kw]` in files.
///
/// The output size per direction is `floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1`.
public struct ConvolutionLayer: WeightedLayer {
    public let channels: ChannelCount
    public let kernel: (Int, Int)
    public var stride = (1, 1)
    public var padding = EdgePadding.all(0)
    public var dilation = (1, 1)
    public var groups = 1
    public var weight = WeightSettings()

    public var type: String { "conv" }

    public init(channels: Int, kernel: Int, stride: Int = 1, padding: EdgePadding = .all(0)) {
        self.init(channels: channels, kernel: (kernel, kernel), stride: stride, padding: padding)
    }

    /// - Parameter kernel: height and width.
    public init(channels: Int, kernel: (Int, Int), stride: Int = 1, padding: EdgePadding = .all(0)) {
        self.channels = .fixed(channels)
        self.kernel = kernel
        self.stride = (stride, stride)
        self.padding = padding
    }

    init(from reader: ConfigReader) throws {
        channels = try ChannelCount.read(from: reader)
        kernel = try reader.integerOrPair("kernel", in: 1...1024, "Kernel size in pixels, or [height, width].")
        stride = try reader.integerOrPair(
            "stride", in: 1...1024, default: 1, "Step of the kernel in pixels, or [vertical, horizontal].")
        padding = try EdgePadding(from: reader)
        dilation = try reader.integerOrPair(
            "dilation", in: 1...1024, default: 1,
            "Spacing of the kernel's elements in pixels, or [vertical, horizontal].")
        groups = try reader.integer(
            "groups", in: 1...65536, default: 1,
            "Independent channel groups; equal to the input channels for depthwise convolution.")
        weight = try WeightSettings(from: reader)
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let output = try outputShape(input, at: site)
        let (weight, bias) = try variables(input[2], output[2], at: site)
        let sides = sides(of: input)
        return BuiltLayer(
            outputShape: output,
            floatingPointOperations: 2 * output.count * kernel.0 * kernel.1 * (input[2] / groups)
        ) { [stride, dilation, groups] x, call in
            call.adding(
                bias,
                to: call.graph.convolution(
                    x, weight: weight(call), stride: stride, padding: sides, dilation: dilation, groups: groups))
        }
    }

    // MARK: After upsampling

    /// Whether preceding nearest-neighbour upsampling by 2 can be folded into the kernel.
    var foldsUpsampling: Bool {
        guard stride == (1, 1), dilation == (1, 1), groups == 1, kernel.0 == kernel.1, kernel.0 % 2 == 1 else {
            return false
        }
        switch padding {
        case .same: return true
        case .sides(let top, let left, let bottom, let right):
            return top == left && top == bottom && top == right && top < kernel.0
        }
    }

    /// The layer combined with nearest-neighbour upsampling of its input by 2, as one operation.
    func buildUpsampled(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let upsampled: Shape = [2 * input[0], 2 * input[1], input[2]]
        let output = try outputShape(upsampled, at: site)
        let (weight, bias) = try variables(input[2], output[2], at: site)
        let pixels = sides(of: upsampled).0
        let foldedKernel = (kernel.0 + 1) * (kernel.1 + 1)
        return BuiltLayer(
            outputShape: output, floatingPointOperations: 2 * input.count * foldedKernel * output[2],
            note: "fused with the preceding upsampling"
        ) { x, call in
            call.adding(bias, to: call.graph.upsampledConvolution(x, weight: weight(call), padding: pixels))
        }
    }

    // MARK: Parts

    private func sides(of input: Shape) -> (Int, Int, Int, Int) {
        padding.resolved(height: input[0], width: input[1], kernel: kernel, stride: stride, dilation: dilation)
    }

    private func outputShape(_ input: Shape, at site: LayerSite) throws -> Shape {
        let (height, width, inputChannels) = try site.image(input)
        let channels = try site.resolved(channels)
        let (top, left, bottom, right) = sides(of: input)
        let free = (
            height + top + bottom - dilation.0 * (kernel.0 - 1) - 1,
            width + left + right - dilation.1 * (kernel.1 - 1) - 1
        )
        guard free.0 >= 0, free.1 >= 0 else {
            throw LayerError.smallerThanKernel(
                site.place, input: input, kernel: [kernel.0, kernel.1], dilation: [dilation.0, dilation.1],
                padding: "\(padding)")
        }
        for (count, role) in [(inputChannels, "input"), (channels, "output")] where count % groups != 0 {
            throw LayerError.groupsDoNotDivide(site.place, groups: groups, channels: count, of: role)
        }
        return try site.checked([free.0 / stride.0 + 1, free.1 / stride.1 + 1, channels])
    }

    private func variables(
        _ inputChannels: Int, _ channels: Int, at site: LayerSite
    ) throws -> (weight: @Sendable (NetworkCall) -> Value, bias: Variable?) {
        try weight.build(
            extents: [kernel.0, kernel.1, inputChannels / groups, channels], layout: .convolutionWeight,
            part: .convolutionWeight, outputs: channels, at: site)
    }
}
