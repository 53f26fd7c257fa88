import AgonGraph
import AgonLayers
import AgonOptimizers
import AgonTensors

/// The networks and the settings of their training, checked to be compatible. Objectives build their graphs from it.
public struct AdversarialSetting {
    public let gan: GANNetworks
    public let data: DataShapes
    public let configuration: AdversarialConfiguration
    /// Whether latents and all other random numbers are inputs of the graphs, named after their random streams, instead
    /// of being drawn inside the graphs. Used to replay a recorded training.
    public let randomNumbersAreInputs: Bool
    /// Whether updates report the norms of their gradients as `gradientNorm.generator` and
    /// `gradientNorm.discriminator`: the largest norm if there are several networks of a kind.
    public let reportsGradientNorms: Bool
    private let loopState = LoopState()
    private let optimizerStates = OptimizerStates()

    /// - Throws: `AdversarialError` when a shape does not fit.
    public init(
        gan: GANNetworks, data: DataShapes, configuration: AdversarialConfiguration,
        randomNumbersAreInputs: Bool = false, reportsGradientNorms: Bool = false
    ) throws(AdversarialError) {
        self.gan = gan
        self.data = data
        self.configuration = configuration
        self.randomNumbersAreInputs = randomNumbersAreInputs
        self.reportsGradientNorms = reportsGradientNorms
        try checkShapes()
        try checkConditions()
        try checkLayers()
        try configuration.check(discriminators: gan.sides.map(\.discriminators.count).max() ?? 0)
    }

    /// Two networks that are trained on samples of a given shape.
    ///
    /// - Throws: `AdversarialError` when a shape does not fit.
    public init(
        generator: Network, discriminator: Network, imageShape: Shape, configuration: AdversarialConfiguration,
        randomNumbersAreInputs: Bool = false
    ) throws(AdversarialError) {
        try self.init(
            gan: GANNetworks(sides: [GANNetworks.Side(generator: generator, discriminators: [discriminator])]),
            data: DataShapes(sample: imageShape), configuration: configuration,
            randomNumbersAreInputs: randomNumbersAreInputs)
    }

    private func checkShapes() throws(AdversarialError) {
        let task = configuration.task
        for (index, side) in gan.sides.enumerated() {
            let (generator, discriminators) = (side.generator, side.discriminators)
            let size = configuration.latent.size
            guard !task.usesLatents || generator.inputShape == [size] || generator.inputShape == [1, 1, size] else {
                throw .latentShape(size: size, input: generator.inputShape)
            }
            let samples = index == 0 ? data.sample : data.condition ?? data.sample
            let judged = (try? task.discriminatorInput(generated: samples, data: data, side: index)) ?? samples
            for discriminator in discriminators {
                guard generator.outputShape == samples, discriminator.inputShape == judged else {
                    throw .imageShapes(
                        generator: generator.outputShape, discriminator: discriminator.inputShape, images: samples,
                        canFollow: generator.canFollowChannels)
                }
                try check(scores: discriminator.outputShape)
            }
        }
    }

    private func check(scores: Shape) throws(AdversarialError) {
        if configuration.objective.scores == .categories {
            let classes = configuration.objective.labelledSamples?.classes
            guard scores.rank == 1, scores[0] >= 2, classes == nil || classes == scores[0] else {
                throw .categoriesShape(scores, classes: classes)
            }
        } else if configuration.tricks.auxiliaryClassifier != nil {
            let classes = configuration.task.conditionSize ?? 0
            guard scores == [1 + classes] else { throw .classifierShape(scores, classes: classes) }
        } else {
            guard scores == [1] || (scores.rank == 3 && scores[2] == 1) else { throw .scoreShape(scores) }
        }
    }

    /// Checks that both the generators and the discriminators use the condition.
    private func checkConditions() throws(AdversarialError) {
        guard task.conditionSize != nil else { return }
        let isJudged = gan.discriminators.contains(where: \.usesCondition)
        let name = type(of: task).name
        if !gan.generators.contains(where: \.usesCondition) { throw .unreadCondition(task: name) }
        guard tricks.auxiliaryClassifier != nil else {
            if !isJudged { throw .unjudgedCondition(task: name) }
            return
        }
        if isJudged {
            throw .trick(
                "auxiliaryClassifier",
                reason: "a layer of type 'condition' gives the discriminator the class to predict; remove it")
        }
    }

    private func checkLayers() throws(AdversarialError) {
        let objective = configuration.objective
        let name = type(of: objective).name
        if let idle = (gan.generators + gan.discriminators).first(where: \.parameters.isEmpty) {
            throw .nothingToTrain(network: idle.name)
        }
        var mixesSamples = false
        for discriminator in gan.discriminators {
            if let last = discriminator.boundingLayer {
                if objective.scores != .targets {
                    throw .boundedScores(objective: name, layer: last.path, type: last.type)
                }
                if tricks.auxiliaryClassifier != nil {
                    throw .boundedScores(objective: "auxiliaryClassifier", layer: last.path, type: last.type)
                }
            }
            guard let norm = discriminator.layers.first(where: \.mixesSamples) else { continue }
            mixesSamples = true
            if objective.scoresSamplesApart {
                throw .mixedSamples(objective: name, layer: norm.path, type: norm.type)
            }
            if let penalty = configuration.penalty {
                throw .mixedSamples(objective: type(of: penalty).name, layer: norm.path, type: norm.type)
            }
        }
        if tricks.augmentation != nil, data.sample.rank != 3 {
            throw .trick("augmentation", reason: "the samples are points, not images; remove it")
        }
        if let consistency = tricks.consistency { try consistency.check(gan, data: data) }
        if tricks.batches == .mixed, !mixesSamples {
            throw .trick(
                "batches",
                reason: "no layer of the discriminator mixes the samples of a batch, so 'mixed' has no effect; "
                    + "add a 'batchNorm', or remove it")
        }
    }

    /// The graphs of a training iteration. Creates the optimizers' state: call this once per training.
    public func phases() throws -> [IterationPhase] { try configuration.objective.phases(for: self) }

    public var batchSize: Int { configuration.batchSize }
    public var task: any GANTask { configuration.task }
    public var tricks: Tricks { configuration.tricks }

    /// An empty graph for an iteration.
    ///
    /// - Parameter isMeasurement: whether it changes no variable.
    public func graph(isMeasurement: Bool = false) -> ComputeGraph {
        ComputeGraph(takesRandomNumbers: randomNumbersAreInputs, isMeasurement: isMeasurement)
    }

    /// A variable that persists between steps. All graphs that ask for the same name get the same variable.
    func loopVariable(_ name: String, _ shape: Shape, initial: [Float]? = nil) -> Variable {
        loopState.variable(name, shape, initial: initial)
    }

    // MARK: Inputs

    /// The real batch, `[batchSize] + sample shape`.
    public func realBatch(in graph: ComputeGraph) -> Value {
        graph.input(DataInput.real.rawValue, shape: Shape([batchSize] + data.sample.dimensions))
    }

    /// The conditions of the real batch: `[batchSize, C]`, or images.
    public func conditionBatch(in graph: ComputeGraph) -> Value {
        let shape = task.conditionSize.map { Shape([$0]) } ?? data.condition
        guard let shape else { preconditionFailure("the data have no conditions") }
        return graph.input(DataInput.condition.rawValue, shape: Shape([batchSize] + shape.dimensions))
    }

    /// A batch of latent vectors, `[batchSize, size]`.
    public func latents(stream: String, in graph: ComputeGraph) -> Value {
        let latent = configuration.latent
        if randomNumbersAreInputs { return graph.input(stream, shape: [batchSize, latent.size]) }
        return latent.draw(batchSize, stream: stream, in: graph)
    }

    /// Uniform numbers in [0, 1).
    public func uniform(_ shape: Shape, stream: String, in graph: ComputeGraph) -> Value {
        graph.random(.uniform(low: 0, high: 1), stream: stream, shape: shape)
    }

    /// Normal numbers with mean 0 and standard deviation 1.
    public func normal(_ shape: Shape, stream: String, in graph: ComputeGraph) -> Value {
        graph.random(.normal(mean: 0, deviation: 1), stream: stream, shape: shape)
    }

    /// The index of the iteration, from 0, as a scalar. Exact up to 2^24.
    public func iteration(in graph: ComputeGraph) -> Value {
        graph.reshape(graph.input(IterationPhase.iterationInput, shape: [1]), [])
    }

    // MARK: Networks

    /// The label of a discriminator in the names of scalars and streams, such as `2`, `forward` or `forward.2`; nil if
    /// there is only one.
    public func label(side: Int, discriminator index: Int) -> String? {
        let direction = gan.sides.count == 1 ? [] : [task.sideNames[side]]
        let place = gan.sides[side].discriminators.count == 1 ? [] : ["\(index)"]
        let parts = direction + place
        return parts.isEmpty ? nil : parts.joined(separator: ".")
    }

    /// A generator's samples in training mode, from latent vectors or images.
    ///
    /// - Parameter call: the name of this application of the network within the step; dropout differs between calls.
    public func samples(
        of generator: Network, from input: Value, condition: Value? = nil, losses: LayerLosses? = nil, call: String,
        in graph: ComputeGraph
    ) throws -> Value {
        let shaped = graph.reshape(input, Shape([input.shape[0]] + generator.inputShape.dimensions))
        return try generator.apply(
            shaped, in: graph, mode: .training, call: call, condition: condition, losses: losses)
    }

    /// A discriminator's scores of batches, in training mode. The batches pass in one application if no layer
    /// distinguishes batches or if batches are to be mixed.
    public func judgements(of views: [DiscriminatorInput], by discriminator: Network, in graph: ComputeGraph) throws
        -> [DiscriminatorOutput]
    {
        let batches = views.map { view in
            let changed =
                tricks.augmentation?.apply(to: view.samples, call: view.call, setting: self, in: graph) ?? view.samples
            let noisy = tricks.instanceNoise?.apply(to: changed, call: view.call, setting: self, in: graph)
            let seen = task.view(noisy ?? changed, condition: view.condition, in: graph)
            return NetworkBatch(x: seen.x, call: view.call, condition: seen.condition)
        }
        let outputs =
            tricks.batches == .mixed
            ? try BatchMixing.apply(discriminator, to: batches, in: graph)
            : try discriminator.apply(toEach: batches, in: graph)
        return outputs.map { DiscriminatorOutput($0, hasClasses: tricks.auxiliaryClassifier != nil, in: graph) }
    }

    // MARK: Updates

    /// Minimises a loss, computed from the networks' current parameters, by updating these parameters.
    ///
    /// - Returns: the norm of each network's gradients, if norms are reported.
    @discardableResult
    public func minimize(
        _ loss: Value, moving networks: [Network], with optimizer: OptimizerConfiguration, in graph: ComputeGraph
    ) throws -> [Value] {
        let parameters = networks.flatMap(\.parameters)
        let gradients = try graph.gradients(of: loss, withRespectTo: parameters.map(graph.read))
        optimizer.apply(
            to: Array(zip(parameters, gradients)).map { (parameter: $0, gradient: $1) }, known: optimizerStates,
            in: graph)
        guard reportsGradientNorms else { return [] }
        var start = 0
        return networks.map { network in
            defer { start += network.parameters.count }
            return graph.norm(of: gradients[start..<start + network.parameters.count])
        }
    }

    /// Minimises the generators' loss, then updates their averaged copies.
    ///
    /// - Parameter others: further networks that the same step updates.
    /// - Returns: the gradient norms of the generators and of the other networks, if norms are reported.
    @discardableResult
    public func minimizeGenerators(
        _ loss: Value, others: [Network] = [], in graph: ComputeGraph
    ) throws -> [Value] {
        let norms = try minimize(
            loss, moving: gan.generators + others, with: configuration.optimizers.generator, in: graph)
        if let averaging = tricks.averaging { averaging.follow(gan, setting: self, in: graph) }
        return norms
    }

    /// Reports the largest of the gradient norms, if there are any.
    func report(gradientNorms norms: some Collection<Value>, of network: String, in graph: ComputeGraph) {
        guard let first = norms.first else { return }
        graph.output(
            "gradientNorm.\(network)", norms.dropFirst().reduce(first) { graph.apply(.maximum, $0, $1) })
    }
}
