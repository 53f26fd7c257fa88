import AgonConfiguration
import AgonGraph
import AgonTensors

/// `layers(x) + shortcut(x)`; without a shortcut, `layers(x) + x`.
///
/// He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, arXiv:1512.03385, eq. 1 and 2.
public struct ResidualLayer: Layer {
    public let layers: [any Layer]
    public let shortcut: [any Layer]

    public var type: String { "residual" }

    public init(_ layers: [any Layer], shortcut: [any Layer] = []) {
        self.layers = layers
        self.shortcut = shortcut
    }

    init(from reader: ConfigReader) throws {
        layers = try reader.array("layers", of: LayerRegistry.layers, count: 1..., "The layers on the main branch.")
        shortcut = try reader.array(
            "shortcut", of: LayerRegistry.layers, default: [], "Layers of the shortcut; default: the input itself.")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let main = try site.build(layers, input: input, at: .root.key("layers"), name: "layers")
        let side = try site.build(shortcut, input: input, at: .root.key("shortcut"), name: "shortcut")
        guard main.outputShape == side.outputShape else {
            throw LayerError.residualDiffers(
                site.place, layers: main.outputShape, shortcut: side.outputShape, hasShortcut: !shortcut.isEmpty)
        }
        return BuiltLayer(outputShape: main.outputShape) { x, call in
            call.graph.add(try main.apply(x, call), try side.apply(x, call))
        }
    }
}

/// Lists of layers that all read the input; their outputs are concatenated along the channels. An empty list passes the
/// input through: a dense block is `[[], [...]]`.
public struct ConcatLayer: Layer {
    public let branches: [[any Layer]]

    public var type: String { "concat" }

    public init(_ branches: [[any Layer]]) { self.branches = branches }

    init(from reader: ConfigReader) throws {
        branches = try reader.arrays(
            "branches", of: LayerRegistry.layers, count: 2...,
            "Lists of layers that read the same input; their outputs are concatenated along the channels.")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let built = try branches.enumerated().map { index, layers in
            try site.build(layers, input: input, at: .root.key("branches").index(index), name: "branches.\(index)")
        }
        guard let first = built.first?.outputShape else { return BuiltLayer(outputShape: input) { x, _ in x } }
        for (index, branch) in built.enumerated() where !branch.outputShape.differsInChannelsAlone(from: first) {
            throw LayerError.branchesDiffer(site.place, first: first, index: index, other: branch.outputShape)
        }
        var output = first
        output[-1] = built.reduce(0) { $0 + $1.outputShape[-1] }
        return BuiltLayer(
            outputShape: try site.checked(output.dimensions), boundsOutput: built.allSatisfy(\.boundsOutput)
        ) { x, call in
            call.graph.concatenate(try built.map { try $0.apply(x, call) }, axis: -1)
        }
    }
}

/// Repeats a list of layers; each copy has its own variables. Paths and names include the index of the copy:
/// `generator.layers[5].copies[2].layers[0]`, `generator.5.2.0.weight`.
public struct RepeatLayer: Layer {
    public let count: Int
    public let layers: [any Layer]

    public var type: String { "repeat" }

    public init(count: Int, _ layers: [any Layer]) {
        self.count = count
        self.layers = layers
    }

    init(from reader: ConfigReader) throws {
        count = try reader.integer("count", in: 1...1024, "The number of copies.")
        layers = try reader.array("layers", of: LayerRegistry.layers, count: 1..., "The layers to repeat.")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        var shape = input
        var copies: [BuiltLayer] = []
        for copy in 0..<count {
            // Values saved within a copy belong to that copy, so the next copy can use the same names.
            let saved = site.construction.saved
            let place = ConfigPath.root.key("copies").index(copy).key("layers")
            let built = try site.build(layers, input: shape, at: place, name: "\(copy)")
            site.construction.saved = saved
            shape = built.outputShape
            copies.append(built)
        }
        return BuiltLayer(
            outputShape: shape, boundsOutput: copies.last { !$0.keepsBounds }?.boundsOutput ?? false,
            keepsBounds: copies.allSatisfy(\.keepsBounds)
        ) { [copies] x, call in
            try copies.reduce(x) { try $1.apply($0, call) }
        }
    }
}

extension Shape {
    /// Whether the shapes are equal except for the last extent.
    func differsInChannelsAlone(from other: Shape) -> Bool { dimensions.dropLast() == other.dimensions.dropLast() }
}
