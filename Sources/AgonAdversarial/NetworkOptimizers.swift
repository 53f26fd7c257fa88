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

    /// Reads the key `optimizer`, or `optimizers` with one for each network.
    init(from reader: ConfigReader) throws {
        let both: OptimizerConfiguration? = try reader.optionalSection(
            "optimizer", "The optimizer of both networks.")
        let separate: SeparateOptimizers? = try reader.optionalSection(
            "optimizers", "The optimizer of each network, if they differ.")
        switch (both, separate) {
        case (let both?, nil): self = .shared(both)
        case (nil, let separate?):
            self = .separate(generator: separate.generator, discriminator: separate.discriminator)
        case (nil, nil):
            try reader.require(false, "optimizer", "missing: give 'optimizer' for both networks, or 'optimizers'")
            self = .shared(OptimizerConfiguration(Adam()))
        case (_?, _?): throw reader.fail("optimizers", "give 'optimizer' for both networks or 'optimizers', not both")
        }
    }
}

private struct SeparateOptimizers: ConfigDecodable {
    let generator: OptimizerConfiguration, discriminator: OptimizerConfiguration

    init(from reader: ConfigReader) throws {
        generator = try reader.section("generator", "The generator's optimizer.")
        discriminator = try reader.section("discriminator", "The discriminator's optimizer.")
    }
}
