import AgonAdversarial
import AgonConfiguration
import AgonGraph
import AgonTensors

extension RecordedCase {
    /// An adversarial loss and its gradients by the scores.
    func replayLoss(_ recorded: RecordedCase) throws {
        guard let build = Self.losses[operation] else {
            throw RecordedCaseError.unknown("loss", operation, known: Self.losses.keys.sorted())
        }
        // Scores are logits in every loss here; other attributes are refused.
        if let input = try attributes.optionalString("input", "What the scores are."), !input.hasPrefix("logits") {
            throw RecordedCaseError.unsupported(attribute: "input", value: "'\(input)'", expected: "logits")
        }
        let reduction = try attributes.optionalString("reduction", "How the batch is reduced.") ?? "mean"
        guard reduction.hasPrefix("mean") || reduction == "sum" && Self.sumsOfTerms.contains(operation) else {
            throw RecordedCaseError.unsupported(attribute: "reduction", value: "'\(reduction)'", expected: "mean")
        }
        let inside = RecordedGraph(self)
        var loss = try build(self, inside)
        if reduction == "sum" {
            let counts = Set(try inputNames.map { try tensor($0).shape.count })
            guard counts.count == 1, let count = counts.first else {
                throw RecordedCaseError.impossible("sums of batches of different sizes")
            }
            loss = inside.graph.affine(loss, scale: Float(count))
        }
        try inside.compare([("loss", inside.graph.reshape(loss, [1]), .plain)], gradientsOf: loss)
    }

    /// Losses that add a mean of each batch.
    private static let sumsOfTerms = losses.keys.filter { !$0.hasPrefix("selfgan") && $0 != "hypervolume" }

    private static let losses: [String: @Sendable (RecordedCase, RecordedGraph) throws -> Value] = [
        "bce-discriminator": { try $1.crossEntropies() },
        "bce-discriminator-smoothed": { try $1.crossEntropies() },
        "bce-generator-nonsaturating": {
            binaryCrossEntropy($1.graph, logits: try $1.input("fake"), label: try $1.realLabel())
        },
        "bce-generator-minimax": { minimaxGeneratorLoss($1.graph, logits: try $1.input("fake")) },
        "least-squares-discriminator": {
            $1.graph.add(
                leastSquares($1.graph, scores: try $1.input("real"), target: try $1.realLabel()),
                leastSquares($1.graph, scores: try $1.input("fake"), target: try $1.fakeLabel()))
        },
        "least-squares-generator": {
            leastSquares($1.graph, scores: try $1.input("fake"), target: try $1.realLabel())
        },
        "hinge-discriminator": {
            hingeDiscriminatorLoss($1.graph, real: try $1.input("real"), generated: try $1.input("fake"))
        },
        "hinge-generator": { hingeGeneratorLoss($1.graph, generated: try $1.input("fake")) },
        "wasserstein-discriminator": {
            wassersteinCriticLoss($1.graph, real: try $1.input("real"), generated: try $1.input("fake"))
        },
        "wasserstein-generator": { wassersteinGeneratorLoss($1.graph, generated: try $1.input("fake")) },
        "selfgan-gpu-paper": { try $1.selfGAN(.gpuPaper) },
        "selfgan-gpu-code": { try $1.selfGAN(.gpuCode) },
        "selfgan-tpu-paper": { try $1.selfGAN(.tpuPaper) },
        "selfgan-tpu-code": { try $1.selfGAN(.tpuCode) },
        "selfgan-tpu-keras": { try $1.selfGAN(.tpuKeras) },
        "hypervolume": {
            _ = try $0.attributes.optionalString("nadir", "How the nadir is chosen.")
            let slack = Float(try $0.attributes.number("slack", in: .above(1), "Ratio of nadir to largest loss."))
            return hypervolume($1.graph, losses: try $1.input("losses"), slack: slack)
        },
    ]

    /// GMAN's loss weights, and the weighted loss.
    func replayWeights(_ recorded: RecordedCase) throws {
        guard operation == "gman" else { throw RecordedCaseError.unknown("operation", operation, known: ["gman"]) }
        let alpha = Float(try attributes.number("alpha", "Sharpness of the softmax."))
        let inside = RecordedGraph(self)
        let losses = try inside.input("losses")
        let weights = softmaxWeights(inside.graph, criteria: losses, alpha: alpha)
        let loss = inside.graph.sum(inside.graph.multiply(weights, losses))
        try inside.compare(
            [("weights", weights, .plain), ("loss", inside.graph.reshape(loss, [1]), .plain)], gradientsOf: loss)
    }

    /// The shortest vector in the convex hull of gradients; its length is compared, because other weights may tie.
    func replayMinimumNorm(_ recorded: RecordedCase) throws {
        guard operation == "mgd" else { throw RecordedCaseError.unknown("operation", operation, known: ["mgd"]) }
        let gradients = try tensor("gradients", rank: 2)
        _ = try tensor("weights")
        let (count, width) = (gradients.shape[0], gradients.shape[1])
        let values = gradients.values.map(Double.init)
        guard values.allSatisfy(\.isFinite) else { throw RecordedCaseError.impossible("gradients that are not finite") }
        var gram = [Double](repeating: 0, count: count * count)
        for i in 0..<count {
            for j in 0..<count {
                gram[i * count + j] = (0..<width).reduce(0) { $0 + values[i * width + $1] * values[j * width + $1] }
            }
        }
        let point = MinimumNormPoint(gram: gram, count: count)
        let sum = point.weights.reduce(0, +)
        guard point.weights.allSatisfy({ $0 >= 0 }), abs(sum - 1) < 1e-9 else {
            throw RecordedCaseError.impossible("weights \(point.weights) are not on the simplex")
        }
        // From the vectors themselves, not from the solver's result.
        let squaredNorm = (0..<width).reduce(0.0) { total, column in
            let element = (0..<count).reduce(0.0) { $0 + point.weights[$1] * values[$1 * width + column] }
            return total + element * element
        }
        try compare("norm_squared", [squaredNorm])
    }
}

extension RecordedGraph {
    fileprivate func crossEntropies() throws -> Value {
        graph.add(
            binaryCrossEntropy(graph, logits: try input("real"), label: try realLabel()),
            binaryCrossEntropy(graph, logits: try input("fake"), label: try fakeLabel()))
    }

    fileprivate func realLabel() throws -> Float {
        Float(try recorded.attributes.number("real_label", in: -1...1, default: 1, "Label of real samples."))
    }

    fileprivate func fakeLabel() throws -> Float {
        Float(try recorded.attributes.number("fake_label", in: -1...1, default: 0, "Label of generated samples."))
    }

    fileprivate func selfGAN(_ form: SelfGANForm) throws -> Value {
        selfGANLoss(
            graph, form: form, generated: try input("gen"), real: try input("real"), previous: try input("fake"))
    }
}
