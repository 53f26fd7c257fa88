import AgonConfiguration

/// The section of a config that declares a network.
public struct NetworkConfiguration: ConfigDecodable, Sendable {
    public var layers: [any Layer]
    public var initialization: Initialization

    public static var schemaName: String? { "Network" }

    public init(layers: [any Layer], initialization: Initialization = Initialization()) {
        self.layers = layers
        self.initialization = initialization
    }

    public init(from reader: ConfigReader) throws {
        layers = try reader.array(
            "layers", of: LayerRegistry.layers, count: 1...,
            "Layers from input to output; each reads the output of the previous layer.")
        initialization = try reader.section(
            "initialization", default: [:],
            "The initial values of the layers' variables.")
    }
}
