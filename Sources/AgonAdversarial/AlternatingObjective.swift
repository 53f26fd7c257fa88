import AgonGraph
import AgonLayers

/// An objective in which the networks take turns, each with its own loss and optimizer.
///
/// If each network is updated once per iteration, both updates are in one graph, so shared values (the generated images
/// and, until a network is updated, their scores) are computed once. Otherwise each network has its own phase.
public protocol AlternatingObjective: Objective {
    var alternation: Alternation { get }
    /// A discriminator's loss, a scalar.
    func discriminatorLoss(_ pass: DiscriminatorPass) throws -> Value
    /// The generator's loss from a discriminator's scores of its images, a scalar.
    func generatorLoss(scores: Value, in graph: ComputeGraph) -> Value
    /// Whether the generator's loss also depends on the scores of real samples; false by default.
    var generatorComparesWithReal: Bool { get }
    /// The generator's loss from the scores of its images and of real samples, for losses that compare the two.
    func generatorLoss(scores: Value, real: Value, in graph: ComputeGraph) -> Value
    /// Constrains a discriminator after its update, for example by clipping its weights.
    func constrain(_ discriminator: Network, in graph: ComputeGraph)
}

extension AlternatingObjective {
    public func constrain(_ discriminator: Network, in graph: ComputeGraph) {}

    public var generatorComparesWithReal: Bool { false }

    public func generatorLoss(scores: Value, real: Value, in graph: ComputeGraph) -> Value {
        generatorLoss(scores: scores, in: graph)
    }

    /// The data that an update of the generator uses.
    private var generatorUse: GANTaskInputs.Use { generatorComparesWithReal ? .both : .generator }

    public func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        try alternation.check(configuration)
    }

    public func phases(for setting: AdversarialSetting) throws -> [IterationPhase] {
        let updates = setting.configuration.updates
        let rule = setting.tricks.updateRule
        var phases: [IterationPhase] = []
        if alternation.latents == .iteration {
            phases = try iterationPhases(for: setting)
        } else if updates == .even, rule == nil {
            phases.append(try joinedPhase(for: setting))
        } else {
            let critic = try setting.penalizedPhase(
                "discriminator", schedule: rule?.discriminatorSchedule ?? .repeated(updates.discriminator)
            ) { graph, isPenalized in
                try updateDiscriminators(
                    AlternatingStep(setting, .discriminator, latents: "latent.discriminator", in: graph),
                    isPenalized: isPenalized)
            }
            let maker = setting.graph()
            try updateGenerators(AlternatingStep(setting, generatorUse, latents: "latent.generator", in: maker))
            phases = [
                critic,
                IterationPhase(
                    name: "generator", graph: maker,
                    schedule: rule?.generatorSchedule ?? .repeated(updates.generator)),
            ]
            if alternation.order == .generatorFirst { phases.reverse() }
        }
        if setting.configuration.ensemble.measuresSteepestDirection {
            phases.append(try steepestDirectionPhase(for: setting))
        }
        return phases
    }

    /// The phases of an iteration whose updates all use one batch, followed by a report of the losses on that batch.
    private func iterationPhases(for setting: AdversarialSetting) throws -> [IterationPhase] {
        let drawing = setting.graph()
        let batch = IterationBatch(setting, in: drawing)
        let updates = setting.configuration.updates
        let critic = try setting.penalizedPhase("discriminator", schedule: .repeated(updates.discriminator)) {
            try updateDiscriminators(
                AlternatingStep(setting, .discriminator, batch, in: $0), isPenalized: $1, reports: false)
        }
        let maker = setting.graph()
        try updateGenerators(AlternatingStep(setting, generatorUse, batch, in: maker), reports: false)
        let report = setting.graph(isMeasurement: true)
        let step = try AlternatingStep(setting, .both, batch, in: report)
        // A lazy penalty is reported as it was last computed.
        try updateDiscriminators(step, isPenalized: critic.between == nil, moves: false)
        try updateGenerators(step, moves: false)
        var turns = [
            critic,
            IterationPhase(name: "generator", graph: maker, schedule: .repeated(updates.generator)),
        ]
        if alternation.order == .generatorFirst { turns.reverse() }
        return [IterationPhase(name: "batch", graph: drawing)] + turns + [IterationPhase(name: "report", graph: report)]
    }

    private func joinedPhase(for setting: AdversarialSetting) throws -> IterationPhase {
        try setting.penalizedPhase("step") { try join(setting, in: $0, isPenalized: $1) }
    }

    private func join(_ setting: AdversarialSetting, in graph: ComputeGraph, isPenalized: Bool) throws {
        let isShared = alternation.latents != .fresh
        let shared = isShared ? try AlternatingStep(setting, .both, latents: "latent", in: graph) : nil
        func step(_ use: GANTaskInputs.Use, _ name: String) throws -> AlternatingStep {
            try shared ?? AlternatingStep(setting, use, latents: "latent.\(name)", in: graph)
        }
        switch alternation.order {
        case .generatorFirst:
            try updateGenerators(step(generatorUse, "generator"))
            try updateDiscriminators(
                step(.discriminator, "discriminator"), sharesScores: isShared, isPenalized: isPenalized)
        case .discriminatorFirst:
            try updateDiscriminators(step(.discriminator, "discriminator"), isPenalized: isPenalized)
            try updateGenerators(step(generatorUse, "generator"))
        }
    }

    /// - Parameters:
    ///   - sharesScores: whether the generator's update has already scored the same images, so their scores are reused.
    ///   - isPenalized: whether a lazy penalty is due.
    ///   - moves: whether the networks are updated, not only measured.
    ///   - reports: whether losses and scores are outputs.
    private func updateDiscriminators(
        _ step: AlternatingStep, sharesScores: Bool = false, isPenalized: Bool = true, moves: Bool = true,
        reports: Bool = true
    ) throws {
        let (setting, graph, notes) = (step.setting, step.graph, StepNotes())
        let tricks = setting.tricks
        let targets = tricks.labels.targets(setting: setting, in: graph)
        // The scores of the generator's update can be reused, unless real and generated samples must share one batch.
        let sharesScores = sharesScores && tricks.batches == .separate
        var losses: [(label: String?, value: Value)] = []
        var norms: [Value] = []
        for (number, side) in setting.gan.sides.enumerated() {
            let real = setting.task.real(step.inputs, side: number)
            // Without this, gradients would flow back into the generator, which the same graph may just have updated.
            let made = graph.stopGradient(step.generated.samples[number])
            let replay = moves ? tricks.replay : nil
            let generated = replay?.mix(into: made, side: number, setting: setting, in: graph) ?? made
            let views = [
                DiscriminatorInput(real, condition: step.inputs.condition, call: "real"),
                DiscriminatorInput(generated, condition: step.inputs.condition, call: "generated"),
            ]
            let copies = tricks.consistency?.copies(
                ofReal: views[0], generated: views[1], setting: setting, in: graph)
            for (index, discriminator) in side.discriminators.enumerated() {
                let label = setting.label(side: number, discriminator: index)
                let views = views + (copies ?? [])
                let judged =
                    try sharesScores
                    ? views.flatMap { try setting.judgements(of: [$0], by: discriminator, in: graph) }
                    : setting.judgements(of: views, by: discriminator, in: graph)
                let pass = DiscriminatorPass(
                    setting: setting, graph: graph, discriminator: discriminator, label: label,
                    isPenalized: isPenalized, real: real, generated: generated, condition: step.inputs.condition,
                    realOutput: judged[0], generatedOutput: judged[1],
                    realTarget: targets.real(judged[0].scores, in: graph),
                    generatedTarget: targets.generated(judged[1].scores, in: graph), notes: notes)
                let penalized = try pass.penalized(discriminatorLoss(pass))
                let terms = [
                    tricks.auxiliaryClassifier?.discriminatorLoss(pass),
                    tricks.consistency?.loss(pass, copies: judged.dropFirst(2)),
                ].compactMap(\.self)
                let loss = terms.reduce(penalized.loss, graph.add)
                losses.append((label, penalized.reported.map { terms.reduce($0, graph.add) } ?? loss))
                if scores != .categories {
                    pass.note("score.real", meanScore(pass.realScores, in: graph))
                    pass.note("score.generated", meanScore(pass.generatedScores, in: graph))
                }
                guard moves else { continue }
                norms += try setting.minimize(
                    loss, moving: [discriminator], with: setting.configuration.optimizers.discriminator, in: graph)
                constrain(discriminator, in: graph)
                if number == 0, index == 0 {
                    tricks.augmentation?.observe(realScores: judged[0].scores, setting: setting, in: graph)
                }
            }
        }
        setting.report(gradientNorms: norms, of: "discriminator", in: graph)
        let mean = graph.mean(of: losses.map(\.value))
        if moves { targets.observe(discriminatorLoss: mean, in: graph) }
        guard reports else { return }
        graph.output("loss.discriminator", mean)
        for (label, loss) in losses {
            if let label { graph.output("loss.discriminator.\(label)", loss) }
        }
        notes.output(to: graph)
    }

    private func updateGenerators(_ step: AlternatingStep, moves: Bool = true, reports: Bool = true) throws {
        let (setting, graph) = (step.setting, step.graph)
        let combination = setting.configuration.ensemble.combination
        var adversarial: [Value] = []
        var classification: [Value] = []
        var afterwards: [() throws -> Void] = []
        for (number, side) in setting.gan.sides.enumerated() {
            let view = DiscriminatorInput(
                step.generated.samples[number], condition: step.inputs.condition, call: "generator")
            let judged = try side.discriminators.map {
                try setting.judgements(of: [view], by: $0, in: graph)[0]
            }
            let losses = try zip(side.discriminators, judged).map { discriminator, judged in
                guard generatorComparesWithReal else { return generatorLoss(scores: judged.scores, in: graph) }
                let real = DiscriminatorInput(
                    setting.task.real(step.inputs, side: number), condition: step.inputs.condition,
                    call: "generator.real")
                let scores = try setting.judgements(of: [real], by: discriminator, in: graph)[0].scores
                return generatorLoss(scores: judged.scores, real: scores, in: graph)
            }
            if let classifier = setting.tricks.auxiliaryClassifier {
                classification += judged.map {
                    classifier.generatorLoss($0, condition: step.inputs.condition, in: graph)
                }
            }
            guard losses.count > 1 else {
                adversarial += losses
                continue
            }
            let combined = try combination.combine(
                GeneratorGame(
                    setting: setting, graph: graph, side: number, inputs: step.inputs, losses: losses,
                    scores: judged.map(\.scores)))
            adversarial.append(combined.loss)
            for (index, loss) in losses.enumerated() where reports {
                guard let label = setting.label(side: number, discriminator: index) else { continue }
                graph.output("loss.generator.\(label)", loss)
                if let weights = combined.weights {
                    graph.output("weight.\(label)", graph.slice(weights, axis: 0, start: index, count: 1))
                }
            }
            if let afterUpdate = combined.afterUpdate { afterwards.append(afterUpdate) }
        }
        var parts = try step.generated.losses()
        if !classification.isEmpty { parts.append(("classification", graph.mean(of: classification))) }
        let own = graph.mean(of: adversarial)
        let total = parts.reduce(own) { graph.add($0, $1.value) }
        if reports {
            graph.output("loss.generator", total)
            if !parts.isEmpty { graph.output("loss.adversarial", own) }
            for part in parts { graph.output("loss.\(part.name)", part.value) }
        }
        guard moves else { return }
        let norms = try setting.minimizeGenerators(total, in: graph)
        setting.report(gradientNorms: norms, of: "generator", in: graph)
        for update in afterwards { try update() }
    }

    /// Measures how far all of the generator's losses can be lowered at once.
    private func steepestDirectionPhase(for setting: AdversarialSetting) throws -> IterationPhase {
        let graph = setting.graph(isMeasurement: true)
        let step = try AlternatingStep(setting, .generator, latents: "latent.steepest", in: graph)
        var norms: [Value] = []
        for (number, side) in setting.gan.sides.enumerated() {
            let view = DiscriminatorInput(
                step.generated.samples[number], condition: step.inputs.condition, call: "steepest")
            let scores = try side.discriminators.map {
                try setting.judgements(of: [view], by: $0, in: graph)[0].scores
            }
            let game = GeneratorGame(
                setting: setting, graph: graph, side: number, inputs: step.inputs,
                losses: scores.map { generatorLoss(scores: $0, in: graph) }, scores: scores)
            norms.append(try steepestDirectionNorm(game))
        }
        graph.output("steepestDirection", graph.mean(of: norms))
        return IterationPhase(name: "steepestDirection", graph: graph, schedule: .onceAnEpoch)
    }
}

/// The inputs of an update and the samples that the generators make from them.
private struct AlternatingStep {
    let setting: AdversarialSetting
    let graph: ComputeGraph
    let inputs: GANTaskInputs
    let generated: Generated

    init(
        _ setting: AdversarialSetting, _ use: GANTaskInputs.Use, latents stream: String, in graph: ComputeGraph
    ) throws {
        try self.init(
            setting, use, setting.task.inputs(use, latents: stream, setting: setting, in: graph), in: graph)
    }

    init(
        _ setting: AdversarialSetting, _ use: GANTaskInputs.Use, _ batch: IterationBatch, in graph: ComputeGraph
    ) throws {
        try self.init(setting, use, batch.inputs(in: graph), in: graph)
    }

    private init(
        _ setting: AdversarialSetting, _ use: GANTaskInputs.Use, _ inputs: GANTaskInputs, in graph: ComputeGraph
    ) throws {
        self.setting = setting
        self.graph = graph
        self.inputs = inputs
        let call =
            switch use {
            case .discriminator: "discriminator"
            case .generator: "generator"
            case .both: "generated"
            }
        generated = try setting.task.generate(inputs, setting: setting, call: call, in: graph)
    }
}
