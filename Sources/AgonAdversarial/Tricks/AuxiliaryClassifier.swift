import AgonConfiguration
import AgonGraph
import AgonTensors

/// Discriminators that also classify samples: their output is the score followed by one logit per class. Both networks
/// minimise the cross-entropy of the classes, the discriminator on real and generated samples.
///
/// Odena, Olah and Shlens, "Conditional Image Synthesis with Auxiliary Classifier GANs", ICML 2017, arXiv:1610.09585,
/// eq. 2 and 3.
public struct AuxiliaryClassifier: ConfigDecodable, Hashable, Sendable {
    public let weight: Double

    public init(weight: Double = 1) { self.weight = weight }

    public init(from reader: ConfigReader) throws {
        weight = try reader.number(
            "weight", in: .positive, default: 1, "Weight of the class cross-entropy in both networks' losses.")
    }

    /// The weighted mean over real and generated samples.
    func discriminatorLoss(_ pass: DiscriminatorPass) -> Value {
        let graph = pass.graph
        let losses = [pass.realOutput, pass.generatedOutput].map {
            classification($0, condition: pass.condition, in: graph)
        }
        pass.note("loss.classification.real", losses[0])
        pass.note("loss.classification.generated", losses[1])
        return graph.affine(graph.mean(of: losses), scale: Float(weight))
    }

    func generatorLoss(_ judgement: DiscriminatorOutput, condition: Value?, in graph: ComputeGraph) -> Value {
        graph.affine(classification(judgement, condition: condition, in: graph), scale: Float(weight))
    }

    private func classification(_ judgement: DiscriminatorOutput, condition: Value?, in graph: ComputeGraph) -> Value {
        guard let classes = judgement.classes, let condition else { preconditionFailure("no classes to predict") }
        return crossEntropy(graph, logits: classes, labels: condition)
    }
}

/// The cross-entropy of logits `[N, K]` against one-hot labels `[N, K]`: the mean of `-log softmax(logits)[label]`.
public func crossEntropy(_ graph: ComputeGraph, logits: Value, labels: Value) -> Value {
    let likelihood = graph.sum(graph.multiply(labels, graph.logSoftmax(logits)))
    return graph.affine(likelihood, scale: -1 / Float(logits.shape[0]))
}
