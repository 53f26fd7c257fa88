import AgonGraph
import AgonTensors
import Testing

/// Sums, broadcasts and copies with kernels of their own, at sizes that take several pieces, runs and blocks.
@Suite struct StridedKernelTests {
    @Test(
        arguments: zip(
            [
                [40, 30, 50], [40, 30, 50], [5, 90, 3, 40], [2, 3, 4, 5], [2, 3, 4, 5], [4, 2600, 5], [3, 1100, 2, 3],
                [200, 70, 2],
                [4, 3, 2, 3, 2], [300, 4, 5, 7], [2, 12_000, 1, 3],
            ] as [Shape],
            [
                [1, 30, 50], [30, 50], [5, 1, 3, 1], [1, 3, 1, 5], [2, 1, 4, 1], [2600, 5], [1100, 1, 3], [1, 70, 1],
                [4, 1, 2, 1, 2], [4, 1, 7], [12_000, 1, 3],
            ] as [Shape]))
    func sumsAndBroadcasts(_ full: Shape, _ small: Shape) throws {
        let graph = ComputeGraph()
        let (x, y) = (graph.input("x", shape: full), graph.input("y", shape: small))
        graph.output("sum", graph.sum(x, to: small))
        graph.output("broadcast", graph.broadcast(y, to: full))
        graph.output("product", graph.multiply(x, y))
        let inputs = ["x": uniform(full.count, seed: 1), "y": uniform(small.count, seed: 2)]
        let alone = try graph.compiled()
        try alone.expectAsReference(graph, inputs)
        let together = try graph.compiled(threads: 3)
        together.run(inputs)
        #expect(try together.values("sum") == alone.values("sum"))
    }

    /// Long lines are copied in parts.
    @Test(arguments: [[2, 33_000] as Shape, [1, 40_000], [3, 9000, 4], [900, 30]], [0, 1])
    func longLines(_ shape: Shape, axis: Int) throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: shape)
        let (from, count) = (shape[axis] / 3, max(shape[axis] / 2, 1))
        let part = graph.slice(x, axis: axis, start: from, count: count)
        graph.output("slice", part)
        graph.output("back", graph.append(.sliceGradient(axis: axis, start: from, extent: shape[axis]), [part]))
        graph.output("joined", graph.concatenate([part, x, graph.affine(part, scale: 2)], axis: axis))
        try graph.expectAsReference(["x": uniform(shape.count, seed: 1)], threads: 2)
    }

    /// Minibatch discrimination: `exp(-Σ_c |m_i - m_j|)` of all pairs of samples, with its gradient.
    @Test func differencesOfAllPairs() throws {
        func build(_ n: Int, _ features: Int, _ kernels: Int, gradients: Bool) throws -> ComputeGraph {
            let graph = ComputeGraph()
            let m = graph.input("m", shape: [n, kernels * features])
            var distance: Value?
            for kernel in 0..<kernels {
                let part = graph.slice(m, axis: 1, start: kernel * features, count: features)
                let (a, b) = (graph.reshape(part, [n, 1, features]), graph.reshape(part, [1, n, features]))
                let term = graph.apply(.absolute, graph.subtract(a, b))
                distance = distance.map { graph.add($0, term) } ?? term
            }
            let closeness = graph.sum(
                graph.exponential(graph.affine(try #require(distance), scale: -1)), to: [n, 1, features])
            graph.output("closeness", closeness)
            if gradients {
                let loss = graph.mean(graph.square(closeness))
                graph.output("dm", try graph.gradients(of: loss, withRespectTo: [m])[0])
            }
            return graph
        }
        try build(9, 5, 3, gradients: true).expectAsReference(["m": uniform(135, seed: 1)], threads: 2)
        // Nothing of the pairs' size is kept.
        let pairs = try build(64, 100, 5, gradients: false).compiled(threads: 2)
        #expect(pairs.plan.activations < 64 * 64 * 100 * 4 / 4)
    }
}
