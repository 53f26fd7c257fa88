import AgonAdversarial
import AgonConfiguration
import AgonGraph
import AgonTensors

extension RecordedCase {
    /// A gradient penalty on a small convolutional critic, and its gradients by the critic's weights: second
    /// derivatives.
    func replayGradientPenalty(_ recorded: RecordedCase) throws {
        guard ["wgan-gp", "r1"].contains(operation) else {
            throw RecordedCaseError.unknown("penalty", operation, known: ["r1", "wgan-gp"])
        }
        let critic = try Critic(attributes.string("critic", default: "", "The critic's layers."))
        let inside = RecordedGraph(self)
        let graph = inside.graph
        let weights = CriticWeights(
            convolution: try inside.input("conv_weight", .convolutionWeight),
            bias: try inside.optionalInput("conv_bias"), linear: try inside.input("linear_weight", .transposed),
            linearBias: try inside.optionalInput("linear_bias"))
        let real = try inside.image("real")
        let penalty: Value
        if operation == "wgan-gp" {
            let weight = Float(try attributes.number("lambda", in: .positive, default: 10, "Weight of the penalty."))
            let (fake, alpha) = (try inside.image("fake"), try inside.input("alpha"))
            guard fake.shape == real.shape else {
                throw RecordedCaseError.shape("fake", found: real.shape, expected: fake.shape)
            }
            guard alpha.shape.count == real.shape[0] else {
                throw RecordedCaseError.shape("alpha", found: [real.shape[0]], expected: alpha.shape)
            }
            let points = interpolated(graph, real: real, generated: fake, alpha: alpha)
            penalty = try gradientPenalty(
                graph, scores: critic.scores(points, weights, in: graph), samples: points, weight: weight)
        } else {
            let gamma = Float(
                try attributes.number("gamma", in: .positive, default: 10, "Weight of the penalty, twice."))
            penalty = try zeroCenteredPenalty(
                graph, scores: critic.scores(real, weights, in: graph), samples: real, gamma: gamma)
        }
        try inside.compare([("loss", graph.reshape(penalty, [1]), .plain)], gradientsOf: penalty)
    }
}

private struct CriticWeights {
    let convolution: Value
    let bias: Value?
    let linear: Value
    let linearBias: Value?
}

/// `conv2d k3 s2 p1 -> leaky_relu 0.2 -> flatten (CHW order) -> linear`, with the numbers of the text.
private struct Critic {
    private var stride = 2
    private var padding = 1
    private var kernel: Int?
    private var slope: Float = 0.2

    init(_ text: String) throws {
        // A reference to another case means the form above.
        guard text.contains("->") else {
            guard text.isEmpty || text.hasPrefix("as in") else { throw Self.unknown(text) }
            return
        }
        let stages = text.split(separator: ">").map { $0.split { " -".contains($0) }.map(String.init) }
        guard stages.map({ $0.first ?? "" }) == ["conv2d", "leaky_relu", "flatten", "linear"] else {
            throw Self.unknown(text)
        }
        for word in stages[0].dropFirst() {
            guard let letter = word.first, let number = Int(word.dropFirst()), number >= 0 else {
                throw Self.unknown(text)
            }
            switch letter {
            case "k": kernel = number
            case "s" where number > 0: stride = number
            case "p": padding = number
            default: throw Self.unknown(text)
            }
        }
        guard stages[1].count == 2, let slope = Float(stages[1][1]) else { throw Self.unknown(text) }
        self.slope = slope
    }

    private static func unknown(_ text: String) -> RecordedCaseError {
        .unsupported(
            attribute: "critic", value: "'\(text)'",
            expected: "'conv2d kK sS pP -> leaky_relu SLOPE -> flatten (CHW order) -> linear'")
    }

    func scores(_ x: Value, _ weights: CriticWeights, in graph: ComputeGraph) throws -> Value {
        let sides = (weights.convolution.shape[0], weights.convolution.shape[1])
        guard kernel == nil || sides == (kernel ?? 0, kernel ?? 0) else {
            throw RecordedCaseError.impossible(
                "the critic's kernel is \(sides.0)x\(sides.1), but its text says \(kernel ?? 0)")
        }
        let (channels, outputs) = (weights.convolution.shape[2], weights.convolution.shape[3])
        guard x.shape[3] == channels, weights.bias.map({ $0.shape == [outputs] }) ?? true,
            weights.linearBias.map({ $0.shape == [weights.linear.shape[1]] }) ?? true,
            min(x.shape[1], x.shape[2]) + 2 * padding >= max(sides.0, sides.1)
        else { throw RecordedCaseError.impossible("the critic's weights and biases do not fit images of \(x.shape)") }
        var y = graph.convolution(
            x, weight: weights.convolution, stride: (stride, stride), padding: (padding, padding, padding, padding))
        if let bias = weights.bias { y = graph.add(y, bias) }
        let features = graph.flatten(graph.apply(.leakyReLU(slope: slope), y))
        guard features.shape[1] == weights.linear.shape[0] else {
            throw RecordedCaseError.impossible(
                "the critic's linear layer takes \(weights.linear.shape[0]) features, not \(features.shape[1])")
        }
        let scores = graph.matmul(features, weights.linear)
        return weights.linearBias.map { graph.add(scores, $0) } ?? scores
    }
}
