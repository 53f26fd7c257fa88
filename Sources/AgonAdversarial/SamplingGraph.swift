import AgonGraph
import AgonLayers
import AgonTensors

/// The graph that makes `count` samples, in evaluation mode unless stated. Output: `images` `[count] + sample shape`.
/// Inputs: `latent` `[count, size]`, or images `[count, H, W, C]` for a generator that reads images, and `condition`
/// `[count, C]` if the generator reads one.
public func samplingGraph(
    _ generator: Network, count: Int, conditionSize: Int? = nil, mode: NetworkMode = .evaluation
) throws -> ComputeGraph {
    let graph = ComputeGraph()
    let latent = graph.input("latent", shape: [count, generator.inputShape.count])
    let input = graph.reshape(latent, Shape([count] + generator.inputShape.dimensions))
    let condition = conditionSize.map { graph.input("condition", shape: [count, $0]) }
    graph.output(
        "images",
        try generator.apply(input, in: graph, mode: mode, call: "sample", condition: condition))
    return graph
}
