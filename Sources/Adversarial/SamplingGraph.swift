import Graph
import Layers
import Tensors

/// The graph that makes `count` images: input `latent` `[count, size]`, output `images` `[count] + image shape` in
/// evaluation mode.
public func samplingGraph(_ generator: Network, count: Int) throws -> ComputeGraph {
    let graph = ComputeGraph()
    let latent = graph.input("latent", shape: [count, generator.inputShape.count])
    let input = graph.reshape(latent, Shape([count] + generator.inputShape.dimensions))
    graph.output("images", try generator.apply(input, in: graph, mode: .evaluation, call: "sample"))
    return graph
}
