import AgonAdversarial
import AgonGraph
import AgonTensors
import AgonTestFiles
import Testing

/// Penalties whose gradients are second derivatives, against PyTorch's double backward.
@Suite struct GradientPenaltyTests {
    /// The recorded critic: convolution 3x3 stride 2 padding 1, leaky ReLU 0.2, flatten, linear.
    private struct Critic {
        let parameters: [Variable]

        init(_ golden: SafetensorsFile) throws {
            parameters = try [
                ("conv_weight", PyTorchLayout.convolutionWeight), ("conv_bias", .plain),
                ("linear_weight", .linearWeight), ("linear_bias", .plain),
            ].map { name, layout in
                let tensor = try golden.tensor(name)
                let order = layout == .convolutionWeight ? [2, 3, 1, 0] : layout == .linearWeight ? [1, 0] : [0]
                let variable = Variable(
                    name: name, shape: Shape(order.map { tensor.shape[$0] }), role: .parameter, layout: layout)
                #expect(variable.importing(tensor))
                return variable
            }
        }

        func scores(_ x: Value, _ graph: ComputeGraph) -> Value {
            let read = parameters.map(graph.read)
            let hidden = graph.convolution(x, weight: read[0], stride: (2, 2), padding: (1, 1, 1, 1))
            let active = graph.apply(.leakyReLU(slope: 0.2), graph.add(hidden, read[1]))
            return graph.add(graph.matmul(graph.flatten(active), read[2]), read[3])
        }
    }

    /// Float32 through two convolutions and their derivatives.
    static let tolerance: Float = 5e-5

    private func compare(
        _ name: String, gradients: [String], _ penalty: (ComputeGraph, Critic, [String: Value]) throws -> Value
    ) throws {
        let golden = try goldenCase("loss/\(name)")
        let critic = try Critic(golden)
        let graph = ComputeGraph()
        var values: [String: Value] = [:]
        var bound: [String: [Float]] = [:]
        for name in ["real", "fake", "alpha"] where golden.contains(name) {
            var tensor = try golden.tensor(name)
            if tensor.shape.rank == 4 { tensor = tensor.permuted([0, 2, 3, 1]) }
            values[name] = graph.input(name, shape: tensor.shape)
            bound[name] = tensor.values
        }
        let loss = try penalty(graph, critic, values)
        let asked = critic.parameters.filter { gradients.contains($0.name) }
        let found = try graph.gradients(of: loss, withRespectTo: asked.map(graph.read))
        graph.output("loss", loss)
        for (variable, gradient) in zip(asked, found) { graph.output(variable.name, gradient) }
        let running = try RunningGraph(graph)
        running.run(bound)
        expectClose(try running.values("loss"), try golden.tensor("loss").values, within: Self.tolerance, "loss")
        for variable in asked {
            let gradient = Variable(name: "g", shape: variable.shape, role: .parameter, layout: variable.layout)
            gradient.values = try running.values(variable.name)
            expectClose(
                gradient.exported().values, try golden.tensor("grad.\(variable.name)").values, within: Self.tolerance,
                variable.name)
        }
    }

    @Test func interpolatedPenaltyIsThatOfPyTorch() throws {
        try compare("gradient-penalty-conv", gradients: ["conv_weight", "conv_bias", "linear_weight"]) {
            graph, critic, x in
            let real = try #require(x["real"])
            let fake = try #require(x["fake"])
            let alpha = try #require(x["alpha"])
            let between = interpolated(graph, real: real, generated: fake, alpha: alpha)
            return try gradientPenalty(graph, scores: critic.scores(between, graph), samples: between, weight: 10)
        }
    }

    @Test func penaltyAtRealImagesIsThatOfPyTorch() throws {
        try compare("r1-penalty-conv", gradients: ["conv_weight", "linear_weight"]) { graph, critic, x in
            let real = try #require(x["real"])
            return try zeroCenteredPenalty(graph, scores: critic.scores(real, graph), samples: real, gamma: 10)
        }
    }

    @Test func aFlatCriticHasAFinitePenalty() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [3, 2])
        let weight = Variable(name: "w", shape: [2, 1], role: .parameter)
        let loss = try gradientPenalty(graph, scores: graph.matmul(x, graph.read(weight)), samples: x, weight: 10)
        graph.output("loss", loss)
        graph.output("gradient", try graph.gradients(of: loss, withRespectTo: [graph.read(weight)])[0])
        let running = try RunningGraph(graph)
        running.run(["x": [1, 2, 3, 4, 5, 6]])
        #expect(abs(try running.scalar("loss") - 10) < 1e-3)
        #expect(try running.values("gradient").allSatisfy { $0.isFinite })
    }
}
