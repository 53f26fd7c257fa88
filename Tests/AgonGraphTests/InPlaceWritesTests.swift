import AgonTensors
import AgonTestFiles
import Testing

@testable import AgonGraph

/// Values that are made in the memory of the variable that they are written to, and those that must not be.
@Suite struct InPlaceWritesTests {
    private func variable(_ shape: Shape, seed: UInt64, role: VariableRole = .loopState) -> Variable {
        let variable = Variable(name: "v\(seed)", shape: shape, role: role)
        variable.values = uniform(shape.count, seed: seed)
        return variable
    }

    /// Runs the graph several times against the reference.
    private func check(
        _ graph: ComputeGraph, _ inputs: [String: [Float]] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for threads in 1...3 {
            let step = try graph.compiled(threads: threads)
            for index in 0..<3 {
                try step.expectAsReference(graph, inputs, index: index, "run \(index)", sourceLocation: sourceLocation)
            }
        }
    }

    private func isInPlace(_ graph: ComputeGraph) -> Bool {
        let simplified = Simplification.run(graph)
        return !InPlaceWrites(simplified.nodes, outputs: simplified.outputs.map(\.value)).holders.isEmpty
    }

    // MARK: What training writes

    /// `average = decay * average + (1 - decay) * parameter` after the update: one pass, nothing but the variables.
    @Test func averagesOfParameters() throws {
        let shapes: [Shape] = [[300, 700], [700], [3, 3, 20, 30], [1]]
        let graph = ComputeGraph()
        for (index, shape) in shapes.enumerated() {
            let parameter = variable(shape, seed: UInt64(2 * index), role: .parameter)
            let average = variable(shape, seed: UInt64(2 * index + 1))
            graph.update(parameter, gradient: graph.read(parameter), rule: PlainDescent(rate: 0.25))
            let (old, new) = (graph.read(average), graph.read(parameter))
            graph.assign(graph.add(graph.affine(old, scale: 0.9), graph.affine(new, scale: 0.1)), to: average)
        }
        #expect(try graph.compiled().plan.activations == 0)
        try check(graph)
    }

    /// A critic's clipped weights, in the critic's next pass, and a count of the updates.
    @Test func clippedWeightsAfterAnUpdate() throws {
        let (weight, bias) = (variable([30, 20], seed: 1, role: .parameter), variable([20], seed: 2, role: .parameter))
        let (count, once) = (variable([], seed: 3), variable([1], seed: 4))
        let graph = ComputeGraph()
        func scores() -> Value {
            graph.sum(graph.add(graph.matmul(graph.input("x", shape: [10, 30]), graph.read(weight)), graph.read(bias)))
        }
        let before = scores()
        let parameters = [weight, bias]
        let gradients = try graph.gradients(of: before, withRespectTo: parameters.map { graph.read($0) })
        for (parameter, gradient) in zip(parameters, gradients) {
            graph.update(parameter, gradient: gradient, rule: PlainDescent(rate: 0.05))
            graph.assign(graph.apply(.clamp(low: -0.3, high: 0.3), graph.read(parameter)), to: parameter)
        }
        for counter in [count, once] { graph.assign(graph.affine(graph.read(counter), offset: 1), to: counter) }
        graph.output("before", before)
        graph.output("after", scores())
        graph.output(
            "scaled", graph.divide(graph.multiply(graph.read(weight), graph.read(count)), graph.read(once)))
        #expect(isInPlace(graph))
        try check(graph, ["x": uniform(300, seed: 5)])
        #expect(weight.values.allSatisfy { abs($0) <= 0.3 } && weight.values.contains { abs($0) == 0.3 })
    }

    /// Two writes of one variable after an update that it depends on.
    @Test func twoWritesAfterAnUpdate() throws {
        let (weight, state) = (variable([40, 30], seed: 1, role: .parameter), variable([40, 30], seed: 2))
        let graph = ComputeGraph()
        graph.update(weight, gradient: graph.read(state), rule: PlainDescent(rate: 0.5))
        graph.assign(graph.add(graph.read(state), graph.read(weight)), to: state)
        graph.output("between", graph.sum(graph.square(graph.read(state)), to: [30]))
        graph.assign(graph.multiply(graph.read(state), graph.affine(graph.read(weight), scale: 0.25)), to: state)
        graph.output("after", graph.sum(graph.read(state), to: [40, 1]))
        try check(graph)
    }

    /// A pool of images whose entries are replaced where a mask says so, and a batch drawn from it.
    @Test func poolsOfImages() throws {
        let graph = ComputeGraph()
        let images: Shape = [6, 5, 4, 3]
        let x = graph.input("x", shape: images)
        var drawn: Value?
        var inputs = ["x": uniform(images.count, seed: 1)]
        for slot in 0..<4 {
            let pool = variable(images, seed: UInt64(10 + slot))
            let mask = graph.input("mask\(slot)", shape: [6, 1, 1, 1])
            inputs["mask\(slot)"] = (0..<6).map { $0 % 4 == slot ? 1 : 0 }
            let term = graph.multiply(mask, graph.read(pool))
            drawn = drawn.map { graph.add($0, term) } ?? term
            graph.assign(
                graph.add(
                    graph.multiply(graph.affine(mask, scale: -1, offset: 1), graph.read(pool)), graph.multiply(mask, x)),
                to: pool)
        }
        graph.output("drawn", try #require(drawn))
        let rows = graph.multiply(graph.input("rows", shape: [6, 1]), graph.input("column", shape: [6, 1]))
        inputs["rows"] = uniform(6, seed: 2)
        inputs["column"] = uniform(6, seed: 3)
        graph.output("rows", rows)
        // The sum so far and the one before, not a product for each pool.
        #expect(try graph.compiled().plan.activations < 3 * images.count * 4)
        try check(graph, inputs)
    }

    /// Kernels write their output where it belongs, too.
    @Test func resultsOfKernels() throws {
        let (kept, product) = (variable([4, 6, 5, 3], seed: 1), variable([12, 18], seed: 2))
        let graph = ComputeGraph()
        let (a, b) = (graph.input("a", shape: [3, 6, 5, 3]), graph.input("b", shape: [1, 6, 5, 3]))
        graph.assign(graph.concatenate([a, b], axis: 0), to: kept)
        let (x, weight) = (graph.input("x", shape: [12, 7]), graph.input("weight", shape: [7, 18]))
        graph.assign(graph.matmul(x, weight), to: product)
        graph.output("tanh", graph.apply(.tanh, graph.read(product)))
        #expect(isInPlace(graph))
        try check(
            graph,
            [
                "a": uniform(270, seed: 3), "b": uniform(90, seed: 4), "x": uniform(84, seed: 5),
                "weight": uniform(126, seed: 6),
            ])
    }

    // MARK: What keeps memory of its own

    @Test func readersOfTheOldValueAfterTheNewIsMade() throws {
        let state = variable([50, 20], seed: 1)
        let graph = ComputeGraph()
        let new = graph.affine(graph.read(state), scale: 0.5, offset: 1)
        graph.output("both", graph.multiply(graph.read(state), graph.apply(.tanh, new)))
        graph.assign(new, to: state)
        #expect(!isInPlace(graph))
        try check(graph)
    }

    @Test func readersOfTheValueAfterTheNextWrite() throws {
        let state = variable([50, 20], seed: 1)
        let graph = ComputeGraph()
        let first = graph.affine(graph.read(state), scale: 0.5, offset: 1)
        graph.assign(first, to: state)
        graph.assign(graph.apply(.tanh, graph.read(state)), to: state)
        graph.output("late", graph.sum(first, to: [20]))
        try check(graph)
    }

    /// The next value is made before the last reader of this one, and written after it.
    @Test func readersOfTheValueBetweenTheMakingAndTheWriteOfTheNext() throws {
        let state = variable([50, 20], seed: 1)
        let graph = ComputeGraph()
        let first = graph.affine(graph.read(state), scale: 0.5, offset: 1)
        graph.assign(first, to: state)
        let second = graph.apply(.tanh, graph.read(state))
        graph.output("late", graph.sum(graph.square(first), to: [20]))
        graph.assign(second, to: state)
        try check(graph)
    }

    /// Another step may write the variable before the output is read.
    @Test func outputsOutliveTheVariable() throws {
        let state = variable([3], seed: 1)
        let graph = ComputeGraph()
        let new = graph.affine(graph.read(state), offset: 1)
        graph.assign(new, to: state)
        graph.output("new", new)
        let step = try graph.compiled()
        state.values = [1, 2, 3]
        step.run()
        state.values = [0, 0, 0]
        #expect(try step.values("new") == [2, 3, 4])
    }

    @Test func oneValueForTwoVariables() throws {
        let (a, b) = (variable([20, 3], seed: 1), variable([20, 3], seed: 2))
        let graph = ComputeGraph()
        let new = graph.add(graph.read(a), graph.affine(graph.read(b), scale: 0.5))
        graph.assign(new, to: a)
        graph.assign(new, to: b)
        try check(graph)
        #expect(a.values == b.values)
    }

    /// Rows of the variable that all others read.
    @Test func elementsThatOthersRead() throws {
        let followers: [(ComputeGraph, Value, Value) -> Value] = [
            { _, mixed, _ in mixed }, { graph, mixed, old in graph.apply(.tanh, graph.add(mixed, old)) },
            { graph, mixed, old in graph.add(graph.apply(.tanh, mixed), graph.affine(old, scale: 0.5)) },
        ]
        for follower in followers {
            let state = variable([90, 700], seed: 1)
            let graph = ComputeGraph()
            let row = graph.slice(graph.read(state), axis: 0, start: 3, count: 1)
            let mixed = graph.multiply(graph.input("x", shape: [90, 700]), row)
            graph.assign(follower(graph, mixed, graph.read(state)), to: state)
            try check(graph, ["x": uniform(90 * 700, seed: 2)])
        }
    }

    /// A product with the variable, alone or with work on its output, in more than one piece.
    @Test func productsOfTheVariable() throws {
        let size = 130
        for follows in [false, true] {
            let state = variable([size, size], seed: 1)
            let graph = ComputeGraph()
            let product = graph.matmul(graph.input("x", shape: [size, size]), graph.read(state))
            graph.assign(follows ? graph.apply(.tanh, graph.add(product, graph.read(state))) : product, to: state)
            let step = try graph.compiled(threads: 1)
            try step.expectAsReference(graph, ["x": uniform(size * size, in: -0.1..<0.1, seed: 2)])
        }
    }

    /// A reader of the old value waits for a sum that the writing pass would take as well.
    @Test func readersThatWaitForTheWritingPass() throws {
        let state = variable([40, 30], seed: 1)
        let graph = ComputeGraph()
        let y = graph.apply(.tanh, graph.input("x", shape: [40, 30]))
        graph.output("scaled", graph.apply(.tanh, graph.multiply(graph.read(state), graph.sum(y))))
        graph.assign(graph.add(y, graph.affine(graph.read(state), scale: 0.5)), to: state)
        try check(graph, ["x": uniform(1200, seed: 2)])
    }

    // MARK: Anything

    /// Random reads and writes of a few variables, with rows, sums, products and views among the work between them.
    @Test(arguments: zip([[6, 6], [40, 40], [1, 1], [90, 520]] as [Shape], [120, 8, 40, 3]))
    func randomWrites(_ shape: Shape, graphs: Int) throws {
        for seed in 0..<graphs {
            var random = SplitMix64(seed: UInt64(seed))
            let graph = ComputeGraph()
            let variables = (0..<3).map { variable(shape, seed: UInt64($0)) }
            var made = [graph.input("x", shape: shape)]
            func pick() -> Value {
                random.below(2) == 0
                    ? graph.read(variables[random.below(3)]) : made[made.count - 1 - random.below(min(4, made.count))]
            }
            for _ in 0..<25 {
                let x = pick()
                switch random.below(12) {
                case 0, 1: made.append(graph.apply(.tanh, x))
                case 2: made.append(graph.affine(x, scale: 0.5, offset: 0.1))
                case 3, 4: made.append(graph.affine(graph.add(x, pick()), scale: 0.5))
                case 5: made.append(graph.multiply(x, pick()))
                case 6:
                    let row = graph.slice(x, axis: 0, start: random.below(shape[0]), count: 1)
                    made.append(graph.multiply(pick(), row))
                case 7: made.append(graph.apply(.tanh, graph.subtract(pick(), graph.mean(x, to: [shape[1]]))))
                case 8:
                    if shape[0] == shape[1] { made.append(graph.apply(.tanh, graph.matmul(x, pick()))) }
                default:
                    let target = variables[random.below(3)]
                    let value = made[made.count - 1 - random.below(min(3, made.count))]
                    graph.assign(graph.reshape(value, shape), to: target)
                }
            }
            for (index, value) in made.suffix(3).enumerated() { graph.output("made\(index)", value) }
            for (index, variable) in variables.enumerated() { graph.output("read\(index)", graph.read(variable)) }
            let step = try graph.compiled(threads: 1 + seed % 3)
            for index in 0..<3 {
                try step.expectAsReference(
                    graph, ["x": uniform(shape.count, seed: UInt64(100 + index))], index: index, tolerance: 1e-4,
                    "seed \(seed) run \(index)")
            }
        }
    }
}
