import Configuration
import Graph
import Tensors

/// SelfGAN: one loss, one backward pass and one optimizer for both networks.
///
/// A step scores newly generated images (as real), real ones (as real) and the images generated in the step before (as
/// false; zeros at first), in this order; `selfGANLoss` weighs the three. Scores are logits.
///
/// With several shards the batch is cut, and each shard is a step of its own up to the gradients: batch statistics,
/// mean losses and their weights are the shard's. The loss minimised is the sum over shards.
/// Hecong Wu, "SelfGAN - Not A GAN But Punch Itself", 2019, viXra:1902.0445.
public struct SelfGANObjective: Objective {
    public static let name = "selfgan"

    public let form: SelfGANForm
    public let shards: Int

    public init(form: SelfGANForm = .gpuPaper, shards: Int = 1) {
        precondition(shards > 0, "\(shards) shards")
        self.form = form
        self.shards = shards
    }

    init(from reader: ConfigReader) throws {
        self.init(
            form: try reader.choice(
                "form", default: .gpuPaper, "The loss as in the paper or the code, for GPU or TPU."),
            shards: try reader.integer(
                "shards", in: 1...4096, default: 1, "Parts of the batch with weights and batch statistics of their own."
            ))
    }

    public var scores: ScoreKind { .logits }

    public func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        guard configuration.updates == .even else {
            throw .fixedUpdates(objective: Self.name, found: configuration.updates)
        }
        guard case .shared = configuration.optimizers else { throw .oneOptimizer(objective: Self.name) }
        guard configuration.batchSize % shards == 0 else {
            throw .unevenShards(shards: shards, batchSize: configuration.batchSize)
        }
    }

    public func phases(for setting: AdversarialSetting) throws -> [TrainingPhase] {
        let graph = ComputeGraph()
        let real = setting.realBatch(in: graph)
        let latents = setting.latents(stream: "latent", in: graph)
        let kept = Variable(
            name: "previous_images", shape: real.shape, role: .loopState,
            layout: real.shape.rank == 4 ? .images : .plain)
        let previous = graph.read(kept)

        let size = setting.batchSize / shards
        var terms: [SelfGANTerms] = []
        var losses: [Value] = []
        var images: [Value] = []
        for shard in 0..<shards {
            func part(_ batch: Value) -> Value { graph.slice(batch, axis: 0, start: shard * size, count: size) }
            func call(_ name: String) -> String { shards == 1 ? name : "\(name).\(shard)" }
            let made = try setting.images(from: part(latents), call: call("generated"), in: graph)
            let scores = try setting.scores(
                of: [
                    (made, call("generated")), (part(real), call("real")), (part(previous), call("previous")),
                ], in: graph)
            let term = SelfGANTerms(graph, generated: scores[0], real: scores[1], previous: scores[2])
            terms.append(term)
            losses.append(selfGANLoss(graph, form: form, terms: term))
            images.append(made)
        }

        let loss = losses.dropFirst().reduce(losses[0], graph.add)
        func mean(_ term: (SelfGANTerms) -> Value) -> Value {
            let values = terms.map(term)
            return graph.affine(values.dropFirst().reduce(values[0], graph.add), scale: 1 / Float(shards))
        }
        graph.output("loss", loss)
        graph.output("loss.generator", mean(\.generatedLoss))
        graph.output(
            "loss.discriminator", graph.affine(graph.add(mean(\.realLoss), mean(\.previousLoss)), scale: 0.5))
        graph.output("score.generated", mean(\.generatedScore))
        graph.output("score.real", mean(\.realScore))
        graph.output("score.previous", mean(\.previousScore))

        try setting.minimize(
            loss, moving: [setting.generator, setting.discriminator], with: setting.configuration.optimizers.generator,
            in: graph)
        graph.assign(graph.concatenate(images, axis: 0), to: kept)
        return [TrainingPhase(name: "step", graph: graph, usesRealBatch: true)]
    }
}
