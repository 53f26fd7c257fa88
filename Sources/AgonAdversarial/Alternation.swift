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
        /// All updates of an iteration take the same latents and the same real images, on which losses are reported
        /// after the last: DCGAN-tensorflow (Kim, 2016).
        case iteration = "per-iteration"
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
                "Whether both networks see the same generated images (shared; the default where updates are 1:1), each "
                    + "update draws its own (fresh), or all updates of an iteration and the losses reported after them "
                    + "have the same latents (per-iteration)."))
    }
}
