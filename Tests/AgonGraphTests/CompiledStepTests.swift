import AgonGraph
import AgonTensors
import Testing

/// What a compiled step tells about itself.
@Suite struct CompiledStepTests {
    @Test func inputsOutputsAndScalars() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [2, 3])
        let y = graph.input("y", shape: [3])
        #expect(graph.input("x", shape: [2, 3]) == x)
        graph.output("product", graph.multiply(x, y))
        graph.output("sum", graph.sum(x))
        graph.output("one by one", graph.sum(x, to: [1, 1]))
        let step = try graph.compiled()
        #expect(step.name == "test")
        #expect(step.inputs.map(\.name) == ["x", "y"] && step.inputs.map(\.shape) == [[2, 3], [3]])
        #expect(step.outputNames == ["product", "sum", "one by one"])
        step.run(["x": [1, 2, 3, 4, 5, 6], "y": [1, 0, -1]])
        #expect(step.output("product") == Tensor(shape: [2, 3], values: [1, 0, -3, 4, 0, -6]))
        #expect(step.output("sum")?.shape == [] && step.output("nothing") == nil)
        #expect(step.scalars().map(\.name) == ["sum", "one by one"] && step.scalars().map(\.value) == [21, 21])
        let copied = step.withOutput("product") { values, shape in (Array(values), shape) }
        #expect(copied?.0 == [1, 0, -3, 4, 0, -6] && copied?.1 == [2, 3])
    }

    /// Two operations a multiplication and addition: 2 m n k for a product, 2 N Ho Wo Cout kh kw Cin / groups for a
    /// convolution, for each of its gradients, and none for work that nobody reads.
    @Test func floatingPointOperations() throws {
        func operations(_ build: (ComputeGraph) -> Value) throws -> Int {
            let graph = ComputeGraph()
            graph.output("y", build(graph))
            return try graph.compiled().floatingPointOperations
        }
        #expect(
            try operations { $0.matmul($0.input("a", shape: [5, 7]), $0.input("b", shape: [7, 3])) } == 2 * 5 * 7 * 3)
        let convolution = 2 * 2 * 4 * 4 * 6 * 3 * 3 * 5
        func layer(_ graph: ComputeGraph) -> (x: Value, weight: Value, y: Value) {
            let (x, weight) = (graph.input("x", shape: [2, 8, 8, 5]), graph.input("weight", shape: [3, 3, 5, 6]))
            return (x, weight, graph.convolution(x, weight: weight, stride: (2, 2), padding: (1, 1, 1, 1)))
        }
        #expect(try operations { layer($0).y } == convolution)
        let gradients = try operations { graph in
            let (x, weight, y) = layer(graph)
            let found = (try? graph.gradients(of: graph.sum(y), withRespectTo: [x, weight])) ?? []
            for (index, gradient) in found.enumerated() { graph.output("\(index)", gradient) }
            return graph.constant(0)
        }
        #expect(gradients == 2 * convolution)
        #expect(
            try operations {
                $0.convolution(
                    $0.input("x", shape: [1, 4, 4, 6]), weight: $0.input("weight", shape: [3, 3, 2, 9]),
                    padding: (1, 1, 1, 1), groups: 3)
            } == 2 * 16 * 9 * 9 * 2)
    }

    @Test func memoryByRole() throws {
        let roles: [(VariableRole, Int)] = [
            (.parameter, 10), (.buffer, 20), (.optimizerState, 30), (.loopState, 40),
        ]
        let graph = ComputeGraph()
        for (index, (role, count)) in roles.enumerated() {
            let variable = Variable(name: "\(index)", shape: [count], role: role)
            graph.output("\(index)", graph.sum(graph.read(variable)))
        }
        let plan = try graph.compiled(threads: 2).plan
        #expect([plan.parameters, plan.statistics, plan.optimizerState, plan.loopState] == [40, 80, 120, 160])
        // Four outputs of a cache line each.
        #expect(plan.activations > 0 && plan.outputs == 4 * 64 && plan.workspace > 0)
        #expect(plan.total == 400 + plan.activations + plan.outputs + plan.workspace)
    }

    /// A profiled step computes the same, and says where the time went.
    @Test func profiling() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [4, 6, 6, 3])
        let y = graph.convolution(x, weight: graph.input("weight", shape: [3, 3, 3, 8]), padding: (1, 1, 1, 1))
        graph.output("y", graph.apply(.tanh, y))
        graph.output("moments", graph.append(.moments, [graph.square(x)]))
        let step = try graph.compiled(threads: 2)
        let inputs = ["x": uniform(4 * 36 * 3, seed: 1), "weight": uniform(9 * 24, seed: 2)]
        step.run(inputs)
        let plain = try step.outputNames.map { try step.values($0) }
        #expect(step.profile == nil)
        step.profile = [:]
        step.run(inputs)
        #expect(try step.outputNames.map { try step.values($0) } == plain)
        let profile = try #require(step.profile)
        #expect(Set(profile.keys.map { $0.prefix { $0 != " " } }) == ["convolution", "elementwise"])
        #expect(profile.values.reduce(0) { $0 + $1.seconds } > 0)
        #expect(profile.values.reduce(0) { $0 + $1.floatingPointOperations } == step.floatingPointOperations)
    }

    /// Several steps on one pool, run in turn, as phases of training are.
    @Test func stepsShareAPool() throws {
        let pool = WorkerPool(threads: 3)
        let steps = try (1...4).map { scale in
            let graph = ComputeGraph()
            let x = graph.input("x", shape: [50, 50])
            graph.output("y", graph.sum(graph.matmul(graph.affine(x, scale: Float(scale)), x), to: [50]))
            return (graph, try CompiledStep(graph, name: "\(scale)", pool: pool, seed: 0))
        }
        for round in 0..<10 {
            for (graph, step) in steps {
                try step.expectAsReference(graph, ["x": uniform(2500, seed: UInt64(round))], "round \(round)")
            }
        }
    }
}
