import AgonConfiguration
import AgonGraph
import AgonTensors

/// The settings that batch, instance and layer norm share.
public struct NormSettings: Sendable {
    public var epsilon: Float = 1e-5
    public var isAffine: Bool
    /// Whether an affine norm has a weight; without it, the norm has only a bias, as TensorFlow's batch norm may.
    public var isScaled = true
    public var isFrozen = false
    public var initialization = LayerInitialization()

    public init(isAffine: Bool = true) { self.isAffine = isAffine }

    init(from reader: ConfigReader, isAffine: Bool) throws {
        epsilon = Float(try reader.number("epsilon", in: .positive, default: 1e-5, "Added to the variance."))
        self.isAffine = try reader.boolean(
            "affine", default: isAffine, "Whether the result is multiplied by a weight and a bias is added.")
        let scale = try reader.optionalBoolean(
            "scale", "If affine: whether there is a weight in addition to the bias; default: true.")
        isScaled = scale ?? true
        isFrozen = try reader.boolean(
            "frozen", default: false, "Whether weight and bias keep their initial values and are not trained.")
        initialization = try LayerInitialization.read(
            from: reader, hasWeights: self.isAffine && isScaled, hasBiases: self.isAffine)
        for (key, isGiven) in [("scale", scale != nil), ("frozen", isFrozen)] {
            try reader.require(
                self.isAffine || !isGiven, key,
                "the norm has neither weight nor bias; add \"affine\": true, or remove it")
        }
    }

    func build(
        _ shape: Shape, layout: PyTorchLayout = .plain, at site: LayerSite
    ) throws -> (weight: Variable?, bias: Variable?) {
        guard isAffine else { return (nil, nil) }
        func variable(_ suffix: String, _ part: InitializationTarget.Part) throws -> Variable {
            try site.variable(
                suffix, extents: shape.dimensions, layout: layout, role: isFrozen ? .buffer : .parameter, part: part,
                initializer: site.initializer(part, override: initialization))
        }
        return (isScaled ? try variable("weight", .normWeight) : nil, try variable("bias", .normBias))
    }
}

/// Batch norm: `(x - mean) / sqrt(variance + epsilon) * weight + bias`, statistics per channel over batch and pixels.
///
/// Training uses the biased variance of the batch. Running statistics are updated by
/// `running = (1 - momentum) * running + momentum * batch` with the unbiased variance, as in PyTorch. Evaluation uses
/// the running statistics. Ioffe and Szegedy, "Batch Normalization", ICML 2015, arXiv:1502.03167, algorithms 1 and 2.
public struct BatchNormLayer: Layer {
    public var momentum: Float = 0.1
    public var settings = NormSettings()

    public var type: String { "batchNorm" }

    public init() {}

    init(from reader: ConfigReader) throws {
        momentum = Float(
            try reader.number(
                "momentum", in: 0...1, default: 0.1,
                "The weight of the batch in the running statistics, as in PyTorch."))
        settings = try NormSettings(from: reader, isAffine: true)
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let channels = input[-1]
        let (weight, bias) = try settings.build([channels], at: site)
        func statistic(_ suffix: String, _ part: InitializationTarget.Part) throws -> Variable {
            try site.variable(
                suffix, extents: [channels], role: .buffer, part: part, initializer: DefaultInitializer())
        }
        let runningMean = try statistic("running_mean", .normBias)
        let runningVariance = try statistic("running_var", .normWeight)
        let place = site.place
        // A frozen sequence uses the running statistics.
        return BuiltLayer(outputShape: input, mixesSamples: !site.construction.isFrozen) {
            [momentum, settings] x, call in
            let graph = call.graph
            let mean: Value
            let variance: Value
            switch call.mode {
            case .evaluation:
                (mean, variance) = (graph.read(runningMean), graph.read(runningVariance))
            case .training, .accumulation:
                let share = call.mode == .training ? momentum : 1
                let count = x.shape.count / channels
                guard count > 1 else { throw LayerError.singleValueNorm(place, input: x.shape) }
                (mean, variance) = graph.moments(x)
                let unbiased = share * Float(count) / Float(count - 1)
                for (running, batch, share) in [(runningMean, mean, share), (runningVariance, variance, unbiased)] {
                    let kept =
                        call.mode == .training ? graph.affine(graph.read(running), scale: 1 - momentum) : nil
                    let new = graph.affine(graph.stopGradient(batch), scale: share)
                    graph.assign(kept.map { graph.add($0, new) } ?? new, to: running)
                }
            }
            return graph.normalize(
                x, mean: mean, variance: variance, epsilon: settings.epsilon, weight: weight.map(graph.read),
                bias: bias.map(graph.read))
        }
    }
}

/// Instance norm: `(x - mean) / sqrt(variance + epsilon)`, with statistics per sample and channel over the pixels, both
/// in training and evaluation. Ulyanov et al., "Instance Normalization", 2016, arXiv:1607.08022, eq. 2.
public struct InstanceNormLayer: Layer {
    public var settings = NormSettings(isAffine: false)

    public var type: String { "instanceNorm" }

    public init() {}

    init(from reader: ConfigReader) throws {
        settings = try NormSettings(from: reader, isAffine: false)
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let (height, width, channels) = try site.image(input)
        guard height * width > 1 else { throw LayerError.onePixelNorm(site.place, input: input) }
        let (weight, bias) = try settings.build([channels], at: site)
        return BuiltLayer(outputShape: input) { [settings] x, call in
            let (mean, variance) = call.graph.moments(x, to: [x.shape[0], 1, 1, channels])
            return call.graph.normalize(
                x, mean: mean, variance: variance, epsilon: settings.epsilon, weight: weight.map(call.graph.read),
                bias: bias.map(call.graph.read))
        }
    }
}

/// Layer norm: `(x - mean) / sqrt(variance + epsilon) * weight + bias`, statistics per sample over all channels and
/// pixels; weight and bias have the shape of a sample. Ba et al., "Layer Normalization", 2016, arXiv:1607.06450, eq. 3.
public struct LayerNormLayer: Layer {
    public var settings = NormSettings()

    public var type: String { "layerNorm" }

    public init() {}

    init(from reader: ConfigReader) throws {
        settings = try NormSettings(from: reader, isAffine: true)
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let (weight, bias) = try settings.build(input, layout: input.rank == 3 ? .image : .plain, at: site)
        return BuiltLayer(outputShape: input) { [settings] x, call in
            let perSample = Shape([x.shape[0]] + [Int](repeating: 1, count: input.rank))
            let (mean, variance) = call.graph.moments(x, to: perSample)
            return call.graph.normalize(
                x, mean: mean, variance: variance, epsilon: settings.epsilon, weight: weight.map(call.graph.read),
                bias: bias.map(call.graph.read))
        }
    }
}
