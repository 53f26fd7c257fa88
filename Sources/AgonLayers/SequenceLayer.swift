import AgonConfiguration
import AgonTensors

/// A sequence of layers as one layer, named as in a nested `nn.Sequential`: `generator.2.0.weight`.
///
/// A frozen sequence is a trained stage that does not change: all its variables are statistics, and its layers work as
/// in evaluation, so batch norms use and keep their running statistics and dropout is inactive. Gradients pass through.
public struct SequenceLayer: Layer {
    public let layers: [any Layer]
    public let isFrozen: Bool

    public var type: String { "sequence" }

    public init(_ layers: [any Layer], isFrozen: Bool = false) {
        self.layers = layers
        self.isFrozen = isFrozen
    }

    init(from reader: ConfigReader) throws {
        layers = try reader.array("layers", of: LayerRegistry.layers, count: 1..., "The layers, from first to last.")
        isFrozen = try reader.boolean(
            "frozen", default: false,
            "Whether variables and running statistics are fixed and the layers work as in evaluation.")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        let construction = site.construction
        let wasFrozen = construction.isFrozen
        construction.isFrozen = wasFrozen || isFrozen
        defer { construction.isFrozen = wasFrozen }
        let body = try site.build(layers, input: input, at: .root.key("layers"))
        return BuiltLayer(
            outputShape: body.outputShape, treatsSamplesApart: body.treatsSamplesApart,
            boundsOutput: body.boundsOutput, keepsBounds: body.keepsBounds,
            note: isFrozen ? "frozen" : nil
        ) { [isFrozen] x, call in
            let mode = call.mode
            if isFrozen { call.mode = .evaluation }
            defer { call.mode = mode }
            return try body.apply(x, call)
        }
    }
}
