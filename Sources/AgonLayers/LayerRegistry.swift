import AgonConfiguration
import AgonGraph

/// The kinds of layers, initialisers and weight norms that configs can name. Programs may register more before they
/// read a config.
public enum LayerRegistry {
    public static let layers: VariantRegistry<any Layer> = {
        let registry = VariantRegistry<any Layer>(schemaName: "Layer", noun: "layer", completing: NamedLayer.reading)
        registerProducts(registry)
        registerNorms(registry)
        registerActivations(registry)
        registerImages(registry)
        registerStructure(registry)
        registerBatches(registry)
        return registry
    }()

    private static func registerProducts(_ registry: VariantRegistry<any Layer>) {
        registry.register("linear", "A fully connected layer: features to features.") { try LinearLayer(from: $0) }
        registry.register("conv", "Convolution of an image.") { try ConvolutionLayer(from: $0) }
        registry.register("convTranspose", "Transposed convolution of an image.") {
            try TransposedConvolutionLayer(from: $0)
        }
    }

    private static func registerNorms(_ registry: VariantRegistry<any Layer>) {
        registry.register("batchNorm", "Batch norm per channel.") { try BatchNormLayer(from: $0) }
        registry.register("conditionalBatchNorm", "Batch norm whose weight and bias depend on the condition.") {
            try ConditionalBatchNormLayer(from: $0)
        }
        registry.register("instanceNorm", "Instance norm per sample and channel.") { try InstanceNormLayer(from: $0) }
        registry.register("layerNorm", "Layer norm per sample.") { try LayerNormLayer(from: $0) }
        registry.register("dropout", "Dropout of single elements.") { try DropoutLayer(.element, from: $0) }
        registry.register("channelDropout", "Dropout of whole channels of an image.") {
            try DropoutLayer(.channel, from: $0)
        }
        registry.register("noise", "Normal noise added to each element.") { try NoiseLayer(from: $0) }
    }

    private static func registerActivations(_ registry: VariantRegistry<any Layer>) {
        registry.register("relu", "max(x, 0)") { _ in ActivationLayer.relu }
        registry.register("leakyReLU", "x, or slope * x where x is negative.") {
            let slope = try $0.number("slope", in: 0..<1, default: 0.2, "The factor for negative values.")
            return ActivationLayer.leakyReLU(slope: Float(slope))
        }
        registry.register("elu", "x, or alpha * (exp(x) - 1) where x is negative.") {
            let alpha = try $0.number("alpha", in: .positive, default: 1, "The negative of the limit for x → -∞.")
            return ActivationLayer(type: "elu", function: .elu(alpha: Float(alpha)))
        }
        registry.register("tanh", "Hyperbolic tangent, to (-1, 1).") { _ in ActivationLayer.tanh }
        registry.register("sigmoid", "1 / (1 + exp(-x)), to (0, 1).") { _ in ActivationLayer.sigmoid }
        registry.register("softplus", "log(1 + exp(x))") { _ in ActivationLayer(type: "softplus", function: .softplus) }
        registry.register("softmax", "Softmax over the channels.") { _ in SoftmaxLayer() }
    }

    private static func registerImages(_ registry: VariantRegistry<any Layer>) {
        registry.register("maxPool", "The maximum of each window.") { try PoolingLayer(.maximum, from: $0) }
        registry.register("averagePool", "The mean of each window.") { try PoolingLayer(.average, from: $0) }
        registry.register("globalAveragePool", "The mean of each channel: image to features.") { _ in
            GlobalPoolingLayer(.average)
        }
        registry.register("globalSumPool", "The sum of each channel: image to features.") { _ in
            GlobalPoolingLayer(.sum)
        }
        registry.register("upsample", "Enlarges an image by an integer factor.") { try UpsampleLayer(from: $0) }
        registry.register("depthToSpace", "Rearranges channels into more pixels (pixel shuffle).") {
            try DepthToSpaceLayer(from: $0)
        }
        registry.register("pad", "Adds pixels around an image.") { try PadLayer(from: $0) }
        registry.register("flatten", "Image to features, channels first.") { _ in FlattenLayer() }
        registry.register("reshape", "Gives the input another shape.") { try ReshapeLayer(from: $0) }
    }

    private static func registerStructure(_ registry: VariantRegistry<any Layer>) {
        registry.register("residual", "Adds the outputs of layers and of a shortcut.") { try ResidualLayer(from: $0) }
        registry.register("concat", "Branches on the same input, concatenated along the channels.") {
            try ConcatLayer(from: $0)
        }
        registry.register("repeat", "Repeats layers; each copy has its own variables.") {
            try RepeatLayer(from: $0)
        }
        registry.register("sequence", "A sequence of layers, which may be frozen.") { try SequenceLayer(from: $0) }
        registry.register("inception", "A 1x1 and a 3x3 convolution, concatenated along the channels.") {
            try InceptionLayer(from: $0)
        }
        registry.register("selfAttention", "Adds to each pixel an attention-weighted mean over all pixels.") {
            try SelfAttentionLayer(from: $0)
        }
        registry.register("save", "Stores its input for a later join layer.") { try SaveLayer(from: $0) }
        registry.register("join", "Combines a saved value with the input.") { try JoinLayer(from: $0) }
    }

    private static func registerBatches(_ registry: VariantRegistry<any Layer>) {
        registry.register("condition", "Combines the condition vector with the input.") {
            try ConditionLayer(from: $0)
        }
        registry.register("projection", "A score that depends on the condition; the last layer of a discriminator.") {
            try ProjectionLayer(from: $0)
        }
        registry.register(
            "minibatchDiscrimination", "Features that measure how close a sample is to the rest of its batch."
        ) {
            try MinibatchDiscriminationLayer(from: $0)
        }
        registry.register("minibatchDeviation", "Adds a channel with the mean deviation over the batch.") { _ in
            MinibatchDeviationLayer()
        }
    }

    public static let weightNorms: VariantRegistry<any WeightNormalization> = {
        let registry = VariantRegistry<any WeightNormalization>(schemaName: "WeightNorm", noun: "weight norm")
        registry.register("weight", "Weight norm: a length and a direction per output.") { try WeightNorm(from: $0) }
        registry.register("spectral", "Spectral norm: the weight divided by its largest singular value.") {
            try SpectralNorm(from: $0)
        }
        return registry
    }()

    public static let initializers: VariantRegistry<any Initializer> = {
        let registry = VariantRegistry<any Initializer>(schemaName: "Initializer", noun: "initializer")
        registry.register("default", "PyTorch's default: uniform in ±1/sqrt(fan in); norms 1 and 0.") { _ in
            DefaultInitializer()
        }
        registry.register("constant", "A constant value.") {
            ConstantInitializer(value: Float(try $0.number("value", "The value.")))
        }
        registry.register("normal", "Normal numbers.") {
            NormalInitializer(mean: try mean($0), deviation: try deviation($0))
        }
        registry.register("truncatedNormal", "Normal numbers, redrawn beyond a bound.") {
            TruncatedNormalInitializer(
                mean: try mean($0), deviation: try deviation($0),
                bound: Float(try $0.number("bound", in: 0.1...100, default: 2, "The bound in standard deviations.")))
        }
        registry.register("uniform", "Uniform numbers.") { reader in
            let low = try reader.number("low", "The lower bound.")
            let high = try reader.number("high", "The upper bound.")
            try reader.require(low <= high, "high", "\(high) is below the lower bound \(low)")
            return UniformInitializer(low: Float(low), high: Float(high))
        }
        for (name, distribution) in [("Uniform", InitialDistribution.uniform), ("Normal", .normal)] {
            registry.register("xavier\(name)", "Standard deviation gain * sqrt(2 / (fan in + fan out)).") {
                XavierInitializer(distribution, gain: try gain($0, default: 1))
            }
            registry.register("kaiming\(name)", "Standard deviation gain / sqrt(fan).") {
                KaimingInitializer(
                    distribution,
                    fan: try $0.choice("fan", default: .fanIn, "Which fan to divide by."),
                    gain: try gain($0, default: 2.0.squareRoot()))
            }
        }
        registry.register("orthogonal", "A random matrix with orthonormal rows or columns, times the gain.") {
            OrthogonalInitializer(gain: try gain($0, default: 1))
        }
        return registry
    }()

    private static func mean(_ reader: ConfigReader) throws -> Float {
        Float(try reader.number("mean", default: 0, "The mean."))
    }

    private static func deviation(_ reader: ConfigReader) throws -> Float {
        Float(try reader.number("deviation", in: 0..., "The standard deviation."))
    }

    private static func gain(_ reader: ConfigReader, default value: Double) throws -> Float {
        Float(try reader.number("gain", in: .positive, default: value, "The factor for all values."))
    }
}
