import AgonConfiguration
import AgonGraph
import AgonTensors

/// A score that depends on the condition: `x w + b + (c V) · x`, from features `[F]` to `[1]`; the last layer of a
/// projection discriminator.
///
/// Variable names treat its two linear maps as layers: `score.0.weight` `[1, F]` with `score.0.bias`, and
/// `embedding.0.weight` `[F, C]`. The layer's norm applies to each.
/// Miyato and Koyama, "cGANs with Projection Discriminator", ICLR 2018, arXiv:1802.05637, eq. 6.
public struct ProjectionLayer: Layer {
    public var norm: (any WeightNormalization)?

    public var type: String { "projection" }

    public init(norm: (any WeightNormalization)? = nil) { self.norm = norm }

    init(from reader: ConfigReader) throws {
        norm = try reader.optionalSection(
            "norm", LayerRegistry.weightNorms, "The norm of both maps' weights: weight norm or spectral norm.")
    }

    public func build(input: Shape, at site: LayerSite) throws -> BuiltLayer {
        guard input.rank == 1 else { throw LayerError.notFeatures(site.place, input: input) }
        let classes = try site.conditionSize()
        var score = LinearLayer(features: 1)
        score.weight.norm = norm
        var embedding = LinearLayer(features: input[0])
        embedding.weight.norm = norm
        embedding.weight.hasBias = false
        let plain = try site.build([score], input: input, at: .root.key("score"), name: "score")
        let projected = try site.build(
            [embedding], input: [classes], at: .root.key("embedding"), name: "embedding")
        let place = site.place
        return BuiltLayer(outputShape: [1], treatsSamplesApart: norm == nil) { x, call in
            guard let condition = call.condition else { preconditionFailure("\(place) needs a condition") }
            let graph = call.graph
            let inner = graph.sum(
                graph.multiply(try projected.apply(condition, call), x), to: [x.shape[0], 1])
            return graph.add(try plain.apply(x, call), inner)
        }
    }
}
