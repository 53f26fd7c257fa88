import AgonConfiguration
import AgonGraph

/// Balanced consistency regularisation (bCR): discriminators learn to give an image and a randomly changed copy of it
/// the same score. D also minimises `λ_real mean((D(x) - D(T(x)))²) + λ_fake mean((D(G(z)) - D(T(G(z))))²)`, with the
/// changes T of `Augmentation`, drawn independently for each image and update. The generator's loss uses only
/// unchanged images.
///
/// Zhao et al., "Improved Consistency Regularization for GANs", AAAI 2021, arXiv:2002.04724, algorithm 1. Without the
/// term of generated images: Zhang et al., "Consistency Regularization for Generative Adversarial Networks", ICLR 2020,
/// arXiv:1910.12027, algorithm 1.
/// Differs: the default change is a shift by up to an eighth of the side, as in the papers, but uncovered pixels become
/// 0 and images are not mirrored.
public struct ConsistencyRegularization: ConfigDecodable, Hashable, Sendable {
    /// The weights `λ_real` and `λ_fake`; 0 omits the term.
    public let real: Double, generated: Double
    /// `T`.
    public let changes: [Augmentation.Change]

    public init(real: Double = 10, generated: Double = 10, changes: [Augmentation.Change] = [.translation]) {
        self.real = real
        self.generated = generated
        self.changes = changes
    }

    public init(from reader: ConfigReader) throws {
        let names = try reader.choices(
            "changes", Augmentation.Change.allCases.map(\.rawValue), count: 1...,
            default: [Augmentation.Change.translation.rawValue],
            "The changes of the copies: colours, position, or a square that is cut out.")
        self.init(
            real: try reader.number(
                "real", in: 0..., default: 10,
                "Weight of the squared differences of scores between real images and their changed copies."),
            generated: try reader.number(
                "generated", in: 0..., default: 10,
                "The same for generated images; 0 for plain consistency regularisation (CR)."),
            changes: names.compactMap(Augmentation.Change.init))
        try reader.require(real > 0 || generated > 0, "real", "with both weights 0 nothing is compared; raise one")
    }

    /// Throws for settings without scores of single images to compare.
    func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        let name = type(of: configuration.objective).name
        func refusal(_ reason: String) -> AdversarialError { .trick("consistency", reason: reason) }
        guard configuration.task is GenerationTask else {
            throw refusal("images of a translation must stay aligned; remove it")
        }
        guard configuration.objective is any AlternatingObjective else {
            throw refusal(
                "'\(name)' has one loss for all networks, but only discriminators learn consistency; remove it")
        }
        guard configuration.objective.scores != .categories else {
            throw refusal("compares scores, but '\(name)' has categories; remove it")
        }
        guard configuration.tricks.augmentation == nil else {
            throw refusal("compares unchanged images with changed ones, but 'augmentation' changes all; remove one")
        }
    }

    /// Throws for samples or scores that the changes do not fit.
    func check(_ gan: GANNetworks, data: DataShapes) throws(AdversarialError) {
        guard data.sample.rank == 3 else {
            throw .trick("consistency", reason: "the samples are points, not images; remove it")
        }
        if let map = gan.discriminators.first(where: { $0.outputShape.rank == 3 && $0.outputShape.count > 1 }) {
            throw .trick(
                "consistency",
                reason: "needs one score per image, but the discriminator gives a map \(map.outputShape), which moves "
                    + "with the image; remove it")
        }
    }

    /// The changed copies of the real and the generated samples that are compared. All discriminators of a side see the
    /// same copies.
    func copies(
        ofReal real: DiscriminatorInput, generated: DiscriminatorInput, setting: AdversarialSetting,
        in graph: ComputeGraph
    ) -> [DiscriminatorInput] {
        let augmentation = Augmentation(changes: changes)
        return [(real, self.real), (generated, self.generated)].filter { $1 > 0 }.map { original, _ in
            let call = "\(original.call)-copy"
            return DiscriminatorInput(
                augmentation.apply(to: original.samples, call: call, setting: setting, in: graph),
                condition: original.condition, call: call)
        }
    }

    /// The weighted squared differences of scores, a scalar.
    ///
    /// - Parameter copies: the outputs for `copies`.
    func loss(_ pass: DiscriminatorPass, copies: some Collection<DiscriminatorOutput>) -> Value {
        let graph = pass.graph
        let kinds = [("real", real, pass.realScores), ("generated", generated, pass.generatedScores)]
        let terms = zip(kinds.filter { $0.1 > 0 }, copies).map { kind, copy -> Value in
            let (name, weight, scores) = kind
            let difference = graph.mean(graph.square(graph.subtract(scores, copy.scores)))
            pass.note("loss.consistency.\(name)", difference)
            return graph.affine(difference, scale: Float(weight))
        }
        return graph.sum(of: terms)
    }
}
