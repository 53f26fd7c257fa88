import AgonConfiguration
import AgonGraph
import AgonTensors

/// `y = x W + b`, where x is `[N, in]`, and W is `[in, out]` in memory and `[out, in]` in files.
public struct LinearLayer: WeightedLayer {
    public let features: Int
    public var weight = WeightSettings()

    public var type: String { "linear" }

    public init(features: Int) { self.features = features }

    init(from reader: ConfigReader) throws {
        features = try reader.integer("features", in: 1...16_777_216, "Number of output features.")
        weight = try WeightSettings(from: reader)
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        guard input.rank == 1 else { throw LayerError.notFeatures(site.place, input: input) }
        let isPlain = weight.norm == nil
        let (weight, bias) = try weight.build(
            extents: [input[0], features], layout: .linearWeight, part: .linearWeight, outputs: features, at: site)
        return BuiltLayer(
            outputShape: [features], floatingPointOperations: 2 * input[0] * features, treatsSamplesApart: isPlain
        ) { x, call in
            call.adding(bias, to: call.graph.matmul(x, weight(call)))
        }
    }
}
