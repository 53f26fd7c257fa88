import AgonConfiguration

/// In which order the networks take turns, and on which images.
public struct Alternation: Hashable, Sendable {
    public enum Order: String, CaseIterable, Sendable {
        case generatorFirst = "generator-first"
        case discriminatorFirst = "discriminator-first"
    }

    public enum Latents: String, CaseIterable, Sendable {
        /// The two networks are updated on the same generated images.
        case shared
        /// Each update draws images of its own.
        case fresh
    }

    public let order: Order
    /// Nil: shared where updates are 1:1.
    public let latents: Latents?

    public init(order: Order = .generatorFirst, latents: Latents? = nil) {
        self.order = order
        self.latents = latents
    }

    /// Throws when images cannot be shared as wanted.
    func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        guard latents == .shared else { return }
        if configuration.updates != .even { throw .sharedLatents(updates: configuration.updates) }
        if configuration.tricks.updateRule != nil { throw .sharedLatentsByRule }
    }

    init(from reader: ConfigReader, default order: Order = .generatorFirst) throws {
        self.init(
            order: try reader.choice("order", default: order, "Which network is updated first."),
            latents: try reader.optionalChoice(
                "latents", "Whether both networks see the same generated images; shared where updates are 1:1."))
    }
}
