import AgonConfiguration
import AgonTensors

/// A layer with a name, which replaces its index in the names of its variables: `generator.up1.weight`. Weights with
/// such names can still be loaded after layers are added to the network.
public struct NamedLayer: Layer {
    /// Letters, digits, `_` and `-`, but not only digits.
    public let name: String
    public let layer: any Layer

    public var type: String { layer.type }

    public init(_ name: String, _ layer: any Layer) {
        precondition(Self.isName(name), "'\(name)' is not a valid layer name")
        self.name = name
        self.layer = layer
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer { try layer.build(input: input, at: site) }

    /// Wraps the layer if its section gives it a name; any kind of layer may have one.
    @Sendable static func reading(_ layer: any Layer, from reader: ConfigReader) throws -> any Layer {
        let name = try reader.optionalString(
            "name", "Replaces the layer's index in its variables' names, so they stay valid if layers are added.")
        guard let name else { return layer }
        try reader.require(
            isName(name), "name", "expected letters, digits, '_' or '-', but not only digits, found '\(name)'")
        return NamedLayer(name, layer)
    }

    /// A name of only digits could equal another layer's index; a dot would end the name.
    private static func isName(_ name: String) -> Bool {
        name.wholeMatch(of: /[A-Za-z0-9_-]+/) != nil && Int(name) == nil
    }
}
