import AgonConfiguration
import AgonGraph
import AgonTensors

/// CatGAN: the discriminator assigns samples to K categories without labels. It learns to be certain about each real
/// sample, to use all categories equally over real samples, and to be uncertain about generated samples. The generator
/// learns to make it certain about each generated sample and to spread generated samples over all categories.
///
/// With `H` the entropy of a distribution over categories and `p(y|x)` the softmax of D's logits, D minimises
/// `mean H(p(y|x)) - H(mean p(y|x)) - mean H(p(y|G(z)))`, G `mean H(p(y|G(z))) - H(mean p(y|G(z)))`. If some samples
/// have labels, D also minimises their cross-entropy.
/// Springenberg, "Unsupervised and Semi-supervised Learning with Categorical Generative Adversarial Networks", ICLR
/// 2016, arXiv:1511.06390, eq. 7-9.
public struct CategoricalObjective: AlternatingObjective {
    public static let name = "catgan"

    public let alternation: Alternation
    public let labelledSamples: LabelledSamples?
    /// The weight of the labelled samples' cross-entropy.
    public let labelWeight: Double

    public init(
        alternation: Alternation = Alternation(order: .discriminatorFirst),
        labelledSamples: LabelledSamples? = nil, labelWeight: Double = 1
    ) {
        self.alternation = alternation
        self.labelledSamples = labelledSamples
        self.labelWeight = labelWeight
    }

    init(from reader: ConfigReader) throws {
        alternation = try Alternation(from: reader, default: .discriminatorFirst)
        let labelled: Labelled? = try reader.optionalSection(
            "labelled", "The samples treated as labelled; default: none.")
        labelledSamples = labelled?.samples
        labelWeight = labelled?.weight ?? 1
    }

    public var scores: ScoreKind { .categories }

    public func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        try alternation.check(configuration)
        let task = configuration.task
        if task.conditionSize != nil || task.takesConditionImages { throw .conditionedCategories(objective: Self.name) }
    }

    public func discriminatorLoss(_ pass: DiscriminatorPass) throws -> Value {
        let graph = pass.graph
        let real = CategoryEntropies(graph, logits: pass.realScores)
        let generated = CategoryEntropies(graph, logits: pass.generatedScores)
        pass.note("entropy.real", real.conditional)
        pass.note("entropy.real.marginal", real.marginal)
        pass.note("entropy.generated", generated.conditional)
        let loss = graph.subtract(graph.subtract(real.conditional, real.marginal), generated.conditional)
        guard let labelledSamples else { return loss }
        let size = labelledSamples.batchSize
        let samples = graph.input(
            DataInput.labelled.rawValue, shape: Shape([size] + pass.setting.data.sample.dimensions))
        let labels = graph.input(DataInput.labels.rawValue, shape: [size, labelledSamples.classes])
        let judged = try pass.setting.judgements(
            of: [DiscriminatorInput(samples, call: "labelled")], by: pass.discriminator, in: graph)
        let known = crossEntropy(graph, logits: judged[0].scores, labels: labels)
        pass.note("loss.labelled", known)
        return graph.add(loss, graph.affine(known, scale: Float(labelWeight)))
    }

    public func generatorLoss(scores: Value, in graph: ComputeGraph) -> Value {
        let entropies = CategoryEntropies(graph, logits: scores)
        return graph.subtract(entropies.conditional, entropies.marginal)
    }

    private struct Labelled: ConfigDecodable {
        let samples: LabelledSamples
        let weight: Double

        init(from reader: ConfigReader) throws {
            samples = LabelledSamples(
                count: try reader.integer(
                    "count", in: 1..., default: 100, "Number of labelled samples, evenly over the classes."),
                classes: try reader.integer("classes", in: 2...65_536, default: 10, "Classes in the dataset."),
                batchSize: try reader.integer(
                    "batchSize", in: 1...65_536, default: 50, "Labelled samples per update, in addition to the batch."))
            weight = try reader.number("weight", in: .positive, default: 1, "Weight of their cross-entropy.")
        }
    }
}

/// Entropies of categories, in nats, from logits `[N, K]`.
struct CategoryEntropies {
    /// The mean over samples of each sample's entropy, `mean H(p(y|x))`.
    let conditional: Value
    /// The entropy of the mean distribution, `H(mean p(y|x))`.
    let marginal: Value

    init(_ graph: ComputeGraph, logits: Value) {
        let logs = graph.logSoftmax(logits)
        let probabilities = graph.exponential(logs)
        conditional = graph.affine(
            graph.sum(graph.multiply(probabilities, logs)), scale: -1 / Float(logits.shape[0]))
        let mean = graph.mean(probabilities, to: [logits.shape[1]])
        // An unused category contributes nothing: 0 log 0 = 0.
        let logMean = graph.logarithm(graph.affine(mean, offset: 1e-12))
        marginal = graph.affine(graph.sum(graph.multiply(mean, logMean)), scale: -1)
    }
}
