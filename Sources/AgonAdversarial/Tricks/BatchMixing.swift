import AgonGraph
import AgonLayers

/// Whether real and generated samples pass a discriminator in separate batches or mixed in one batch.
///
/// In separate batches, each kind has its own batch statistics (Chintala et al., "How to train a GAN?", 2016, item 4).
public enum BatchMixing: String, CaseIterable, Sendable {
    case separate, mixed

    /// The outputs for several batches that pass the network as one batch.
    static func apply(_ network: Network, to batches: [NetworkBatch], in graph: ComputeGraph) throws -> [Value] {
        let conditions = batches.compactMap(\.condition)
        let output = try network.apply(
            graph.concatenate(batches.map(\.x), axis: 0), in: graph, mode: .training,
            call: batches.map(\.call).joined(separator: "+"),
            condition: conditions.isEmpty ? nil : graph.concatenate(conditions, axis: 0))
        var start = 0
        return batches.map { batch in
            let count = batch.x.shape[0]
            defer { start += count }
            return graph.slice(output, axis: 0, start: start, count: count)
        }
    }
}
