import AgonAdversarial
import AgonGraph
import AgonTensors
import AgonTestFiles
import Testing

/// Losses and their gradients against PyTorch's (recorded by `Tests/Fixtures/golden/generate.py` in float64).
@Suite struct GoldenLossTests {
    typealias Loss = @Sendable (ComputeGraph, Inputs) -> Value

    /// The case's input values by name.
    struct Inputs {
        let values: [String: Value]

        subscript(name: String) -> Value {
            guard let value = values[name] else { preconditionFailure("no input '\(name)'") }
            return value
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let file: String
        let inputs: [String]
        let loss: Loss
        var testDescription: String { file }
    }

    static func selfGAN(_ form: SelfGANForm) -> Case {
        Case(file: "selfgan-\(form.rawValue)", inputs: ["gen", "real", "fake"]) { graph, x in
            selfGANLoss(graph, form: form, generated: x["gen"], real: x["real"], previous: x["fake"])
        }
    }

    static let cases: [Case] = [
        Case(file: "bce-discriminator", inputs: ["real", "fake"]) { graph, x in
            graph.add(
                binaryCrossEntropy(graph, logits: x["real"], label: 1),
                binaryCrossEntropy(graph, logits: x["fake"], label: 0))
        },
        Case(file: "bce-discriminator-smoothed", inputs: ["real", "fake"]) { graph, x in
            graph.add(
                binaryCrossEntropy(graph, logits: x["real"], label: 0.9),
                binaryCrossEntropy(graph, logits: x["fake"], label: 0.1))
        },
        Case(file: "bce-generator-nonsaturating", inputs: ["fake"]) {
            binaryCrossEntropy($0, logits: $1["fake"], label: 1)
        },
        Case(file: "bce-generator-minimax", inputs: ["fake"]) { minimaxGeneratorLoss($0, logits: $1["fake"]) },
        Case(file: "least-squares-discriminator", inputs: ["real", "fake"]) { graph, x in
            graph.add(
                leastSquares(graph, scores: x["real"], target: 1), leastSquares(graph, scores: x["fake"], target: 0))
        },
        Case(file: "least-squares-generator", inputs: ["fake"]) { leastSquares($0, scores: $1["fake"], target: 1) },
        Case(file: "hinge-discriminator", inputs: ["real", "fake"]) {
            hingeDiscriminatorLoss($0, real: $1["real"], generated: $1["fake"])
        },
        Case(file: "hinge-generator", inputs: ["fake"]) { hingeGeneratorLoss($0, generated: $1["fake"]) },
        Case(file: "wasserstein-discriminator", inputs: ["real", "fake"]) {
            wassersteinCriticLoss($0, real: $1["real"], generated: $1["fake"])
        },
        selfGAN(.gpuPaper), selfGAN(.gpuCode), selfGAN(.tpuPaper), selfGAN(.tpuCode),
        Case(file: "hypervolume-1.1", inputs: ["losses"]) { hypervolume($0, losses: $1["losses"], slack: 1.1) },
        Case(file: "hypervolume-1.5", inputs: ["losses"]) { hypervolume($0, losses: $1["losses"], slack: 1.5) },
    ]

    /// Sums of a few Float32 terms; the hypervolume's `η - l` cancels two digits.
    static let tolerance: Float = 2e-5

    @Test(arguments: cases) func lossAndGradientsAreThoseOfPyTorch(_ item: Case) throws {
        let golden = try goldenCase("loss/\(item.file)")
        let graph = ComputeGraph()
        var values: [String: Value] = [:]
        var bound: [String: [Float]] = [:]
        for name in item.inputs {
            let tensor = try golden.tensor(name)
            values[name] = graph.input(name, shape: tensor.shape)
            bound[name] = tensor.values
        }
        let loss = item.loss(graph, Inputs(values: values))
        let gradients = try graph.gradients(of: loss, withRespectTo: item.inputs.compactMap { values[$0] })
        graph.output("loss", loss)
        for (name, gradient) in zip(item.inputs, gradients) { graph.output("grad.\(name)", gradient) }
        let running = try RunningGraph(graph)
        running.run(bound)
        expectClose(try running.values("loss"), try golden.tensor("loss").values, within: Self.tolerance, "loss")
        for name in item.inputs {
            expectClose(
                try running.values("grad.\(name)"), try golden.tensor("grad.\(name)").values, within: Self.tolerance,
                "grad.\(name)")
        }
    }

    @Test func softmaxWeightsAreConstantInTheGradient() throws {
        let golden = try goldenCase("loss/gman-softmax")
        let losses = try golden.tensor("losses")
        let graph = ComputeGraph()
        let x = graph.input("losses", shape: losses.shape)
        let weights = softmaxWeights(graph, criteria: x, alpha: 0.8)
        let loss = graph.sum(graph.multiply(weights, x))
        graph.output("weights", weights)
        graph.output("loss", loss)
        graph.output("gradient", try graph.gradients(of: loss, withRespectTo: [x])[0])
        let running = try RunningGraph(graph)
        running.run(["losses": losses.values])
        let expected = try golden.tensor("weights").values
        expectClose(try running.values("weights"), expected, within: Self.tolerance, "weights")
        expectClose(try running.values("loss"), try golden.tensor("loss").values, within: Self.tolerance, "loss")
        expectClose(try running.values("gradient"), expected, within: Self.tolerance, "gradient")
    }

    @Test func crossEntropyStaysFiniteWhereTheDiscriminatorIsSure() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [2, 1])
        for label in [Float(0), 0.5, 1] {
            graph.output("loss\(label)", binaryCrossEntropy(graph, logits: x, label: label))
        }
        let running = try RunningGraph(graph)
        running.run(["x": [200, -200]])
        for label in [Float(0), 0.5, 1] { #expect(try running.scalar("loss\(label)") == 100) }
    }

    @Test func sumsAreTheBatchTimesTheMean() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [4, 1])
        graph.output("mean", leastSquares(graph, scores: x, target: 1))
        graph.output("sum", leastSquares(graph, scores: x, target: 1, reduction: .sum))
        let running = try RunningGraph(graph)
        running.run(["x": [0, 1, 3, -1]])
        #expect(try running.scalar("mean") == 1.125 && running.scalar("sum") == 4.5)
    }
}
