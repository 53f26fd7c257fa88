import AgonConfiguration
import AgonOptimizers

/// The optimizers of the two networks.
public enum NetworkOptimizers: Sendable {
    /// The same settings for both networks, and a single optimizer if the objective updates both in one step.
    case shared(OptimizerConfiguration)
    case separate(generator: OptimizerConfiguration, discriminator: OptimizerConfiguration)

    public var generator: OptimizerConfiguration {
        switch self {
        case .shared(let optimizer), .separate(let optimizer, _): optimizer
        }
    }

    public var discriminator: OptimizerConfiguration {
        switch self {
        case .shared(let optimizer), .separate(_, let optimizer): optimizer
        }
    }

    /// The optimizers and the keys that state them.
    public var named: [(key: String, optimizer: OptimizerConfiguration)] {
        switch self {
        case .shared(let optimizer): [("optimizer", optimizer)]
        case .separate(let generator, let discriminator):
            [("optimizers.generator", generator), ("optimizers.discriminator", discriminator)]
        }
    }

    /// Reads the key `optimizer`, or `optimizers` with one for each network. If `optimizers` states one network alone,
    /// `optimizer` is that of the other.
    init(from reader: ConfigReader) throws {
        let both: OptimizerConfiguration? = try reader.optionalSection(
            "optimizer", "The optimizer of both networks, or of the one that 'optimizers' leaves out.")
        let separate: SeparateOptimizers? = try reader.optionalSection(
            "optimizers", "The optimizer of each network, if they differ.")
        switch (separate?.generator, separate?.discriminator, both) {
        case (nil, nil, let both?): self = .shared(both)
        case (let generator?, let discriminator?, nil), (let generator?, nil, let discriminator?),
            (nil, let discriminator?, let generator?):
            self = .separate(generator: generator, discriminator: discriminator)
        case (nil, nil, nil):
            try reader.require(false, "optimizer", "missing: give 'optimizer' for both networks, or 'optimizers'")
            self = .shared(OptimizerConfiguration(Adam()))
        case (_?, nil, nil), (nil, _?, nil):
            let network = separate?.generator == nil ? "generator" : "discriminator"
            throw reader.fail(
                "optimizers", "no optimizer for the \(network): give 'optimizers.\(network)', or 'optimizer' for it")
        case (_?, _?, _?):
            throw reader.fail("optimizers", "states both networks, so 'optimizer' has no effect: set it to null")
        }
    }
}

private struct SeparateOptimizers: ConfigDecodable {
    let generator: OptimizerConfiguration?, discriminator: OptimizerConfiguration?

    init(from reader: ConfigReader) throws {
        generator = try reader.optionalSection("generator", "The generator's optimizer; default: 'optimizer'.")
        discriminator = try reader.optionalSection(
            "discriminator", "The discriminator's optimizer; default: 'optimizer'.")
    }
}
