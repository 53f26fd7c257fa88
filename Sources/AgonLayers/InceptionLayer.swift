import AgonConfiguration
import AgonTensors

/// The block of small discriminators, with `n` channels, of which `b` (by default half) go through the second branch:
/// `concat(conv1x1 to n - b, [conv1x1 to b, conv3x3 to b])`.
///
/// With a depthwise convolution, the second branch is
/// `[conv1x1 to b, depthwise conv3x3, batch norm, conv1x1 to m b, batch norm]`, and the output has `n - b + m b`
/// channels. The layer table shows two branches of a concat layer.
/// The reduction to fewer channels is that of Szegedy et al., "Going Deeper with Convolutions", CVPR 2015,
/// arXiv:1409.4842, figure 2b; the depthwise convolution that of Howard et al., "MobileNets", 2017, arXiv:1704.04861.
public struct InceptionLayer: Layer {
    /// The input of the 3x3 convolution.
    public enum Source: String, CaseIterable, Sendable {
        /// The output of the preceding 1x1 convolution.
        case reduction
        /// The block's input; the branch then has no preceding 1x1 convolution.
        case input
    }

    public let channels: Int
    public var branchChannels: Int
    public var reads = Source.reduction
    public var isDepthwise = false
    public var widthMultiplier = 4

    public var type: String { "inception" }

    public init(channels: Int) {
        precondition(channels >= 2, "two branches cannot share \(channels) channels")
        self.channels = channels
        branchChannels = channels / 2
    }

    init(from reader: ConfigReader) throws {
        channels = try reader.integer("channels", in: 2...65536, "Total channels of both branches.")
        let branch = try reader.optionalInteger(
            "branchChannels", in: 1...65535, "Channels of the branch with the 3x3 convolution; default: half.")
        branchChannels = branch ?? channels / 2
        reads = try reader.choice(
            "reads", default: .reduction,
            "Whether the 3x3 convolution reads the output of a 1x1 convolution or the block's input.")
        isDepthwise = try reader.boolean(
            "depthwise", default: false,
            "Whether the 3x3 convolution is depthwise, followed by a 1x1 convolution, with batch norms.")
        widthMultiplier = try reader.integer(
            "widthMultiplier", in: 1...64, default: 4,
            "Factor from the branch's channels to its output channels, if it is depthwise.")
        try reader.require(
            isDepthwise || widthMultiplier == 4, "widthMultiplier",
            "has no effect unless 'depthwise' is true; remove it")
        try reader.require(
            branchChannels < channels, "branchChannels", "expected less than the \(channels) channels of both branches")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        try ConcatLayer([
            [ConvolutionLayer(channels: channels - branchChannels, kernel: 1)], branch(on: input, at: site),
        ])
        .build(input: input, at: site)
    }

    private func branch(on input: Shape, at site: LayerSite) throws -> [any Layer] {
        var layers: [any Layer] = []
        var width = try site.image(input).channels
        if reads == .reduction {
            layers.append(ConvolutionLayer(channels: branchChannels, kernel: 1))
            width = branchChannels
        }
        guard isDepthwise else {
            return layers + [ConvolutionLayer(channels: branchChannels, kernel: 3, padding: .same)]
        }
        var depthwise = ConvolutionLayer(channels: width, kernel: 3, padding: .same)
        depthwise.groups = width
        return layers + [
            depthwise, BatchNormLayer(), ConvolutionLayer(channels: widthMultiplier * branchChannels, kernel: 1),
            BatchNormLayer(),
        ]
    }
}
