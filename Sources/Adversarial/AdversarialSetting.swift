import Graph
import Layers
import Optimizers
import Tensors

/// Two networks and the settings of their game, checked to fit: what an objective builds its graphs from.
public struct AdversarialSetting {
    public let generator: Network
    public let discriminator: Network
    /// The shape of a sample, `[H, W, C]` for images.
    public let imageShape: Shape
    public let configuration: AdversarialConfiguration
    /// Whether latents and other random numbers are inputs of the graphs, named like their streams, instead of being
    /// drawn there: to replay a recorded training.
    public let randomNumbersAreInputs: Bool

    /// - Throws: `AdversarialError` when a shape does not fit.
    public init(
        generator: Network, discriminator: Network, imageShape: Shape, configuration: AdversarialConfiguration,
        randomNumbersAreInputs: Bool = false
    ) throws(AdversarialError) {
        self.generator = generator
        self.discriminator = discriminator
        self.imageShape = imageShape
        self.configuration = configuration
        self.randomNumbersAreInputs = randomNumbersAreInputs

        let size = configuration.latent.size
        guard generator.inputShape == [size] || generator.inputShape == [1, 1, size] else {
            throw .latentShape(size: size, input: generator.inputShape)
        }
        guard generator.outputShape == imageShape, discriminator.inputShape == imageShape else {
            throw .imageShapes(
                generator: generator.outputShape, discriminator: discriminator.inputShape, images: imageShape)
        }
        let score = discriminator.outputShape
        guard score == [1] || (score.rank == 3 && score[2] == 1) else { throw .scoreShape(score) }
        try checkLayers()
    }

    private func checkLayers() throws(AdversarialError) {
        let objective = configuration.objective
        let name = type(of: objective).name
        if objective.scores != .targets, let last = discriminator.layers.last(where: { $0.depth == 0 }),
            ["sigmoid", "tanh", "softmax"].contains(last.type)
        {
            throw .boundedScores(objective: name, layer: last.path, type: last.type)
        }
        if objective.scoresSamplesApart, let norm = discriminator.layers.first(where: { $0.type == "batchNorm" }) {
            throw .mixedSamples(objective: name, layer: norm.path, type: norm.type)
        }
    }

    /// The graphs of a training iteration. Makes the optimizers' state: call once a training.
    public func phases() throws -> [TrainingPhase] { try configuration.objective.phases(for: self) }

    public var batchSize: Int { configuration.batchSize }

    // MARK: The parts of a step

    /// The real batch, `[batchSize] + imageShape`.
    public func realBatch(in graph: ComputeGraph) -> Value {
        graph.input("real", shape: Shape([batchSize] + imageShape.dimensions))
    }

    /// A batch of latent vectors, `[batchSize, size]`.
    public func latents(stream: String, in graph: ComputeGraph) -> Value {
        let latent = configuration.latent
        if randomNumbersAreInputs { return graph.input(stream, shape: [batchSize, latent.size]) }
        return latent.draw(batchSize, stream: stream, in: graph)
    }

    /// A uniform number in [0, 1) per sample, `[batchSize]`.
    public func shares(stream: String, in graph: ComputeGraph) -> Value {
        if randomNumbersAreInputs { return graph.input(stream, shape: [batchSize]) }
        return graph.random(.uniform(low: 0, high: 1), stream: stream, shape: [batchSize])
    }

    /// The generator's images from latent vectors, in training mode.
    ///
    /// - Parameter call: names the use of the network in this step; dropout differs between calls.
    public func images(from latents: Value, call: String, in graph: ComputeGraph) throws -> Value {
        let input = graph.reshape(latents, Shape([latents.shape[0]] + generator.inputShape.dimensions))
        return try generator.apply(input, in: graph, mode: .training, call: call)
    }

    /// The discriminator's scores of images, in training mode: `[N, 1]` or `[N, H, W, 1]`.
    public func scores(of images: Value, call: String, in graph: ComputeGraph) throws -> Value {
        try discriminator.apply(images, in: graph, mode: .training, call: call)
    }

    /// The discriminator's scores of several batches, as `scores(of:call:in:)` gives each.
    public func scores(of batches: [(images: Value, call: String)], in graph: ComputeGraph) throws -> [Value] {
        try discriminator.apply(toEach: batches.map { (x: $0.images, call: $0.call) }, in: graph)
    }

    /// Moves a network's parameters down the loss, which was computed from their current values.
    public func minimize(
        _ loss: Value, moving networks: [Network], with optimizer: OptimizerConfiguration, in graph: ComputeGraph
    ) throws {
        let parameters = networks.flatMap(\.parameters)
        let gradients = try graph.gradients(of: loss, withRespectTo: parameters.map(graph.read))
        optimizer.apply(to: Array(zip(parameters, gradients)).map { (parameter: $0, gradient: $1) }, in: graph)
    }
}
