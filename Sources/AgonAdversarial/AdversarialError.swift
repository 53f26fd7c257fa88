import AgonConfiguration
import AgonTensors

/// Settings of an adversarial training that do not fit together.
public enum AdversarialError: Error, Equatable, CustomStringConvertible {
    /// The objective moves both networks in one step.
    case fixedUpdates(objective: String, found: UpdateRatio)
    /// The objective has one optimizer for both networks.
    case oneOptimizer(objective: String)
    case unevenShards(shards: Int, batchSize: Int)
    /// Keras's exchange of arguments is one of a cross-entropy.
    case squaresOfKeras
    /// Networks updated in steps of their own cannot share a batch of generated images.
    case sharedLatents(updates: UpdateRatio)
    case latentShape(size: Int, input: Shape)
    case imageShapes(generator: Shape, discriminator: Shape, images: Shape)
    case scoreShape(Shape)
    /// The discriminator's last layer bounds scores that the objective takes without a bound.
    case boundedScores(objective: String, layer: String, type: String)
    /// A layer of the discriminator mixes the samples that the objective judges one by one.
    case mixedSamples(objective: String, layer: String, type: String)

    /// A task reads images whose shape is known from the data alone, which are not here.
    case unknownDataShapes(task: String)
    /// A task reads condition images, and the data are no pairs.
    case noConditions(task: String)
    case unequalPairs(sample: Shape, condition: Shape)
    /// The data do not have the conditions that the task names; what was found, what would do.
    case otherConditions(expected: String, found: String)
    /// The task starts from images.
    case unusedLatents(task: String)
    /// No layer of the generator reads the condition.
    case unreadCondition(task: String)
    /// No discriminator reads the condition, or names it.
    case unjudgedCondition(task: String)
    /// Categories are found in samples, not given with them.
    case conditionedCategories(objective: String)
    /// `classes` of the labelled samples, if there are any.
    case categoriesShape(Shape, classes: Int?)
    case classifierShape(Shape, classes: Int)
    /// All variables of a network are frozen, or there are none.
    case nothingToTrain(network: String)
    /// Updates can have latents in common only where their numbers are fixed.
    case latentsByRule(String)
    /// An objective with a penalty of its own.
    case twoPenalties(objective: String)
    /// Clipped weights and a penalty are two bounds of one critic.
    case twoBounds(objective: String)
    case penaltyOfCategories(objective: String, penalty: String)
    case unboundedCritic(objective: String)
    /// One loss for all networks leaves nothing to combine.
    case oneLoss(objective: String, combination: String)
    /// One discriminator leaves nothing to combine.
    case oneDiscriminator(combination: String)
    case combinationOfCategories(objective: String, combination: String)
    case noCommonDirection(objective: String)
    case trick(String, reason: String)

    /// The section of the config to change.
    public var key: String {
        switch self {
        case .fixedUpdates: "updates"
        case .oneOptimizer: "optimizers"
        case .unevenShards, .squaresOfKeras, .sharedLatents, .latentsByRule, .unboundedCritic: "objective"
        case .latentShape, .unusedLatents: "latent"
        case .imageShapes, .unreadCondition: "generator"
        case .scoreShape, .boundedScores, .mixedSamples, .categoriesShape, .classifierShape, .unjudgedCondition:
            "discriminator"
        case .nothingToTrain(let network): network.prefix { $0 != "." } == "generator" ? "generator" : "discriminator"
        case .unknownDataShapes, .noConditions, .unequalPairs, .otherConditions, .conditionedCategories: "task"
        case .twoPenalties, .twoBounds, .penaltyOfCategories: "penalty"
        case .oneLoss, .oneDiscriminator, .combinationOfCategories, .noCommonDirection: "ensemble"
        case .trick: "tricks"
        }
    }

    /// The part of the config to change.
    public var place: ConfigPath {
        let section = ConfigPath.root.key(key)
        guard case .trick(let name, _) = self else { return section }
        return section.key(name)
    }

    /// The transforms of the dataset that would bring images to the shape wanted.
    private static func remedy(wanted: Shape, images: Shape) -> String {
        guard wanted.rank == 3, images.rank == 3 else { return "" }
        var transforms: [String] = []
        if wanted[0] != images[0] || wanted[1] != images[1] {
            let size = wanted[0] == wanted[1] ? "\(wanted[0])" : "[\(wanted[0]), \(wanted[1])]"
            transforms.append("{\"type\": \"resize\", \"size\": \(size)}")
        }
        switch (images[2], wanted[2]) {
        case (let found, 1) where found != 1: transforms.append("\"grayscale\"")
        case (1, 3): transforms.append("\"rgb\"")
        case (let found, let wanted) where found != wanted: return ""
        default: break
        }
        return transforms.isEmpty ? "" : "; dataset.transforms may end in " + transforms.joined(separator: ", ")
    }

    /// What is wrong and what would do, without the place.
    public var reason: String {
        switch self {
        case .fixedUpdates(let objective, let found):
            "'\(objective)' updates both networks in one step; discriminator:generator must be 1:1, not \(found)"
        case .oneOptimizer(let objective):
            "'\(objective)' moves both networks with one optimizer; give 'optimizer' instead"
        case .unevenShards(let shards, let batchSize):
            "\(shards) shards do not cut a batch of \(batchSize) evenly; "
                + "the next batch size that fits is \((batchSize / shards + 1) * shards)"
        case .squaresOfKeras:
            "the form 'tpu-keras' is one of cross-entropies; use 'tpu-code' with 'least-squares'"
        case .sharedLatents(let updates):
            "latents can be 'shared' by the two networks only when updates are 1:1, not \(updates); use 'fresh'"
        case .latentShape(let size, let input):
            "a latent of size \(size) does not fit the generator's input \(input); "
                + "expected [\(size)] or [1, 1, \(size)]"
        case .imageShapes(let generator, let discriminator, let images) where generator != images:
            "makes \(generator) where images are \(images) and the discriminator takes \(discriminator)"
                + Self.remedy(wanted: generator, images: images)
        case .imageShapes(let generator, let discriminator, let images):
            "makes \(generator), as images are (\(images)), but the discriminator takes \(discriminator)"
        case .scoreShape(let shape):
            "ends in \(shape) per sample; expected one score [1], or a map of scores [H, W, 1]"
        case .boundedScores(let objective, let layer, let type):
            "\(layer) is a '\(type)', but '\(objective)' takes scores without a bound; remove the layer"
        case .unknownDataShapes(let task):
            "'\(task)' takes the shapes of its images from the data, which are not on this machine"
        case .noConditions(let task):
            "'\(task)' makes images from images; use a dataset of pairs, such as 'facades' or 'pairs'"
        case .unequalPairs(let sample, let condition):
            "images are \(sample) and their conditions \(condition); both must have the same size"
        case .otherConditions(let expected, let found): "expected \(expected), but the dataset has \(found)"
        case .unusedLatents(let task): "'\(task)' starts from images; remove 'latent'"
        case .unreadCondition(let task):
            "no layer reads the condition of the '\(task)'; add a layer of type 'condition'"
        case .unjudgedCondition(let task):
            "no layer reads the condition of the '\(task)', so that samples need not meet it; "
                + "add a layer of type 'condition', or tricks.auxiliaryClassifier"
        case .conditionedCategories(let objective):
            "'\(objective)' finds categories by itself; use 'generation' without 'labels' or 'embedding'"
        case .categoriesShape(let shape, nil):
            "ends in \(shape) per sample; expected one logit per category, [K] with K ≥ 2"
        case .categoriesShape(let shape, let classes?):
            "ends in \(shape) per sample; expected a logit for each class of the labelled samples, [\(classes)]"
        case .classifierShape(let shape, let classes):
            "ends in \(shape) per sample; with tricks.auxiliaryClassifier expected the score and \(classes) classes, "
                + "[\(classes + 1)]"
        case .nothingToTrain(let network): "nothing in '\(network)' is trained; add a layer with weights, or thaw one"
        case .latentsByRule(let latents):
            "latents cannot be '\(latents)' where tricks.updateRule sets the updates; use 'fresh'"
        case .twoPenalties(let objective):
            "'\(objective)' has a penalty of its own; remove 'penalty', or use 'wgan' with 'clip' 0"
        case .twoBounds(let objective):
            "'\(objective)' clips the critic's weights already; set its 'clip' to 0, or remove 'penalty'"
        case .penaltyOfCategories(let objective, let penalty):
            "'\(penalty)' is about one score per sample, and '\(objective)' has categories"
        case .unboundedCritic(let objective): "'\(objective)' needs a bound; set 'clip' above 0, or add a 'penalty'"
        case .oneLoss(let objective, let combination):
            "'\(objective)' has one loss for all networks, so '\(combination)' has nothing to combine; use 'sum'"
        case .oneDiscriminator(let combination):
            "'\(combination)' combines several discriminators, and there is one; raise 'copies', or use 'sum'"
        case .combinationOfCategories(let objective, let combination):
            "'\(combination)' compares scores, and '\(objective)' has categories; use another combination"
        case .noCommonDirection(let objective):
            "'\(objective)' has one loss for all networks, so there is no 'steepestDirection' to measure"
        case .trick(_, let reason): reason
        case .mixedSamples(let objective, let layer, let type):
            "\(layer) is a '\(type)', but '\(objective)' penalises the slope at each sample by itself; "
                + "use 'layerNorm' or 'instanceNorm'"
        }
    }

    public var description: String { "\(place): \(reason)" }
}
