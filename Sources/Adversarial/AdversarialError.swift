import Tensors

/// Settings of an adversarial training that do not fit together.
public enum AdversarialError: Error, Equatable, CustomStringConvertible {
    /// The objective moves both networks in one step.
    case fixedUpdates(objective: String, found: UpdateRatio)
    /// The objective has one optimizer for both networks.
    case oneOptimizer(objective: String)
    case unevenShards(shards: Int, batchSize: Int)
    /// Networks updated in steps of their own cannot share a batch of generated images.
    case sharedLatents(updates: UpdateRatio)
    case latentShape(size: Int, input: Shape)
    case imageShapes(generator: Shape, discriminator: Shape, images: Shape)
    case scoreShape(Shape)
    /// The discriminator's last layer bounds scores that the objective takes without a bound.
    case boundedScores(objective: String, layer: String, type: String)
    /// A layer of the discriminator mixes the samples that the objective judges one by one.
    case mixedSamples(objective: String, layer: String, type: String)

    /// The config key to change.
    public var key: String {
        switch self {
        case .fixedUpdates: "updates"
        case .oneOptimizer: "optimizers"
        case .unevenShards, .sharedLatents: "objective"
        case .latentShape: "latent"
        case .imageShapes: "generator"
        case .scoreShape, .boundedScores, .mixedSamples: "discriminator"
        }
    }

    /// What is wrong and what would do, without the key.
    public var reason: String {
        switch self {
        case .fixedUpdates(let objective, let found):
            "'\(objective)' updates both networks in one step; discriminator:generator must be 1:1, not \(found)"
        case .oneOptimizer(let objective):
            "'\(objective)' moves both networks with one optimizer; give 'optimizer' instead"
        case .unevenShards(let shards, let batchSize):
            "\(shards) shards do not cut a batch of \(batchSize) evenly; "
                + "the next batch size that fits is \((batchSize / shards + 1) * shards)"
        case .sharedLatents(let updates):
            "latents can be 'shared' by the two networks only when updates are 1:1, not \(updates); use 'fresh'"
        case .latentShape(let size, let input):
            "a latent of size \(size) does not fit the generator's input \(input); "
                + "expected [\(size)] or [1, 1, \(size)]"
        case .imageShapes(let generator, let discriminator, let images) where generator != images:
            "makes \(generator) where images are \(images) and the discriminator takes \(discriminator)"
        case .imageShapes(let generator, let discriminator, let images):
            "makes \(generator), as images are (\(images)), but the discriminator takes \(discriminator)"
        case .scoreShape(let shape):
            "ends in \(shape) per sample; expected one score [1], or a map of scores [H, W, 1]"
        case .boundedScores(let objective, let layer, let type):
            "\(layer) is a '\(type)', but '\(objective)' takes scores without a bound; remove the layer"
        case .mixedSamples(let objective, let layer, let type):
            "\(layer) is a '\(type)', but '\(objective)' penalises the slope at each sample by itself; "
                + "use 'layerNorm' or 'instanceNorm'"
        }
    }

    public var description: String { "\(key): \(reason)" }
}
