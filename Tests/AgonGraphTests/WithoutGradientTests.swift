import AgonGraph
import AgonTensors
import Testing

/// What gradients do not pass.
@Suite struct WithoutGradientTests {
    @Test(arguments: [
        Operation.stopGradient, .rowMaximum, .minimumNormWeights, .unary(.sign), .unary(.step(threshold: 0.1)),
    ])
    func gradientIsZero(_ operation: Operation) throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [3, 3])
        let gradients = try graph.gradients(of: graph.sum(graph.append(operation, [x])), withRespectTo: [x])
        #expect(gradients[0].shape == [3, 3])
        graph.output("dx", gradients[0])
        let step = try graph.compiled()
        step.run(["x": uniform(9, seed: 1)])
        #expect(try step.values("dx") == [Float](repeating: 0, count: 9))
    }

    @Test func comparisonHasNoGradient() throws {
        let graph = ComputeGraph()
        let (a, b) = (graph.input("a", shape: [3]), graph.input("b", shape: [3]))
        let loss = graph.sum(graph.multiply(graph.apply(.greater, a, b), a))
        graph.output("da", try graph.gradients(of: loss, withRespectTo: [a])[0])
        let step = try graph.compiled()
        step.run(["a": [1, 2, 3], "b": [2, 2, 2]])
        #expect(try step.values("da") == [0, 0, 1])
    }

    /// What is behind a stop is neither differentiated, which would throw at the update, nor rebuilt.
    @Test func nothingBehindAStopIsTouched() throws {
        let weight = Variable(name: "weight", shape: [3], role: .parameter)
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [3])
        graph.update(weight, gradient: x, rule: PlainDescent(rate: 0.1))
        let behind = graph.apply(.tanh, graph.multiply(graph.read(weight), x))
        let loss = graph.sum(graph.multiply(graph.stopGradient(behind), graph.square(x)))
        let before = graph.nodes.count
        let gradients = try graph.gradients(of: loss, withRespectTo: [x])
        let added = graph.nodes[before...].map { OperationKind($0.operation) }
        #expect(!added.contains(.tanhGradient))
        // One, the sum's broadcast, the product with the stopped factor (not the one for it), the square's two.
        #expect(added.count <= 6, "\(added)")
        graph.output("dx", gradients[0])
        let expected = graph.multiply(behind, graph.affine(x, scale: 2))
        graph.output("expected", expected)
        let step = try graph.compiled()
        step.run(["x": [1, -2, 3]])
        expectClose(try step.values("dx"), try step.values("expected").map(Double.init))
    }

    @Test func stateCannotBeDifferentiated() throws {
        let variable = Variable(name: "v", shape: [2], role: .buffer)
        for (name, write) in [
            ("assign", { (graph: ComputeGraph, x: Value) in graph.assign(x, to: variable) }),
            ("update", { graph, x in graph.update(variable, gradient: x, rule: PlainDescent(rate: 1)) }),
        ] {
            let graph = ComputeGraph()
            let x = graph.input("x", shape: [2])
            graph.origin = .root.key("discriminator").key("layers").index(2)
            write(graph, x)
            let loss = graph.sum(graph.read(variable))
            #expect(throws: GraphError.noDerivative(operation: name, origin: graph.origin)) {
                _ = try graph.gradients(of: loss, withRespectTo: [x])
            }
        }
    }

    @Test func onlyScalarsHaveGradients() {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [2])
        #expect(throws: GraphError.notScalar(shape: "[2]")) { _ = try graph.gradients(of: x, withRespectTo: [x]) }
    }

    @Test func gradientsOfUnrelatedAndLaterValuesAreZero() throws {
        let graph = ComputeGraph()
        let (x, other) = (graph.input("x", shape: [2]), graph.input("other", shape: [3]))
        let loss = graph.sum(graph.square(x))
        let later = graph.square(x)
        let gradients = try graph.gradients(of: loss, withRespectTo: [x, other, later, loss])
        for (name, value) in zip(["x", "other", "later", "loss"], gradients) { graph.output(name, value) }
        let step = try graph.compiled()
        step.run(["x": [3, -1], "other": [0, 0, 0]])
        #expect(try step.values("x") == [6, -2])
        #expect(try step.values("other") == [0, 0, 0])
        #expect(try step.values("later") == [0, 0])
        #expect(try step.values("loss") == [1])
    }

    /// A value between two others that are asked for still gets, and passes on, its gradient.
    @Test func gradientsByAValueAndByWhatItIsMadeFrom() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [2])
        let middle = graph.affine(x, scale: 3)
        let gradients = try graph.gradients(of: graph.sum(graph.square(middle)), withRespectTo: [middle, x])
        graph.output("middle", gradients[0])
        graph.output("x", gradients[1])
        let step = try graph.compiled()
        step.run(["x": [1, 2]])
        #expect(try step.values("middle") == [6, 12])
        #expect(try step.values("x") == [18, 36])
    }
}
