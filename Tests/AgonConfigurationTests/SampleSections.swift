import AgonConfiguration

/// A small network config with everything a reader can read, for the tests of this folder.
struct SampleRun: ConfigDecodable {
    var name: String
    var seed: Int
    var steps: Int
    var rate: Double
    var note: String?
    var discriminator: SampleNetwork
    var optimizer: SampleOptimizer
    var evaluations: [(name: String, value: SampleEvaluation)]
    var extra: ConfigNode?

    init(from reader: ConfigReader) throws {
        name = try reader.string("name", default: "run", "Name of the run.")
        seed = try reader.integer("seed", default: 1, "Seed of every random stream.")
        steps = try reader.integer("steps", in: 1..., default: 100, "Steps of training.")
        rate = try reader.number("rate", in: .above(0, through: 1), default: 2e-4, "Learning rate.")
        note = try reader.optionalString("note", "Anything.")
        discriminator = try reader.section("discriminator", "The discriminator.")
        optimizer = try reader.section("optimizer", default: ["type": "adam"], "The update rule.")
        evaluations = try reader.dictionary("evaluations", of: SampleEvaluation.self, default: [:], "By name.")
        extra = try reader.optionalNode("extra", "Kept as it is.")
    }
}

struct SampleNetwork: ConfigDecodable {
    var layers: [SampleLayer]
    var norm: String
    var pool: SamplePool?

    init(from reader: ConfigReader) throws {
        layers = try reader.array("layers", of: SampleLayer.registry, count: 1..., "The layers in order.")
        norm = try reader.choice("norm", ["none", "batch", "layer"], default: "none", "Normalisation.")
        pool = try reader.optionalChoice("pool", "Pooling.")
    }
}

enum SamplePool: String, CaseIterable { case maximum, average }

indirect enum SampleLayer {
    case convolution(channels: Int, kernel: (Int, Int), slope: Double, bias: Bool)
    case flatten
    case residual([SampleLayer], scale: Double?)
    case wrapped(SampleLayer)

    static let registry: VariantRegistry<SampleLayer> = {
        let registry = VariantRegistry<SampleLayer>(schemaName: "Layer", noun: "layer")
        registry.register("conv", "Convolution.") { reader in
            .convolution(
                channels: try reader.integer("channels", in: 1...65536, "Number of output channels."),
                kernel: try reader.integerOrPair("kernel", in: 1...255, default: 3, "Kernel size in pixels."),
                slope: try reader.number("slope", in: 0..<1, default: 0.2, "Slope below zero."),
                bias: try reader.boolean("bias", default: true, "Whether a bias is added."))
        }
        registry.register("flatten", "All features in one row.") { _ in .flatten }
        registry.register("residual", "Layers whose input is added to their output.") { reader in
            .residual(
                try reader.array("layers", of: registry, default: [], "The layers within."),
                scale: try reader.optionalNumber("scale", in: .positive, "Factor of the inner output."))
        }
        // Sorted before the kinds it may hold, so that describing it has to wait for one of them.
        registry.register("around", "One layer within another.") { reader in
            .wrapped(try reader.section("layer", registry, "The layer within."))
        }
        return registry
    }()
}

/// A section that reads keys common to all its kinds beside those of the kind.
struct SampleOptimizer: ConfigDecodable {
    enum Rule {
        case adam(beta1: Double, beta2: Double)
        case sgd(momentum: Double)
    }
    var clip: Double?
    var rule: Rule

    static let schemaName: String? = "Optimizer"
    static let registry: VariantRegistry<Rule> = {
        let registry = VariantRegistry<Rule>(schemaName: "OptimizerRule", noun: "optimizer")
        registry.register("adam", "Adam.") { reader in
            let betas = try reader.numbers(
                "betas", count: 2, in: 0..<1, default: [0.5, 0.999], "Decay of the moments.")
            return .adam(beta1: betas.first ?? 0, beta2: betas.last ?? 0)
        }
        registry.register("sgd", "Gradient descent.") {
            .sgd(momentum: try $0.number("momentum", in: 0..<1, default: 0, "Momentum."))
        }
        return registry
    }()

    init(from reader: ConfigReader) throws {
        clip = try reader.optionalNumber("clip", in: .positive, "Largest norm of the gradient.")
        rule = try Self.registry.decode(from: reader)
    }
}

struct SampleEvaluation: ConfigDecodable {
    var every: Int
    var samples: Int
    var sizes: [Int]

    init(from reader: ConfigReader) throws {
        every = try reader.integer("every", in: 1...1_000_000, default: 10, "Steps between two evaluations.")
        samples = try reader.integer("samples", in: 1...100_000, default: 1000, "Images drawn.")
        sizes = try reader.integers("sizes", count: 1...3, in: 1..., default: [8], "Sizes of images.")
        try reader.require(samples >= every, "samples", "\(samples) images are fewer than \(every) steps")
    }
}

func decodeSample(_ text: String, file: String = "cats.json") throws -> (value: SampleRun, resolved: ConfigNode) {
    try ConfigReader.decode(SampleRun.self, from: ConfigNode.parse(text, file: file))
}
