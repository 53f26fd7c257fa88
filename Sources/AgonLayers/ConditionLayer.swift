import AgonConfiguration
import AgonGraph
import AgonTensors

/// Combines the input with the network's condition vector `[N, C]`: the vector is appended to the features or to each
/// pixel's channels, or multiplied with them.
///
/// With `features`, and always when multiplying, the vector first goes through a linear map without bias, which acts as
/// the embedding of a one-hot label. The variable `embedding.weight` is `[C, features]` as in PyTorch's `nn.Embedding`,
/// with standard normal initial values.
/// Mirza and Osindero, "Conditional Generative Adversarial Nets", 2014, arXiv:1411.1784 (concatenation); Odena et al.,
/// "Conditional Image Synthesis with Auxiliary Classifier GANs", ICML 2017, arXiv:1610.09585.
public struct ConditionLayer: Layer {
    public enum Method: String, CaseIterable, Sendable {
        case concatenate, multiply
    }

    public let method: Method
    public let features: Int?
    public var augmentation: ConditioningAugmentation?
    public var initialization = LayerInitialization()

    public var type: String { "condition" }

    public init(_ method: Method = .concatenate, features: Int? = nil) {
        self.method = method
        self.features = features
    }

    init(from reader: ConfigReader) throws {
        method = try reader.choice(
            "method", default: .concatenate,
            "Whether the condition is appended to the input's channels or multiplied with them.")
        features = try reader.optionalInteger(
            "features", in: 1...16_777_216,
            "Length of a learned embedding of the condition; when multiplying, the number of input channels. "
                + "Default: the condition is used without an embedding.")
        augmentation = try reader.optionalSection(
            "augmentation",
            "Draws the features from a normal distribution that depends on the condition (StackGAN).")
        initialization = try LayerInitialization.read(
            from: reader, hasWeights: augmentation != nil || features != nil || method == .multiply,
            hasBiases: augmentation != nil)
        try reader.require(
            augmentation == nil || features != nil || method == .multiply, "augmentation",
            "needs \"features\", the number of values to draw")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let size = try site.conditionSize()
        let mapped = features ?? (method == .multiply ? input[-1] : nil)
        let width = mapped ?? size
        guard method == .concatenate || width == input[-1] else {
            throw LayerError.conditionDiffers(site.place, input: input, features: width)
        }
        var output = input
        if method == .concatenate { output[-1] += width }
        let outputShape = try site.checked(output.dimensions)
        let vector: @Sendable (Value, NetworkCall) -> Value
        var products = 0
        if let augmentation {
            vector = try augmentation.build(size, features: width, initialization, at: site)
            products = 2 * size * 2 * width
        } else if let mapped {
            let embedding = try site.variable(
                "embedding.weight", extents: [size, mapped], part: .embedding, fans: (size, mapped),
                initializer: site.initializer(.embedding, override: initialization))
            vector = { condition, call in call.graph.matmul(condition, call.graph.read(embedding)) }
            products = 2 * size * mapped
        } else {
            vector = { condition, _ in condition }
        }
        let place = site.place
        return BuiltLayer(
            outputShape: outputShape, floatingPointOperations: products, treatsSamplesApart: augmentation == nil
        ) { [method] x, call in
            guard let condition = call.condition else { preconditionFailure("\(place) needs a condition") }
            let graph = call.graph
            // All pixels of an image use the same vector.
            let pixel = Shape([x.shape[0]] + [Int](repeating: 1, count: x.shape.rank - 2) + [width])
            let values = graph.reshape(vector(condition, call), pixel)
            if method == .multiply { return graph.multiply(x, values) }
            let all = Shape(x.shape.dimensions.dropLast() + [width])
            return graph.concatenate([x, graph.broadcast(values, to: all)], axis: -1)
        }
    }
}

/// Conditioning augmentation: `c = mean + exp(logvar / 2) * noise`, where mean and log variance are halves of
/// `leakyReLU(condition W + b)` with slope 0.2, and noise is standard normal. In evaluation c is the mean.
///
/// In training, `divergence * mean over the batch of KL(N(mean, exp(logvar)) || N(0, 1))` is added to the losses of the
/// call, with `KL = sum over features of (exp(logvar) + mean^2 - 1 - logvar) / 2`. The variables are `weight`
/// `[2 * features, C]` in files, and `bias`.
/// Zhang et al., "StackGAN", ICCV 2017, arXiv:1612.03242, eq. 3 and 4; the leaky ReLU is in the authors' code.
/// Differs: their code also takes the mean of KL over the features; to match it, divide `divergence` by their number.
public struct ConditioningAugmentation: ConfigDecodable, Sendable {
    public let divergence: Float

    public init(divergence: Float = 1) { self.divergence = divergence }

    public init(from reader: ConfigReader) throws {
        divergence = Float(
            try reader.number(
                "divergence", in: 0..., default: 1, "The weight of the KL divergence from the standard normal."
            ))
    }

    func build(
        _ size: Int, features: Int, _ initialization: LayerInitialization, at site: LayerSite
    ) throws -> @Sendable (Value, NetworkCall) -> Value {
        var settings = WeightSettings()
        settings.initialization = initialization
        let (weight, bias) = try settings.build(
            extents: [size, 2 * features], layout: .linearWeight, part: .linearWeight, outputs: 2 * features, at: site)
        let name = site.name
        return { [divergence] condition, call in
            let graph = call.graph
            let sums = call.adding(bias, to: graph.matmul(condition, weight(call)))
            let both = graph.apply(.leakyReLU(slope: 0.2), sums)
            let mean = graph.slice(both, axis: 1, start: 0, count: features)
            guard call.mode == .training else { return mean }
            let logVariance = graph.slice(both, axis: 1, start: features, count: features)
            let variance = graph.exponential(logVariance)
            if let losses = call.losses, divergence > 0 {
                let terms = graph.subtract(
                    graph.add(variance, graph.square(mean)), graph.affine(logVariance, offset: 1))
                let batch = Float(mean.shape[0])
                losses.values.append(
                    ("\(name).divergence", graph.affine(graph.sum(terms), scale: divergence / (2 * batch))))
            }
            let noise = graph.random(
                .normal(mean: 0, deviation: 1), stream: "\(name)/\(call.name)", shape: mean.shape)
            let deviation = graph.exponential(graph.affine(logVariance, scale: 0.5))
            return graph.add(mean, graph.multiply(deviation, noise))
        }
    }
}
