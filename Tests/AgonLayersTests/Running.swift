import AgonGraph
import AgonLayers
import AgonTensors
import Testing

/// The output of a network for an input in PyTorch's layout (`[N, C]` or `[N, C, H, W]`), in the same layout.
func run(_ network: Network, _ x: Tensor, mode: NetworkMode = .evaluation, index: Int = 0, threads: Int = 1) throws
    -> Tensor
{
    let input = x.shape.rank == 4 ? x.permuted([0, 2, 3, 1]) : x
    let graph = ComputeGraph()
    let output = try network.apply(graph.input("x", shape: input.shape), in: graph, mode: mode)
    graph.output("y", output)
    let step = try CompiledStep(graph, name: "test", pool: WorkerPool(threads: threads), seed: 3)
    input.values.withUnsafeBufferPointer { values in
        if let base = values.baseAddress { step.run(inputs: ["x": base], index: index) }
    }
    let result = try #require(step.output("y"))
    return result.shape.rank == 4 ? result.permuted([0, 3, 1, 2]) : result
}

/// Normal numbers.
func sample(_ shape: Shape, seed: UInt64 = 5) -> Tensor {
    Tensor(shape: shape, values: RandomStream(seed: seed, purpose: "test").normal(count: shape.count))
}

/// Checks each element to within `tolerance` times the greatest magnitude expected. The default is 40 roundings of
/// single precision.
func expectClose(
    _ found: Tensor, _ expected: Tensor, tolerance: Float = 40 * Float.ulpOfOne, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.shape == expected.shape, comment, sourceLocation: sourceLocation)
    guard found.shape == expected.shape else { return }
    let scale = expected.values.reduce(0) { max($0, abs($1)) }
    let worst = zip(found.values, expected.values).enumerated().max { abs($0.1.0 - $0.1.1) < abs($1.1.0 - $1.1.1) }
    if let (index, (a, b)) = worst {
        // Written so that a NaN fails.
        #expect(
            abs(a - b) <= tolerance * scale, "element \(index): \(a), expected \(b), scale \(scale)",
            sourceLocation: sourceLocation)
    }
    #expect(found.values.allSatisfy { $0.isFinite }, sourceLocation: sourceLocation)
}

extension Network {
    /// Gives a variable values in PyTorch's layout.
    func set(_ name: String, _ tensor: Tensor) throws {
        let variable = try #require(variables.first { $0.name == "\(self.name).\(name)" })
        #expect(variable.importing(tensor), "\(name): \(tensor.shape), expected \(variable.pyTorchShape)")
    }

    func values(_ name: String) throws -> Tensor {
        try #require(variables.first { $0.name == "\(self.name).\(name)" }).exported()
    }
}
