import AgonConfiguration

/// How the layers of a network are initialised, by kind of variable. Nil values fall back to a more general value, and
/// finally to PyTorch's defaults.
public struct Initialization: ConfigDecodable, Sendable {
    public var weights: (any Initializer)?
    public var linearWeights: (any Initializer)?
    public var convolutionWeights: (any Initializer)?
    public var biases: (any Initializer)?
    public var normWeights: (any Initializer)?
    public var normBiases: (any Initializer)?
    public var embeddings: (any Initializer)?

    public static var schemaName: String? { "Initialization" }

    public init() {}

    public init(from reader: ConfigReader) throws {
        let initializers = LayerRegistry.initializers
        weights = try reader.optionalSection(
            "weights", initializers, "Weights of linear, conv and convTranspose layers.")
        linearWeights = try reader.optionalSection(
            "linearWeights", initializers, "Weights of linear layers; default: \"weights\".")
        convolutionWeights = try reader.optionalSection(
            "convolutionWeights", initializers,
            "Weights of conv and convTranspose layers; default: \"weights\".")
        biases = try reader.optionalSection("biases", initializers, "Biases of linear, conv and convTranspose layers.")
        normWeights = try reader.optionalSection(
            "normWeights", initializers, "Weights of batch, instance and layer norms.")
        normBiases = try reader.optionalSection(
            "normBiases", initializers, "Biases of batch, instance and layer norms.")
        embeddings = try reader.optionalSection("embeddings", initializers, "Embeddings of condition layers.")
    }

    func initializer(_ part: InitializationTarget.Part) -> any Initializer {
        let chosen: (any Initializer)? =
            switch part {
            case .linearWeight: linearWeights ?? weights
            case .convolutionWeight: convolutionWeights ?? weights
            case .bias: biases
            case .normWeight: normWeights
            case .normBias: normBiases
            case .embedding: embeddings
            }
        return chosen ?? DefaultInitializer()
    }
}

/// How one layer is initialised, if it differs from its network.
public struct LayerInitialization: ConfigDecodable, Sendable {
    public var weights: (any Initializer)?
    public var biases: (any Initializer)?

    public static var schemaName: String? { "LayerInitialization" }

    public init(weights: (any Initializer)? = nil, biases: (any Initializer)? = nil) {
        self.weights = weights
        self.biases = biases
    }

    public init(from reader: ConfigReader) throws {
        weights = try reader.optionalSection("weights", LayerRegistry.initializers, "The layer's weights.")
        biases = try reader.optionalSection("biases", LayerRegistry.initializers, "The layer's biases.")
    }

    /// The initialisation of a layer, under a key that all layers with variables share.
    ///
    /// Throws `ConfigError` for the initial values of variables that the layer does not have.
    static func read(
        from reader: ConfigReader, hasWeights: Bool = true, hasBiases: Bool = true
    ) throws -> LayerInitialization {
        let key = "initialization"
        let initialization: LayerInitialization = try reader.section(
            key, default: [:], "The initial values of this layer's variables; default: as for the network.")
        try reader.require(
            hasWeights || initialization.weights == nil, key, "the layer has no weights; remove 'weights'")
        try reader.require(
            hasBiases || initialization.biases == nil, key, "the layer has no biases; remove 'biases'")
        return initialization
    }
}
