import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonTensors

/// The shapes of the parts of a batch, without the batch axis.
public struct DataShapes: Hashable, Sendable {
    /// `[H, W, C]` for images, `[n]` for points.
    public let sample: Shape
    /// The shape of the conditions; nil if samples have none.
    public let condition: Shape?

    public init(sample: Shape, condition: Shape? = nil) {
        self.sample = sample
        self.condition = condition
    }
}

/// The networks of a GAN. Each side has a generator, its discriminators and, optionally, an averaged copy of the
/// generator.
///
/// Most tasks have one side; translation in both directions has two.
public struct GANNetworks {
    public struct Side {
        public let generator: Network
        public let discriminators: [Network]
        /// The copy of the generator whose weights are moving averages.
        public let average: Network?

        public init(generator: Network, discriminators: [Network], average: Network? = nil) {
            self.generator = generator
            self.discriminators = discriminators
            self.average = average
        }
    }

    public let sides: [Side]

    public init(sides: [Side]) { self.sides = sides }

    public var generators: [Network] { sides.map(\.generator) }
    public var discriminators: [Network] { sides.flatMap(\.discriminators) }
    public var all: [Network] { generators + discriminators + sides.compactMap(\.average) }

    /// Creates the networks that a config describes.
    ///
    /// - Parameters:
    ///   - discriminators: the different discriminators in the config; an ensemble has copies of each.
    ///   - isList: whether the config lists them under `discriminators` instead of `discriminator`.
    ///   - data: the shapes of the data; nil if they are unknown, in which case they follow from the generator.
    ///   - channels: the channels of the images, if nothing else is known of the data.
    ///
    /// Throws `LayerError`, or `AdversarialError.unknownDataShapes` if the task needs the shapes of the data.
    public init(
        generator: NetworkConfiguration, discriminators: [NetworkConfiguration], isList: Bool,
        configuration: AdversarialConfiguration, data: DataShapes?, channels: Int? = nil, seed: UInt64
    ) throws {
        let task = configuration.task
        let condition = task.conditionSize
        let names = task.sideNames
        let count = discriminators.count * configuration.ensemble.copies
        var sides: [Side] = []
        for side in names.indices {
            func named(_ name: String) -> String { names.count == 1 ? name : "\(name).\(names[side])" }
            func makeGenerator(_ name: String) throws -> Network {
                try Network(
                    name: named(name), configuration: generator,
                    input: try task.generatorInput(latent: configuration.latent, data: data, side: side),
                    condition: condition, dataChannels: Self.channels(made: side, of: data) ?? channels,
                    path: .root.key("generator"), seed: seed)
            }
            let made = try makeGenerator("generator")
            let input = try task.discriminatorInput(generated: made.outputShape, data: data, side: side)
            let judges = try (0..<count).map { index in
                let kind = index % discriminators.count
                return try Network(
                    name: named(count == 1 ? "discriminator" : "discriminators") + (count == 1 ? "" : ".\(index)"),
                    configuration: discriminators[kind], input: input, condition: condition,
                    dataChannels: Self.channels(made: side, of: data) ?? channels,
                    path: isList ? .root.key("discriminators").index(kind) : .root.key("discriminator"), seed: seed)
            }
            var average: Network?
            if configuration.tricks.averaging != nil {
                average = try makeGenerator("average")
            }
            sides.append(Side(generator: made, discriminators: judges, average: average))
        }
        self.sides = sides
        startAverages()
    }

    /// The output channels of a side's generator: those of samples, or of condition images in the other direction.
    private static func channels(made side: Int, of data: DataShapes?) -> Int? {
        guard let data else { return nil }
        let shape = side == 0 ? data.sample : data.condition ?? data.sample
        return shape.rank == 3 ? shape[2] : nil
    }

    /// Sets averaged copies to the values of their generators.
    ///
    /// - Parameter names: the names of the copies' variables to set; nil: all.
    public func startAverages(of names: Set<String>? = nil) {
        for side in sides {
            guard let average = side.average else { continue }
            for (copy, original) in zip(average.variables, side.generator.variables)
            where names?.contains(copy.name) ?? true {
                copy.values = original.values
            }
        }
    }
}
