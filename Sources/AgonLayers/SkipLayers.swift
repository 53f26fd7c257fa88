import AgonConfiguration
import AgonGraph
import AgonTensors

/// Stores its input under a name for a later ``JoinLayer`` and passes it on. A U-Net saves in its downsampling path.
public struct SaveLayer: Layer {
    public let name: String

    public var type: String { "save" }

    public init(as name: String) { self.name = name }

    init(from reader: ConfigReader) throws {
        name = try reader.string("as", "The name that join layers refer to, unique in the network.")
        try reader.require(!name.isEmpty, "as", "expected a name, found an empty string")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        if let first = site.construction.saved[name] {
            throw LayerError.repeatedSkip(site.place, name: name, first: first.path)
        }
        site.construction.saved[name] = (input, site.place.path)
        return BuiltLayer(outputShape: input, keepsBounds: true) { [name] x, call in
            call.saved[name] = x
            return x
        }
    }
}

/// Combines a saved value with the input: appended to its channels, or added to it.
///
/// Ronneberger et al., "U-Net", MICCAI 2015, arXiv:1505.04597.
public struct JoinLayer: Layer {
    public enum Method: String, CaseIterable, Sendable {
        case concatenate, add
    }

    public let name: String
    public let method: Method

    public var type: String { "join" }

    public init(with name: String, _ method: Method = .concatenate) {
        self.name = name
        self.method = method
    }

    init(from reader: ConfigReader) throws {
        name = try reader.string("with", "The name given by an earlier save layer.")
        method = try reader.choice(
            "method", default: .concatenate,
            "Whether its channels are appended to the input's, or it is added to the input.")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let saved = site.construction.saved
        guard let shape = saved[name]?.shape else {
            let names = saved.keys.sorted()
            throw LayerError.unknownSkip(
                site.place, name: name, nearest: nearestName(to: name, in: names), saved: names)
        }
        let isSum = method == .add
        guard isSum ? shape == input : shape.differsInChannelsAlone(from: input) else {
            throw LayerError.skipDiffers(site.place, name: name, input: input, saved: shape, isSum: isSum)
        }
        var output = input
        if !isSum { output[-1] += shape[-1] }
        return BuiltLayer(outputShape: try site.checked(output.dimensions)) { [name] x, call in
            guard let other = call.saved[name] else { preconditionFailure("'\(name)' is joined before it is saved") }
            return isSum ? call.graph.add(x, other) : call.graph.concatenate([x, other], axis: -1)
        }
    }
}
