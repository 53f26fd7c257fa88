import AgonConfiguration

/// The order in which the networks take turns, and the images they are updated on.
public struct Alternation: Hashable, Sendable {
    public enum Order: String, CaseIterable, Sendable {
        case generatorFirst = "generator-first"
        case discriminatorFirst = "discriminator-first"
    }

    public enum Latents: String, CaseIterable, Sendable {
        /// The two networks are updated on the same generated images.
        case shared
        /// Each update draws its own images.
        case fresh
        /// All updates of an iteration use the same latents and the same real images, and the losses on them are
        /// reported after the last update, as in DCGAN-tensorflow (Kim, 2016).
        case iteration = "per-iteration"
    }

    public let order: Order
    /// Nil means shared if the update ratio is 1:1.
    public let latents: Latents?

    public init(order: Order = .generatorFirst, latents: Latents? = nil) {
        self.order = order
        self.latents = latents
    }

    /// Throws if the settings do not allow images to be shared as requested.
    func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        guard let latents, latents != .fresh else { return }
        if latents == .shared, configuration.updates != .even {
            throw .sharedLatents(updates: configuration.updates)
        }
        if configuration.tricks.updateRule != nil { throw .latentsByRule(latents.rawValue) }
    }

    init(from reader: ConfigReader, default order: Order = .generatorFirst) throws {
        self.init(
            order: try reader.choice("order", default: order, "Which network is updated first."),
            latents: try reader.optionalChoice(
                "latents",
                "Whether both networks see the same generated images (shared; the default if updates are 1:1), each "
                    + "update draws its own (fresh), or all updates of an iteration and the losses reported after them "
                    + "use the same latents (per-iteration)."))
    }
}
