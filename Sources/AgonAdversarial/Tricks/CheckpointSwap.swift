import AgonConfiguration
import AgonGraph

/// Older weights that periodically replace a network's current weights for a few iterations.
///
/// At a fixed interval the stored weights come back, are trained for a few iterations, and are replaced by the newest
/// weights, which are then stored for the next time. So a network meets an opponent that it has already beaten.
/// Chintala et al., "How to train a GAN?", 2016, item 8: keep checkpoints and occasionally swap them out.
public struct CheckpointSwap: ConfigDecodable, Hashable, Sendable {
    public enum Choice: String, CaseIterable, Sendable {
        case generator, discriminator, both
    }

    public let network: Choice
    public let every: Int
    public let iterations: Int

    public init(network: Choice = .generator, every: Int = 500, iterations: Int = 5) {
        self.network = network
        self.every = every
        self.iterations = iterations
    }

    public init(from reader: ConfigReader) throws {
        network = try reader.choice("network", default: .generator, "The network whose older weights come back.")
        every = try reader.integer("every", in: 2..., default: 500, "Iterations between two swaps.")
        iterations = try reader.integer("iterations", in: 1..., default: 5, "Iterations for which older weights stay.")
        let (every, iterations) = (every, iterations)
        try reader.require(iterations < every, "iterations", "must be fewer than the \(every) between two swaps")
    }
}

/// The older weights of the networks, in variables that checkpoints include.
public struct PastWeights {
    public let copies: [Variable]
    private let originals: [Variable]
    private let settings: CheckpointSwap

    public init(_ settings: CheckpointSwap, of gan: GANNetworks) {
        self.settings = settings
        // The averages of older weights go with them, so that those of the newest never mix with older ones.
        let averages = gan.sides.compactMap(\.average)
        let networks =
            switch settings.network {
            case .generator: gan.generators + averages
            case .discriminator: gan.discriminators
            case .both: gan.generators + averages + gan.discriminators
            }
        originals = networks.flatMap(\.variables)
        copies = originals.map {
            Variable(name: "past.\($0.name)", shape: $0.shape, role: .loopState, layout: $0.layout)
        }
    }

    /// Restores older or newest weights if they are due before an iteration, counted from 0.
    public func prepare(iteration: Int) {
        let turn = iteration % settings.every
        if iteration == 0 {
            keep()
        } else if iteration >= settings.every, turn == 0 {
            exchange()
        } else if iteration >= settings.every, turn == settings.iterations {
            exchange()
            keep()
        }
    }

    /// Runs `body` while the networks hold their newest weights, which samples, evaluations and checkpoints take,
    /// whatever weights take part in the training.
    ///
    /// - Parameter finished: the number of finished iterations.
    public func withNewest<Result>(after finished: Int, _ body: () throws -> Result) rethrows -> Result {
        guard isSwapped(after: finished) else { return try body() }
        exchange()
        defer { exchange() }
        return try body()
    }

    /// Runs `load`, which gives the networks other weights. The older ones are those from then on.
    public func replaceNewest(after finished: Int, _ load: () throws -> Void) rethrows {
        try withNewest(after: finished, load)
        if !isSwapped(after: finished) { keep() }
    }

    /// Lets the older weights take part again after a checkpoint was restored.
    public func recall(after finished: Int) {
        if isSwapped(after: finished) { exchange() }
    }

    /// Whether the last iteration trained older weights.
    private func isSwapped(after finished: Int) -> Bool {
        let last = finished - 1
        return last >= settings.every && last % settings.every < settings.iterations
    }

    private func keep() {
        for (copy, original) in zip(copies, originals) { copy.values = original.values }
    }

    private func exchange() {
        for (copy, original) in zip(copies, originals) {
            (copy.values, original.values) = (original.values, copy.values)
        }
    }
}
