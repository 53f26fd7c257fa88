import AgonConfiguration
import AgonGraph
import AgonTensors

/// A layer with a name of its own, which stands in the place of its index in the names of its variables:
/// `generator.up1.weight`. Weights of that name are found again in a network that has more layers.
public struct NamedLayer: Layer {
    /// Letters, digits, `_` and `-`; not a number.
    public let name: String
    public let layer: any Layer

    public var type: String { layer.type }

    public init(_ name: String, _ layer: any Layer) {
        precondition(Self.isName(name), "a layer cannot be called '\(name)'")
        self.name = name
        self.layer = layer
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer { try layer.build(input: input, at: site) }

    /// The layer under its name, if the section of any kind of layer gives it one.
    @Sendable static func reading(_ layer: any Layer, from reader: ConfigReader) throws -> any Layer {
        let name = try reader.optionalString(
            "name", "Stands for the layer's index in the names of its variables, which then outlast other layers.")
        guard let name else { return layer }
        try reader.require(
            isName(name), "name", "expected letters, digits, '_' or '-' and not a number alone, found '\(name)'")
        return NamedLayer(name, layer)
    }

    /// A number alone would be another layer's index; a dot would end the name.
    private static func isName(_ name: String) -> Bool {
        let characters = name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return characters && !name.isEmpty && Int(name) == nil
    }
}
