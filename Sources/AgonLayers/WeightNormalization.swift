import AgonConfiguration
import AgonGraph
import AgonTensors

/// A function that computes a layer's weight from stored variables, such as weight norm or spectral norm.
public protocol WeightNormalization: Sendable {
    /// Creates the variables; the returned closure appends the weight to a call's graph.
    func build(_ weight: LayerWeight, at site: LayerSite) throws -> @Sendable (NetworkCall) -> Value
}

/// The weight that a layer asks for.
public struct LayerWeight: Sendable {
    /// The shape in the memory layout, which also determines the axis of the outputs.
    public let extents: [Int]
    public let layout: PyTorchLayout
    public let part: InitializationTarget.Part
    public let initializer: any Initializer
    /// `.buffer` when the layer is frozen.
    public let role: VariableRole

    /// The memory axis of the outputs.
    var outputAxis: Int { layout == .transposedConvolutionWeight ? 2 : extents.count - 1 }

    /// The shape of one value per output, which broadcasts over the other axes.
    var perOutput: [Int] { extents.indices.map { $0 == outputAxis ? extents[$0] : 1 } }

    func variable(_ suffix: String, at site: LayerSite) throws -> Variable {
        try site.variable(suffix, extents: extents, layout: layout, role: role, part: part, initializer: initializer)
    }
}

/// The settings of weight and bias that linear, conv and convTranspose share.
public struct WeightSettings: Sendable {
    public var hasBias = true
    public var norm: (any WeightNormalization)?
    public var isFrozen = false
    public var initialization = LayerInitialization()

    public init() {}

    init(from reader: ConfigReader) throws {
        hasBias = try reader.boolean("bias", default: true, "Whether a bias is added to each output.")
        norm = try reader.optionalSection(
            "norm", LayerRegistry.weightNorms, "The norm of the weight: weight norm or spectral norm.")
        isFrozen = try reader.boolean(
            "frozen", default: false, "Whether weight and bias keep their initial values and are not trained.")
        initialization = try LayerInitialization.read(from: reader, hasBiases: hasBias)
    }

    /// Creates the variables of a layer.
    func build(
        extents: [Int], layout: PyTorchLayout, part: InitializationTarget.Part, outputs: Int, at site: LayerSite
    ) throws -> (weight: @Sendable (NetworkCall) -> Value, bias: Variable?) {
        let role: VariableRole = isFrozen ? .buffer : .parameter
        let weight = LayerWeight(
            extents: extents, layout: layout, part: part,
            initializer: site.initializer(part, override: initialization), role: role)
        let value: @Sendable (NetworkCall) -> Value
        if let norm {
            value = try norm.build(weight, at: site)
        } else {
            let variable = try weight.variable("weight", at: site)
            value = { $0.graph.read(variable) }
        }
        guard hasBias else { return (value, nil) }
        let bias = try site.variable(
            "bias", extents: [outputs], role: role, part: .bias,
            fans: InitializationTarget.fans(of: Shape(extents), layout),
            initializer: site.initializer(.bias, override: initialization))
        return (value, bias)
    }
}

/// A layer that multiplies its input by a weight: linear, conv, convTranspose.
public protocol WeightedLayer: Layer {
    var weight: WeightSettings { get set }
}

extension WeightedLayer {
    /// The norm of the weight: `SpectralNorm`, `WeightNorm`, or nil.
    public var norm: (any WeightNormalization)? {
        get { weight.norm }
        set { weight.norm = newValue }
    }

    /// The layer with a weight norm: `ConvolutionLayer(channels: 64, kernel: 3).with(norm: SpectralNorm())`.
    public func with(norm: any WeightNormalization) -> Self {
        var layer = self
        layer.norm = norm
        return layer
    }
}

extension NetworkCall {
    /// `x + bias`
    func adding(_ bias: Variable?, to x: Value) -> Value { bias.map { graph.add(x, graph.read($0)) } ?? x }
}
