import AgonConfiguration

/// Updates a network in an iteration until its loss is low enough, instead of a fixed number of times.
///
/// Chintala et al., "How to train a GAN?", 2016, item 11: `while lossD > A: train D; while lossG > B: train G`.
public struct UpdateRule: ConfigDecodable, Hashable, Sendable {
    public let discriminatorAbove: Double?
    public let generatorAbove: Double?
    /// The maximum number of updates of a network per iteration.
    public let limit: Int

    public init(discriminatorAbove: Double? = nil, generatorAbove: Double? = nil, limit: Int = 5) {
        self.discriminatorAbove = discriminatorAbove
        self.generatorAbove = generatorAbove
        self.limit = limit
    }

    public init(from reader: ConfigReader) throws {
        let discriminator = try reader.optionalNumber(
            "discriminatorAbove", "The discriminator is updated again while its loss is above this.")
        let generator = try reader.optionalNumber(
            "generatorAbove", "The generator is updated again while its loss is above this.")
        try reader.require(
            discriminator != nil || generator != nil, "discriminatorAbove",
            "missing: give 'discriminatorAbove', 'generatorAbove' or both")
        self.init(
            discriminatorAbove: discriminator, generatorAbove: generator,
            limit: try reader.integer(
                "limit", in: 2...1000, default: 5, "The maximum number of updates of a network per iteration."))
    }

    /// Throws if the config states a number of updates that the rule would override.
    func check(stated updates: UpdateRatio?) throws(AdversarialError) {
        guard let updates else { return }
        for (network, count, bound) in [
            ("discriminator", updates.discriminator, discriminatorAbove),
            ("generator", updates.generator, generatorAbove),
        ] where bound != nil && count != 1 {
            throw .trick(
                "updateRule",
                reason: "sets the \(network)'s updates, so the \(count) of 'updates' would have no effect; "
                    + "remove 'updates.\(network)', or '\(network)Above'")
        }
    }

    var discriminatorSchedule: IterationPhase.Schedule? { schedule("loss.discriminator", discriminatorAbove) }
    var generatorSchedule: IterationPhase.Schedule? { schedule("loss.generator", generatorAbove) }

    private func schedule(_ loss: String, _ bound: Double?) -> IterationPhase.Schedule? {
        bound.map { .until(loss: loss, atMost: Float($0), limit: limit) }
    }
}
