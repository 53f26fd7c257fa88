import AgonTensors
import AgonTestFiles
import Testing

@testable import AgonGraph

/// Values that share memory or take over that of others. `FusionTests` covers them at random; these are the cases
/// in which something else still needs the memory.
@Suite struct MemoryReuseTests {
    /// Random buffers: no two that live at the same time overlap, all lie in the arena, and the arena is no larger than
    /// the buffers laid end to end.
    @Test(arguments: 0..<40)
    func buffersOfOneTimeDoNotMeet(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var planner = ArenaPlanner()
        for index in 0..<60 {
            let first = random.below(50)
            planner.buffers.append(
                .init(index: index, size: random.below(300), first: first, last: first + random.below(8)))
        }
        planner.place()
        for (place, a) in planner.buffers.enumerated() {
            #expect(a.offset >= 0 && a.offset % 16 == 0 && a.offset + a.size <= planner.size)
            for b in planner.buffers[(place + 1)...] where a.first <= b.last && b.first <= a.last {
                #expect(a.offset + a.size <= b.offset || b.offset + b.size <= a.offset, "\(a) and \(b)")
            }
        }
        #expect(planner.size <= planner.buffers.reduce(0) { $0 + roundedUp(max($1.size, 1), to: 16) })
    }

    /// A chain needs two buffers, however long it is.
    @Test func chainsShareTheirMemory() throws {
        let graph = ComputeGraph()
        var x = graph.input("x", shape: [64, 64])
        let weight = graph.input("weight", shape: [64, 64])
        for _ in 0..<10 { x = graph.apply(.tanh, graph.matmul(x, weight)) }
        graph.output("y", x)
        let plan = try graph.compiled().plan
        #expect(plan.activations <= 3 * 64 * 64 * 4)
        #expect(plan.withoutReuse >= 10 * 64 * 64 * 4)
    }

    /// A sum over an operand whose memory another result of the same pass takes over.
    @Test func sumOverAnOperandThatIsOverwritten() throws {
        let graph = ComputeGraph()
        let x = graph.matmul(graph.input("x", shape: [20, 30]), graph.input("weight", shape: [30, 40]))
        graph.output("y", graph.square(graph.affine(x, offset: 1)))
        graph.output("sum", graph.sum(x))
        graph.output("channels", graph.sum(x, to: [40]))
        graph.output("moments", graph.append(.moments, [x]))
        try graph.expectAsReference(["x": uniform(600, seed: 1), "weight": uniform(1200, seed: 2)], threads: 2)
    }

    /// A residual block whose input dies with it: `h + x` may not lie where the convolution still gathers x.
    @Test func residualOverItsOwnInput() throws {
        let graph = ComputeGraph()
        let x = graph.apply(.tanh, graph.input("x", shape: [2, 24, 24, 8]))
        let weight = graph.input("weight", shape: [3, 3, 8, 8])
        let h = graph.convolution(x, weight: weight, padding: (1, 1, 1, 1))
        graph.output("h", h)
        graph.output("sum", graph.add(h, x))
        try graph.expectAsReference(
            ["x": uniform(2 * 24 * 24 * 8, seed: 1), "weight": uniform(576, seed: 2)], threads: 2)
    }

    /// The same with a product cut by columns, each of which reads all of x.
    @Test func residualOverTheInputOfAWideProduct() throws {
        let graph = ComputeGraph()
        let x = graph.apply(.tanh, graph.input("x", shape: [4, 3000]))
        let h = graph.matmul(x, graph.input("weight", shape: [3000, 3000]))
        graph.output("h", h)
        graph.output("sum", graph.add(h, x))
        var weight = [Float](repeating: 0, count: 9_000_000)
        for row in 0..<3000 { for step in [0, 7, 1501] { weight[row * 3000 + (row * 11 + step) % 3000] = 0.5 } }
        let values = uniform(12000, seed: 1)
        let step = try graph.compiled(threads: 2)
        step.run(["x": values, "weight": weight])
        let h0 = try step.values("h")
        let sum = try step.values("sum")
        expectClose(sum, zip(h0, values).map { Double($0) + tanhOf($1) })
        // Column (11 row + step) mod 3000 receives from these rows alone: 11 is invertible modulo 3000.
        var expected = [Double](repeating: 0, count: 12000)
        for sample in 0..<4 {
            for row in 0..<3000 {
                for step in [0, 7, 1501] {
                    expected[sample * 3000 + (row * 11 + step) % 3000] += 0.5 * tanhOf(values[sample * 3000 + row])
                }
            }
        }
        expectClose(h0, expected)
    }

    private func tanhOf(_ x: Float) -> Double { UnaryFunction.tanh(Double(x)) }

    /// A tensor read in full and, in the same pass, through a slice of itself.
    @Test func operandReadInFullAndThroughASlice() throws {
        let graph = ComputeGraph()
        let x = graph.apply(.tanh, graph.input("x", shape: [8, 8]))
        let row = graph.slice(x, axis: 0, start: 0, count: 1)
        graph.output("by channel", graph.add(x, row))
        let y = graph.apply(.tanh, graph.input("y", shape: [8, 8]))
        graph.output("by sample", graph.add(y, graph.reshape(graph.slice(y, axis: 0, start: 0, count: 1), [8, 1])))
        let z = graph.apply(.tanh, graph.input("z", shape: [3, 700]))
        graph.output("long rows", graph.add(z, graph.slice(z, axis: 0, start: 0, count: 1)))
        try graph.expectAsReference(
            ["x": uniform(64, seed: 1), "y": uniform(64, seed: 2), "z": uniform(2100, seed: 3)], threads: 2)
    }

    /// Outputs that are inputs, or views of them, outlive the memory that the caller bound.
    @Test func outputsThatAreInputs() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [4, 2])
        graph.output("x", x)
        graph.output("view", graph.reshape(graph.slice(x, axis: 0, start: 1, count: 2), [4]))
        graph.output("identity", graph.affine(x))
        let step = try graph.compiled()
        step.run(["x": [1, 2, 3, 4, 5, 6, 7, 8]])
        let other = uniform(4096, seed: 1)  // takes the freed memory, if anything does
        #expect(try step.values("x") == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(try step.values("view") == [3, 4, 5, 6])
        #expect(try step.values("identity") == [1, 2, 3, 4, 5, 6, 7, 8])
        _ = other
    }

    /// As many results from one tensor as a program can be asked for.
    @Test func manyResultsOfOneTensor() throws {
        let graph = ComputeGraph()
        let (x, y) = (graph.input("x", shape: [6, 5]), graph.input("y", shape: [6, 5]))
        for index in 0..<60 {
            graph.output("x\(index)", graph.affine(x, scale: Float(index + 2), offset: Float(index)))
            let shifted = graph.affine(y, scale: 1.5, offset: 0.02 * Float(index))
            graph.output("y\(index)", graph.append(.moments, [index % 3 == 0 ? graph.square(shifted) : shifted]))
        }
        try graph.expectAsReference(["x": uniform(30, seed: 1), "y": uniform(30, seed: 2)], threads: 2)
    }

    /// Operands are counted before work is done again in place of reading, which brings operands of its own.
    @Test func manyOperandsOfOneSum() throws {
        let graph = ComputeGraph()
        var inputs: [String: [Float]] = [:]
        var total: Value?
        for index in 0..<40 {
            let product = graph.matmul(
                graph.input("a\(index)", shape: [3, 4]), graph.input("b\(index)", shape: [4, 5]))
            inputs["a\(index)"] = uniform(12, seed: UInt64(2 * index))
            inputs["b\(index)"] = uniform(20, seed: UInt64(2 * index + 1))
            let scaled = graph.multiply(product, graph.input("c\(index)", shape: [5]))
            inputs["c\(index)"] = uniform(5, seed: UInt64(1000 + index))
            total = total.map { graph.add($0, scaled) } ?? scaled
            if index % 8 == 7, let sum = total { total = graph.apply(.tanh, sum) }
        }
        graph.output("total", try #require(total))
        try graph.expectAsReference(inputs, threads: 2)
    }

    /// The last axis's largest in a row that several pieces share.
    @Test(arguments: [[1, 70_000] as Shape, [2, 40_000], [3, 1000], [70_000]])
    func softmaxOfLongRows(_ shape: Shape) throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: shape)
        graph.output("largest", graph.append(.rowMaximum, [x]))
        graph.output("softmax", graph.affine(graph.softmax(x), scale: 1000))
        var values = uniform(shape.count, seed: 1)
        values[shape.count / 5] = 9  // in the first piece, where a later one must not lose it
        try graph.expectAsReference(["x": values], threads: 2)
    }

    /// Steps that run in turns in one arena, which grows for the second, compute what each computes alone, and leave
    /// each other's outputs as they are.
    @Test func stepsShareAnArena() throws {
        func graph(size: Int) -> ComputeGraph {
            let graph = ComputeGraph()
            var x = graph.input("x", shape: [size, size])
            let weight = graph.input("weight", shape: [size, size])
            // A sum over an operand whose memory the activation takes over: which it does depends on addresses.
            for layer in 0..<4 {
                let product = graph.matmul(x, weight)
                graph.output("sum \(layer)", graph.sum(product))
                x = graph.apply(.tanh, product)
            }
            graph.output("y", x)
            return graph
        }
        let arena = StepArena()
        let graphs = [graph(size: 24), graph(size: 80)]
        let steps = try graphs.map { try $0.compiled(threads: 2, arena: arena) }
        let inputs = [24, 80].map { size in
            ["x": uniform(size * size, seed: 1), "weight": uniform(size * size, seed: 2).map { $0 / 4 }]
        }
        #expect(steps[0].plan.activations < steps[1].plan.activations)
        var first: [[Float]] = []
        for round in 0..<2 {
            for (step, (graph, inputs)) in zip(steps, zip(graphs, inputs)) {
                try step.expectAsReference(graph, inputs, "round \(round)")
            }
            let outputs = try steps.map { try $0.values("y") }
            if round == 0 { first = outputs } else { #expect(outputs == first) }
        }
        // The first step's outputs are there after the second's run.
        steps[1].run(inputs[1])
        #expect(try steps[0].values("y") == first[0])
    }

    /// Runs do not see the values of earlier ones, and inputs are left alone.
    @Test func inputsAreNotWritten() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [5, 4])
        graph.output("y", graph.apply(.tanh, graph.add(x, graph.input("bias", shape: [4]))))
        let step = try graph.compiled()
        var values = uniform(20, seed: 1)
        let (before, bias) = (values, uniform(4, seed: 2))
        values.withUnsafeMutableBufferPointer { x in
            bias.withUnsafeBufferPointer { bias in
                guard let x = x.baseAddress, let bias = bias.baseAddress else { return }
                step.run(inputs: ["x": UnsafePointer(x), "bias": bias])
                step.run(inputs: ["x": UnsafePointer(x), "bias": bias])
            }
        }
        #expect(values == before)
    }
}
