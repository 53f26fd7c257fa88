import AgonConfiguration

/// The number of updates of each network per training iteration.
public struct UpdateRatio: ConfigDecodable, Hashable, Sendable, CustomStringConvertible {
    public let discriminator: Int
    public let generator: Int

    public init(discriminator: Int, generator: Int) {
        precondition(discriminator > 0 && generator > 0, "updates \(discriminator):\(generator) are not positive")
        self.discriminator = discriminator
        self.generator = generator
    }

    public init(from reader: ConfigReader) throws {
        self.init(
            discriminator: try reader.integer(
                "discriminator", in: 1...10_000, default: 1, "Updates of the discriminator per iteration."),
            generator: try reader.integer(
                "generator", in: 1...10_000, default: 1, "Updates of the generator per iteration."))
    }

    public static let even = UpdateRatio(discriminator: 1, generator: 1)

    public var description: String { "\(discriminator):\(generator)" }
}
