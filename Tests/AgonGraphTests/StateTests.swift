import AgonGraph
import AgonTensors
import Testing

/// Variables that are read and written within a step.
@Suite struct StateTests {
    private func variable(_ values: [Float], name: String = "v", role: VariableRole = .buffer) -> Variable {
        let variable = Variable(name: name, shape: [values.count], role: role)
        variable.values = values
        return variable
    }

    @Test(arguments: [1, 2, 3])
    func readsBeforeAnUpdateSeeTheOldValueAndReadsAfterItTheNew(threads: Int) throws {
        for _ in 0..<20 {
            let weight = variable([Float](repeating: 1, count: 5000), role: .parameter)
            let graph = ComputeGraph()
            let x = graph.input("x", shape: [5000])
            let before = graph.square(graph.affine(graph.read(weight), offset: 1))
            graph.update(weight, gradient: x, rule: PlainDescent(rate: 0.5))
            let after = graph.square(graph.affine(graph.read(weight), offset: 1))
            graph.assign(graph.add(graph.read(weight), graph.affine(before, scale: 0)), to: weight)
            graph.output("before", before)
            graph.output("after", after)
            let step = try graph.compiled(threads: threads)
            step.run(["x": [Float](repeating: 4, count: 5000)])
            #expect(try step.values("before") == [Float](repeating: 4, count: 5000))
            #expect(try step.values("after") == [Float](repeating: 0, count: 5000))
            #expect(weight.values == [Float](repeating: -1, count: 5000))
        }
    }

    @Test func aMeasurementReadsItsAssignmentsAndChangesNothing() throws {
        let state = variable([1, 2])
        let graph = ComputeGraph(isMeasurement: true)
        for _ in 0..<2 { graph.assign(graph.affine(graph.read(state), scale: 3), to: state) }
        graph.output("assigned", graph.read(state))
        let step = try graph.compiled(threads: 1)
        step.run([:])
        #expect(try step.values("assigned") == [9, 18])
        #expect(state.values == [1, 2])
    }

    /// The reader comes late: it waits for long work of its own, while the write could run at once.
    @Test func aWriteWaitsForLateReaders() throws {
        let size = 120
        let old = uniform(size, seed: 1)
        let state = variable(old)
        let graph = ComputeGraph()
        let read = graph.read(state)
        var long = graph.input("x", shape: [size, size])
        for _ in 0..<6 { long = graph.apply(.tanh, graph.matmul(long, long)) }
        graph.output("late", graph.multiply(long, read))
        graph.assign(graph.constant(7, shape: [size]), to: state)
        graph.output("new", graph.affine(graph.read(state), scale: 2))
        let step = try graph.compiled(threads: 2)
        for _ in 0..<5 {
            state.values = old
            try step.expectAsReference(graph, ["x": uniform(size * size, in: -0.1..<0.1, seed: 2)])
            #expect(state.values == [Float](repeating: 7, count: size))
        }
    }

    /// Two writes without a read between them: the last one stays, though it is ready first.
    @Test func theLastOfTwoWritesStays() throws {
        let size = 60
        let state = variable([Float](repeating: 0, count: size))
        let graph = ComputeGraph()
        var slow = graph.input("x", shape: [size, size])
        for _ in 0..<4 { slow = graph.matmul(slow, slow) }
        graph.assign(graph.sum(slow, to: [size]), to: state)
        graph.assign(graph.constant(3, shape: [size]), to: state)
        let step = try graph.compiled(threads: 2)
        for _ in 0..<5 {
            step.run(["x": uniform(size * size, in: -0.1..<0.1, seed: 2)])
            #expect(state.values == [Float](repeating: 3, count: size))
        }
    }

    /// Equal writes with another between them are not one.
    @Test func writingAValueAgain() throws {
        let state = variable([0, 0])
        let graph = ComputeGraph()
        let (x, y) = (graph.input("x", shape: [2]), graph.input("y", shape: [2]))
        var sums: [Value] = []
        for value in [x, y, x] {
            graph.assign(value, to: state)
            sums.append(graph.sum(graph.read(state)))
        }
        for (index, sum) in sums.enumerated() { graph.output("\(index)", sum) }
        try graph.expectAsReference(["x": [1, 2], "y": [5, 7]], threads: 2)
        #expect(state.values == [1, 2])
    }

    /// `product + bias` is cheaper to add again than to read back, but not once the bias has moved on.
    @Test func workIsNotDoneAgainOnNewState() throws {
        let bias = variable(uniform(16, seed: 1))
        let graph = ComputeGraph()
        let (x, weight) = (graph.input("x", shape: [64, 32]), graph.input("weight", shape: [32, 16]))
        let hidden = graph.add(graph.matmul(x, weight), graph.read(bias))
        graph.output("before", graph.sum(graph.apply(.tanh, hidden)))
        graph.assign(graph.constant(5, shape: [16]), to: bias)
        let other = graph.matmul(graph.square(x), graph.multiply(weight, graph.read(bias)))
        graph.output("after", graph.apply(.tanh, graph.multiply(other, hidden)))
        try graph.expectAsReference(["x": uniform(64 * 32, seed: 2), "weight": uniform(512, seed: 3)], threads: 2)
    }

    @Test func eachOfSeveralWritesSeesTheOneBefore() throws {
        let state = variable([1, 2])
        let graph = ComputeGraph()
        for scale in [2, 3, 5] as [Float] {
            graph.assign(graph.affine(graph.read(state), scale: scale, offset: 1), to: state)
        }
        graph.output("sum", graph.sum(graph.read(state)))
        let step = try graph.compiled(threads: 2)
        step.run()
        #expect(state.values == [51, 81])
        step.run()
        #expect(state.values == [1551, 2451])
        #expect(try step.values("sum") == [4002])
    }

    /// An output that is a variable's value shows it as it was at that point.
    @Test func outputsOfAVariableBeforeAndAfterAWrite() throws {
        let state = variable([1, 2, 3])
        let graph = ComputeGraph()
        graph.output("before", graph.read(state))
        graph.output("view", graph.reshape(graph.slice(graph.read(state), axis: 0, start: 1, count: 2), [2, 1]))
        graph.assign(graph.affine(graph.read(state), scale: 10), to: state)
        graph.output("between", graph.read(state))
        graph.assign(graph.affine(graph.read(state), offset: 1), to: state)
        graph.output("after", graph.read(state))
        let step = try graph.compiled()
        step.run()
        #expect(try step.values("before") == [1, 2, 3])
        #expect(try step.values("view") == [2, 3])
        #expect(try step.values("between") == [10, 20, 30])
        #expect(try step.values("after") == [11, 21, 31])
    }

    /// Rewriting a sum of scaled values into a scaled sum must not move the reading of the variable past its write.
    @Test func rewritingDoesNotMoveAReadPastAWrite() throws {
        let state = variable([1, 2, 3])
        let graph = ComputeGraph()
        let read = graph.read(state)
        let x = graph.input("x", shape: [3])
        let (scaled, product) = (
            graph.affine(read, scale: 2),
            graph.multiply(graph.broadcast(read, to: [4, 3]), graph.input("y", shape: [3]))
        )
        let view = graph.reshape(read, [3, 1])
        let shifted = graph.affine(view, offset: 1)
        graph.assign(x, to: state)
        graph.output("sum", graph.sum(scaled))
        graph.output("twice", graph.affine(scaled, scale: 3))
        graph.output("product", graph.sum(product, to: [3]))
        graph.output("shifted", graph.affine(shifted, scale: 2))
        try graph.expectAsReference(["x": [10, 20, 30], "y": [1, -1, 2]])
    }

    /// Swapping two variables needs a copy, which the graph's author makes.
    @Test func readingAnOverwrittenValueIsRefused() throws {
        let (a, b) = (variable([1, 2], name: "a"), variable([3, 4], name: "b"))
        let swap = ComputeGraph()
        let (oldA, oldB) = (swap.read(a), swap.read(b))
        swap.assign(oldB, to: a)
        swap.assign(oldA, to: b)
        #expect(throws: GraphError.self) { _ = try swap.compiled() }

        let copied = ComputeGraph()
        let sum = copied.add(copied.read(a), copied.read(b))
        copied.assign(copied.read(b), to: a)
        copied.assign(copied.subtract(sum, copied.read(a)), to: b)
        let step = try copied.compiled()
        step.run()
        #expect(a.values == [3, 4] && b.values == [1, 2])
    }

    /// The index of a run counts an optimizer's updates.
    @Test func rulesReceiveTheirRunCount() throws {
        struct Counting: ParameterUpdate {
            let states: [Variable] = []
            let kernel: Int32 = 0
            func parameters(updates: Int) -> [Float] { [Float(updates), 0, 0, 0, 0, 0] }
        }
        let weight = variable([0, 0], role: .parameter)
        let graph = ComputeGraph()
        graph.update(weight, gradient: graph.constant(-1, shape: [2]), rule: Counting())
        let step = try graph.compiled()
        for index in [0, 1, 5] { step.run(index: index) }
        #expect(weight.values == [6, 6])
    }

    @Test func variablesAreListedOnceWithOptimizerState() throws {
        struct Stateful: ParameterUpdate {
            let states: [Variable]
            let kernel: Int32 = 0
            func parameters(updates: Int) -> [Float] { [1, 0.5, 0, 0, 0, 0] }
        }
        let weight = variable([1, 2, 3], name: "weight", role: .parameter)
        let velocity = variable([0, 0, 0], name: "velocity", role: .optimizerState)
        let graph = ComputeGraph()
        let loss = graph.sum(graph.square(graph.read(weight)))
        let gradient = try graph.gradients(of: loss, withRespectTo: [graph.read(weight)])[0]
        graph.update(weight, gradient: gradient, rule: Stateful(states: [velocity]))
        let step = try graph.compiled()
        #expect(step.variables.map(\.name) == ["weight", "velocity"])
        #expect(step.plan.parameters == 12 && step.plan.optimizerState == 12 && step.plan.statistics == 0)
    }
}
