import AgonConfiguration
import AgonGraph
import AgonLayers

/// SelfGAN: one loss, one backward pass and one optimizer for all networks.
///
/// A step scores new generated images (target: real), real images (target: real) and the images generated in the
/// previous step (target: fake), in this order; `selfGANLoss` weights the three terms. The previous images are zeros in
/// the first step; with `ExperienceReplay`, its memory replaces them. The generators' own losses (distance to the
/// paired image, cycle consistency) are added.
///
/// With several shards, the batch is split, and each shard is processed separately up to the gradients: it has its own
/// batch statistics, mean losses and weights. The minimised loss is the sum over shards.
/// Hecong Wu, "SelfGAN - Not A GAN But Punch Itself", 2019, viXra:1902.0445.
public struct SelfGANObjective: Objective {
    public static let name = "selfgan"

    public let form: SelfGANForm
    public let measure: SelfGANTerms.Measure
    public let shards: Int

    public init(form: SelfGANForm = .gpuPaper, measure: SelfGANTerms.Measure = .binaryCrossEntropy, shards: Int = 1) {
        precondition(shards > 0, "the number of shards must be positive, found \(shards)")
        self.form = form
        self.measure = measure
        self.shards = shards
    }

    init(from reader: ConfigReader) throws {
        self.init(
            form: try reader.choice(
                "form", default: .gpuPaper,
                "The loss of the paper or of the code, for GPU or TPU, or as it ran on TPUs (tpu-keras)."),
            measure: try reader.choice(
                "loss", default: .binaryCrossEntropy,
                "The distance of scores from their targets; least squares for image-to-image networks."),
            shards: try reader.integer(
                "shards", in: 1...4096, default: 1, "Parts of the batch, each with its own batch statistics."
            ))
    }

    public var scores: ScoreKind { measure == .leastSquares ? .targets : .logits }

    public func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        guard configuration.updates == .even else {
            throw .fixedUpdates(objective: Self.name, found: configuration.updates)
        }
        guard case .shared = configuration.optimizers else { throw .oneOptimizer(objective: Self.name) }
        guard configuration.batchSize % shards == 0 else {
            throw .unevenShards(shards: shards, batchSize: configuration.batchSize)
        }
        let combination = configuration.ensemble.combination
        guard combination is any UniformCombination else {
            throw .oneLoss(objective: Self.name, combination: type(of: combination).name)
        }
        if configuration.ensemble.measuresSteepestDirection { throw .noCommonDirection(objective: Self.name) }
        if configuration.tricks.updateRule != nil {
            throw .trick("updateRule", reason: "'\(Self.name)' updates both networks in one step; remove it")
        }
        guard form == .tpuKeras else { return }
        if measure == .leastSquares { throw .squaresOfKeras }
        if configuration.tricks.labels.isActive {
            throw .trick(
                "labels", reason: "the form 'tpu-keras' supports only the labels 1 and 0; remove tricks.labels")
        }
    }

    public func phases(for setting: AdversarialSetting) throws -> [IterationPhase] {
        [try setting.penalizedPhase("step") { try update(setting, in: $0, isPenalized: $1) }]
    }

    private func update(_ setting: AdversarialSetting, in graph: ComputeGraph, isPenalized: Bool) throws {
        let inputs = setting.task.inputs(.both, latents: "latent", setting: setting, in: graph)
        let memory = PreviousImages(setting, inputs: inputs, in: graph)
        let labels = setting.tricks.labels.targets(setting: setting, in: graph)
        let notes = StepNotes()
        let combination = setting.configuration.ensemble.combination as? any UniformCombination ?? SumCombination()

        let size = setting.batchSize / shards
        var losses: [Value] = []
        // Without a lazy penalty, if it is part of this update.
        var reported: [Value] = []
        let isLazy = isPenalized && setting.configuration.penalty.map { $0.every > 1 } ?? false
        var made: [[Value]] = []
        for shard in 0..<shards {
            func call(_ name: String) -> String { shards == 1 ? name : "\(name).\(shard)" }
            let part = inputs.slice(start: shard * size, count: size, in: graph)
            let generated = try setting.task.generate(part, setting: setting, call: call("generated"), in: graph)
            made.append(generated.samples)
            var sides: [Value] = []
            var reportedSides: [Value] = []
            for (number, side) in setting.gan.sides.enumerated() {
                let previous = memory.slice(side: number, start: shard * size, count: size, in: graph)
                let real = setting.task.real(part, side: number)
                let views = [
                    DiscriminatorInput(generated.samples[number], condition: part.condition, call: call("generated")),
                    DiscriminatorInput(real, condition: part.condition, call: call("real")),
                    DiscriminatorInput(previous.samples, condition: previous.condition, call: call("previous")),
                ]
                let judged = try side.discriminators.enumerated().map { index, discriminator in
                    try judge(
                        views, by: discriminator, label: setting.label(side: number, discriminator: index),
                        shard: shards == 1 ? nil : shard, start: shard * size, isPenalized: isPenalized, labels, notes,
                        setting: setting, in: graph)
                }
                sides.append(combination.combined(judged.map(\.loss), in: graph))
                if isLazy { reportedSides.append(combination.combined(judged.map(\.reported), in: graph)) }
            }
            let own = try generated.losses()
            losses.append(own.reduce(graph.mean(of: sides)) { graph.add($0, $1.value) })
            if isLazy { reported.append(own.reduce(graph.mean(of: reportedSides)) { graph.add($0, $1.value) }) }
            for part in own { notes.add("loss.\(part.name)", part.value) }
        }

        let loss = graph.sum(of: losses)
        graph.output("loss", isLazy ? graph.sum(of: reported) : loss)
        notes.output(to: graph)
        labels.observe(discriminatorLoss: notes.mean("loss.discriminator", in: graph), in: graph)
        let (generators, discriminators) = (setting.gan.generators, setting.gan.discriminators)
        let norms = try setting.minimizeGenerators(loss, others: discriminators, in: graph)
        setting.report(gradientNorms: norms.prefix(generators.count), of: "generator", in: graph)
        setting.report(gradientNorms: norms.dropFirst(generators.count), of: "discriminator", in: graph)
        memory.keep(made, inputs: inputs, in: graph)
    }

    /// One discriminator's part of the loss, from its scores of generated, real and previous samples, to minimise and
    /// to report.
    private func judge(
        _ views: [DiscriminatorInput], by discriminator: Network, label: String?, shard: Int?, start: Int,
        isPenalized: Bool, _ labels: LabelTargets, _ notes: StepNotes, setting: AdversarialSetting,
        in graph: ComputeGraph
    ) throws -> (loss: Value, reported: Value) {
        let judged = try setting.judgements(of: views, by: discriminator, in: graph)
        // Penalties use the samples generated in the previous step, the class loss those of this step.
        let pass = DiscriminatorPass(
            setting: setting, graph: graph, discriminator: discriminator, label: label, shard: shard,
            isPenalized: isPenalized, real: views[1].samples, generated: views[2].samples,
            condition: views[1].condition,
            realOutput: judged[1], generatedOutput: judged[0],
            realTarget: labels.real(judged[1].scores, from: start, in: graph),
            generatedTarget: labels.generated(judged[2].scores, from: start, in: graph), notes: notes)
        let terms = SelfGANTerms(
            graph, generated: judged[0].scores, real: judged[1].scores, previous: judged[2].scores, measure: measure,
            realTarget: pass.realTarget, previousTarget: pass.generatedTarget, exchangesArguments: form == .tpuKeras)
        let weights = SelfGANWeights(graph, form: form, terms: terms)
        pass.note("loss.generator", terms.generatedLoss)
        pass.note("loss.discriminator", graph.affine(graph.add(terms.realLoss, terms.previousLoss), scale: 0.5))
        pass.note("score.generated", terms.generatedScore)
        pass.note("score.real", terms.realScore)
        pass.note("score.previous", terms.previousScore)
        pass.note("weight.generated", weights.generated)
        if let real = weights.real { pass.note("weight.real", real) }
        pass.note("weight.previous", weights.previous)
        let penalized = try pass.penalized(selfGANLoss(graph, form: form, terms: terms, weights: weights))
        let (loss, reported) = (penalized.loss, penalized.reported ?? penalized.loss)
        guard let classifier = setting.tricks.auxiliaryClassifier else { return (loss, reported) }
        let cost = classifier.discriminatorLoss(pass)
        return (graph.add(loss, cost), penalized.reported.map { graph.add($0, cost) } ?? graph.add(loss, cost))
    }
}

/// The images generated in the previous step, with the discriminators' view of their conditions.
private struct PreviousImages {
    private let kept: [Variable]
    private let keptCondition: Variable?
    private let samples: [Value]
    private let condition: Value?

    init(_ setting: AdversarialSetting, inputs: GANTaskInputs, in graph: ComputeGraph) {
        let names = setting.task.sideNames
        kept = names.indices.map { side in
            setting.loopVariable(
                names.count == 1 ? "previous_images" : "previous_images.\(names[side])",
                setting.task.real(inputs, side: side).shape)
        }
        keptCondition =
            setting.task.discriminatorsSeeConditions
            ? inputs.condition.map { setting.loopVariable("previous_condition", $0.shape) } : nil
        samples = kept.enumerated().map { side, images in
            let previous = graph.read(images)
            return setting.tricks.replay?.mix(into: previous, side: side, setting: setting, in: graph) ?? previous
        }
        condition = keptCondition.map(graph.read)
    }

    func slice(side: Int, start: Int, count: Int, in graph: ComputeGraph) -> (samples: Value, condition: Value?) {
        (
            graph.slice(samples[side], axis: 0, start: start, count: count),
            condition.map { graph.slice($0, axis: 0, start: start, count: count) }
        )
    }

    /// - Parameter made: the generated images by shard and side.
    func keep(_ made: [[Value]], inputs: GANTaskInputs, in graph: ComputeGraph) {
        for (side, variable) in kept.enumerated() {
            graph.assign(graph.concatenate(made.map { $0[side] }, axis: 0), to: variable)
        }
        if let keptCondition, let condition = inputs.condition { graph.assign(condition, to: keptCondition) }
    }
}
