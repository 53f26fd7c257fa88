import AgonTensors
import Testing

@testable import AgonGraph

/// Rewriting keeps values and drops work.
@Suite struct SimplificationTests {
    /// The operations left, without inputs and constants.
    private func kinds(_ graph: ComputeGraph) -> [OperationKind] {
        Simplification.run(graph).nodes.map { OperationKind($0.operation) }.filter {
            ![.input, .constant].contains($0)
        }
    }

    @Test func workNobodyReadsIsDropped() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [2, 3])
        _ = graph.matmul(graph.exponential(x), x, transposeB: true)
        graph.output("y", graph.square(x))
        #expect(kinds(graph) == [.square])
        try graph.expectAsReference(["x": uniform(6, seed: 1)])
    }

    /// D(x) written twice is computed once; other numbers of a stream, or other geometry, are not the same.
    @Test func equalWorkIsMerged() throws {
        let graph = ComputeGraph()
        let (x, weight) = (graph.input("x", shape: [32, 16]), graph.input("weight", shape: [16, 8]))
        func layer() -> Value { graph.apply(.tanh, graph.matmul(x, weight)) }
        graph.output("y", graph.add(layer(), graph.square(layer())))
        #expect(kinds(graph) == [.matmul, .tanh, .square, .add])
        let once = ComputeGraph()
        let y = once.apply(.tanh, once.matmul(once.input("x", shape: [32, 16]), once.input("weight", shape: [16, 8])))
        once.output("y", once.add(y, once.square(y)))
        #expect(try graph.compiled().floatingPointOperations == once.compiled().floatingPointOperations)
        try graph.expectAsReference(["x": uniform(512, seed: 1), "weight": uniform(128, seed: 2)])
    }

    @Test func differentWorkIsNotMerged() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [4, 4])
        graph.output("a", graph.matmul(x, x))
        graph.output("b", graph.matmul(x, x, transposeA: true))
        graph.output("c", graph.subtract(x, graph.square(x)))
        graph.output("d", graph.subtract(graph.square(x), x))
        for (name, stream) in [("e", "one"), ("f", "two")] {
            graph.output(name, graph.random(.uniform(low: 0, high: 1), stream: stream, shape: [4]))
        }
        #expect(kinds(graph).count == 7)
        try graph.expectAsReference(["x": uniform(16, seed: 1)])
    }

    @Test func writesAreNeitherDroppedNorMerged() throws {
        let states = ["a", "b"].map { Variable(name: $0, shape: [2], role: .buffer) }
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [2])
        for state in states { graph.assign(x, to: state) }
        for state in states { graph.assign(graph.square(x), to: state) }
        #expect(kinds(graph).count { $0 == .assign } == 4)
        try graph.expectAsReference(["x": [2, 3]])
    }

    @Test func arithmeticWithConstants() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [3])
        let two = graph.constant(2, shape: [3])
        graph.output("identity", graph.sigmoid(graph.affine(x)))
        graph.output("chain", graph.affine(graph.affine(graph.affine(x, scale: 2, offset: 1), scale: 3), offset: -1))
        graph.output("add", graph.add(two, x))
        graph.output("subtract", graph.subtract(x, two))
        graph.output("from", graph.subtract(two, x))
        graph.output("multiply", graph.multiply(graph.constant(2), x))
        graph.output("divide", graph.divide(x, two))
        graph.output("nothing", graph.add(x, graph.multiply(x, graph.constant(0, shape: [3]))))
        graph.output("folded", graph.affine(graph.affine(two, scale: 3), offset: 1))
        graph.output("sum", graph.sum(graph.constant(0.5, shape: [4, 3]), to: [3]))
        graph.output("spread", graph.broadcast(graph.constant(3, shape: []), to: [3]))
        // One pass each, and none for the last four but a copy of x.
        #expect(kinds(graph).count { $0 != .affine } == 1)
        #expect(kinds(graph).count { $0 == .affine } <= 7)
        try graph.expectAsReference(["x": uniform(3, seed: 1)])
    }

    /// A constant that would spread the other operand may not be folded into it.
    @Test func constantsThatBroadcastTheOtherOperand() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [3])
        let wide = graph.constant(2, shape: [4, 3])
        for (name, value) in [
            ("add", graph.add(x, wide)), ("subtract", graph.subtract(wide, x)), ("multiply", graph.multiply(wide, x)),
            ("divide", graph.divide(x, wide)), ("quotient", graph.divide(wide, graph.affine(x, offset: 3))),
        ] {
            #expect(value.shape == [4, 3])
            graph.output(name, value)
        }
        try graph.expectAsReference(["x": uniform(3, seed: 1)])
    }

    /// `sum(x * v) = sum(x) * v` and `sum(a x) = a sum(x)`: sums come first, the rest is small.
    @Test func sumsAreTakenBeforeScaling() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [6, 5])
        let channels = graph.input("channels", shape: [5])
        let samples = graph.input("samples", shape: [6, 1])
        graph.output("channels", graph.sum(graph.multiply(x, channels), to: [5]))
        graph.output("swapped", graph.sum(graph.multiply(channels, graph.square(x)), to: [5]))
        graph.output("samples", graph.sum(graph.multiply(x, samples), to: [6, 1]))
        graph.output("scaled", graph.sum(graph.affine(x, scale: -3), to: [5]))
        // Not along the summed axis, with an offset, or with both factors small.
        graph.output("across", graph.sum(graph.multiply(x, samples), to: [5]))
        graph.output("shifted", graph.sum(graph.affine(x, scale: 2, offset: 1), to: [5]))
        graph.output("outer", graph.sum(graph.multiply(channels, samples), to: [5]))
        let (nodes, _) = Simplification.run(graph)
        let fullProducts = nodes.count { $0.operation == .binary(.multiply) && $0.output.shape == [6, 5] }
        #expect(fullProducts == 2)
        try graph.expectAsReference([
            "x": uniform(30, seed: 1), "channels": uniform(5, seed: 2), "samples": uniform(6, seed: 3),
        ])
    }

    @Test func reshapesAreJoined() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [2, 6])
        graph.output("there and back", graph.square(graph.reshape(graph.reshape(x, [12]), [2, 6])))
        graph.output("onwards", graph.square(graph.reshape(graph.reshape(x, [3, 4]), [4, 3])))
        #expect(kinds(graph).sorted { $0.rawValue < $1.rawValue } == [.reshape, .square, .square])
        try graph.expectAsReference(["x": uniform(12, seed: 1)])
    }

    /// The gradient of a concatenation's part: slices of zeros around a gradient give it back, or zero, or stay.
    @Test func slicesOfSliceGradients() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [2, 3])
        let padded = graph.append(.sliceGradient(axis: 1, start: 2, extent: 9), [x])
        func part(_ start: Int, _ count: Int) -> Value { graph.slice(padded, axis: 1, start: start, count: count) }
        graph.output("same", graph.square(part(2, 3)))
        graph.output("before", part(0, 2))
        graph.output("after", part(5, 4))
        #expect(kinds(graph) == [.square])
        graph.output("within", part(3, 2))
        graph.output("across", part(1, 3))
        let other = graph.append(.sliceGradient(axis: 1, start: 5, extent: 9), [graph.square(x)])
        graph.output("sum", graph.slice(graph.add(padded, other), axis: 1, start: 5, count: 3))
        graph.output("other axis", graph.slice(padded, axis: 0, start: 1, count: 1))
        try graph.expectAsReference(["x": uniform(6, seed: 1)])
    }

    /// The chain behind a zero gradient goes with it.
    @Test func gradientsOfZeroVanish() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [4])
        let y = graph.apply(.tanh, x)
        graph.output("zero", graph.apply(.tanhGradient, graph.constant(0, shape: [4]), y))
        #expect(kinds(graph).isEmpty)
        try graph.expectAsReference(["x": uniform(4, seed: 1)])
    }

    /// Both losses of a GAN's step read the same convolutions; one of their gradients is not asked for.
    @Test func gradientsNobodyAskedForCostNothing() throws {
        let graph = ComputeGraph()
        let (x, weight) = (graph.input("x", shape: [8, 32]), graph.input("weight", shape: [32, 32]))
        let loss = graph.sum(graph.square(graph.matmul(x, weight)))
        let gradients = try graph.gradients(of: loss, withRespectTo: [x, weight])
        graph.output("dweight", gradients[1])
        #expect(kinds(graph).count { $0 == .matmul } == 2)
    }
}
