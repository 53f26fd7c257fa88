import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonTensors
import Foundation
import Testing

/// The network section that a JSON text states.
func networkConfiguration(_ text: String) throws -> NetworkConfiguration {
    try ConfigReader.decode(NetworkConfiguration.self, from: try ConfigNode.parse(text, file: "test.json")).value
}

/// The layers of a JSON list.
func layers(_ text: String) throws -> [any Layer] { try networkConfiguration("{\"layers\": \(text)}").layers }

/// A network of a JSON list.
func network(
    _ text: String, input: Shape, condition: Int? = nil, name: String = "net", seed: UInt64 = 1,
    initialization: Initialization = Initialization()
) throws -> Network {
    try Network(
        name: name, layers: try layers(text), input: input, condition: condition, seed: seed,
        initialization: initialization)
}

/// The message with which a JSON list of layers is refused.
func message(_ text: String, input: Shape, condition: Int? = nil, name: String = "net") -> String {
    do {
        _ = try network(text, input: input, condition: condition, name: name)
        return "no error"
    } catch {
        return "\(error)"
    }
}

/// The operations that a network appends to a graph.
func operations(of network: Network, batch: Int = 2, mode: NetworkMode = .training) throws -> [AgonGraph.Operation] {
    let graph = ComputeGraph()
    let x = graph.input("x", shape: Shape([batch] + network.inputShape.dimensions))
    _ = try network.apply(x, in: graph, mode: mode)
    return graph.nodes.map(\.operation)
}
