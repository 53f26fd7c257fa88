import AgonConfiguration
import AgonTensors

/// Incompatible settings of an adversarial training.
public enum AdversarialError: Error, Equatable, CustomStringConvertible {
    /// The objective updates both networks in one step.
    case fixedUpdates(objective: String, found: UpdateRatio)
    /// The objective uses one optimizer for both networks.
    case oneOptimizer(objective: String)
    case unevenShards(shards: Int, batchSize: Int)
    /// Only a cross-entropy can have its arguments exchanged as in Keras.
    case squaresOfKeras
    /// Networks that are updated in separate steps cannot share a batch of generated images.
    case sharedLatents(updates: UpdateRatio)
    case latentShape(size: Int, input: Shape)
    /// - Parameter canFollow: whether the generator's last layer can take its channels from the data.
    case imageShapes(generator: Shape, discriminator: Shape, images: Shape, canFollow: Bool)
    case scoreShape(Shape)
    /// The discriminator's last layer bounds its scores, but the objective needs unbounded scores.
    case boundedScores(objective: String, layer: String, type: String)
    /// A layer of the discriminator mixes samples, but the objective needs a score for each sample alone.
    case mixedSamples(objective: String, layer: String, type: String)

    /// The task needs the image shapes of the data, but the data are not on this machine.
    case unknownDataShapes(task: String)
    /// The task reads condition images, but the dataset has no pairs.
    case noConditions(task: String)
    case unequalPairs(sample: Shape, condition: Shape)
    /// The data do not have the classes or embeddings that the setting at `place` names; `found` describes those of the
    /// data.
    case otherConditions(place: ConfigPath, expected: String, found: String)
    /// Fewer labelled samples than a batch of them holds.
    case fewLabelled(batchSize: Int, samples: Int)
    /// The task starts from images, so latents have no use.
    case unusedLatents(task: String)
    /// No layer of the generator reads the condition.
    case unreadCondition(task: String)
    /// No discriminator reads or classifies the condition.
    case unjudgedCondition(task: String)
    /// The objective finds categories in samples, so they cannot be given as conditions.
    case conditionedCategories(objective: String)
    /// `classes` is the number of classes of the labelled samples, if there are any.
    case categoriesShape(Shape, classes: Int?)
    case classifierShape(Shape, classes: Int)
    /// A network has no trainable variables: all are frozen, or there are none.
    case nothingToTrain(network: String)
    /// Updates can share latents only if the number of updates is fixed.
    case latentsByRule(String)
    /// The objective already has a penalty.
    case twoPenalties(objective: String)
    /// Weight clipping and a penalty both constrain the critic.
    case twoBounds(objective: String)
    case penaltyOfCategories(objective: String, penalty: String)
    case unboundedCritic(objective: String)
    /// The objective has one loss for all networks, so there is nothing to combine.
    case oneLoss(objective: String, combination: String)
    /// There is only one discriminator, so there is nothing to combine.
    case oneDiscriminator(combination: String)
    case combinationOfCategories(objective: String, combination: String)
    case noCommonDirection(objective: String)
    /// The hypervolume's slack grows by evaluations during the training, and there are none.
    case growthWithoutEvaluations
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
        case .unknownDataShapes, .noConditions, .unequalPairs, .conditionedCategories: "task"
        case .fewLabelled: "objective"
        case .otherConditions(let place, _, _): ConfigPath(Array(place.steps.prefix(1))).description
        case .twoPenalties, .twoBounds, .penaltyOfCategories: "penalty"
        case .oneLoss, .oneDiscriminator, .combinationOfCategories, .noCommonDirection, .growthWithoutEvaluations:
            "ensemble"
        case .trick: "tricks"
        }
    }

    /// The part of the config to change.
    public var place: ConfigPath {
        switch self {
        case .trick(let name, _): ConfigPath.root.key(key).key(name)
        case .otherConditions(let place, _, _): place
        case .fewLabelled: ConfigPath.root.key(key).key("labelled").key("batchSize")
        default: ConfigPath.root.key(key)
        }
    }

    /// What would make generator and images fit: transforms of the dataset, or a generator that follows its channels.
    private static func remedy(wanted: Shape, images: Shape, canFollow: Bool) -> String {
        guard wanted.rank == 3, images.rank == 3 else { return "" }
        let transforms = "dataset.transforms may end in "
        let following =
            canFollow
            ? "the generator's last convolution may have \"channels\": \"data\""
            : "the generator's last layers may make \(images[2]) channels"
        var resize: String?
        if wanted[0] != images[0] || wanted[1] != images[1] {
            let size = wanted[0] == wanted[1] ? "\(wanted[0])" : "[\(wanted[0]), \(wanted[1])]"
            resize = "{\"type\": \"resize\", \"size\": \(size)}"
        }
        if wanted[2] == images[2] { return resize.map { "; " + transforms + $0 } ?? "" }
        let conversion: String?
        switch (images[2], wanted[2]) {
        case (_, 1): conversion = "\"grayscale\""
        case (1, 3): conversion = "\"rgb\""
        default: conversion = nil
        }
        switch (resize, conversion) {
        case (nil, nil): return "; " + following
        case (let resize?, nil): return "; " + following + ", and " + transforms + resize
        case (nil, let conversion?): return "; " + following + ", or " + transforms + conversion
        case (let resize?, let conversion?):
            return "; " + transforms + resize + ", " + conversion + "; instead of " + conversion + ", " + following
        }
    }

    /// The problem and its solution, without the location in the config.
    public var reason: String {
        switch self {
        case .fixedUpdates(let objective, let found):
            "'\(objective)' updates both networks in one step; discriminator:generator must be 1:1, not \(found)"
        case .oneOptimizer(let objective):
            "'\(objective)' updates both networks with one optimizer; give 'optimizer' instead"
        case .unevenShards(let shards, let batchSize):
            "\(shards) shards do not divide a batch of \(batchSize) evenly; "
                + "the next batch size that fits is \((batchSize / shards + 1) * shards)"
        case .squaresOfKeras:
            "the form 'tpu-keras' needs a cross-entropy; use 'tpu-code' with 'least-squares'"
        case .sharedLatents(let updates):
            "latents can be 'shared' by the two networks only when updates are 1:1, not \(updates); use 'fresh'"
        case .latentShape(let size, let input):
            "a latent of size \(size) does not fit the generator's input \(input); "
                + "expected [\(size)] or [1, 1, \(size)]"
        case .imageShapes(let generator, let discriminator, let images, let canFollow) where generator != images:
            "makes \(generator), but images are \(images) and the discriminator takes \(discriminator)"
                + Self.remedy(wanted: generator, images: images, canFollow: canFollow)
        case .imageShapes(let generator, let discriminator, _, _):
            "makes \(generator), which matches the images, but the discriminator takes \(discriminator)"
        case .scoreShape(let shape):
            "ends in \(shape) per sample; expected one score [1], or a map of scores [H, W, 1]"
        case .boundedScores(let objective, let layer, let type):
            "\(layer) is a '\(type)', but '\(objective)' needs unbounded scores; remove the layer"
        case .unknownDataShapes(let task):
            "'\(task)' takes the shapes of its images from the data, which are not on this machine"
        case .noConditions(let task):
            "'\(task)' makes images from images; use a dataset of pairs, such as 'facades' or 'pairs'"
        case .unequalPairs(let sample, let condition):
            "images are \(sample) and their conditions \(condition); both must have the same size"
        case .fewLabelled(let batchSize, let samples):
            "\(samples) labelled samples do not fill a batch of \(batchSize); lower it, or raise 'count'"
        case .otherConditions(_, let expected, let found): "expected \(expected), but the dataset has \(found)"
        case .unusedLatents(let task): "'\(task)' starts from images; remove 'latent'"
        case .unreadCondition(let task):
            "no layer reads the condition of the '\(task)'; add a layer of type 'condition'"
        case .unjudgedCondition(let task):
            "no layer reads the condition of the '\(task)', so nothing makes samples match it; "
                + "add a layer of type 'condition', or tricks.auxiliaryClassifier"
        case .conditionedCategories(let objective):
            "'\(objective)' finds categories by itself; use 'generation' without 'labels' or 'embedding'"
        case .categoriesShape(let shape, nil):
            "ends in \(shape) per sample; expected one logit per category, [K] with K ≥ 2"
        case .categoriesShape(let shape, let classes?):
            "ends in \(shape) per sample; expected one logit per class of the labelled samples, [\(classes)]"
        case .classifierShape(let shape, let classes):
            "ends in \(shape) per sample; with tricks.auxiliaryClassifier expected one score and \(classes) classes, "
                + "[\(classes + 1)]"
        case .nothingToTrain(let network): "'\(network)' has nothing to train; add or unfreeze a layer with weights"
        case .latentsByRule(let latents):
            "latents cannot be '\(latents)' if tricks.updateRule sets the updates; use 'fresh'"
        case .twoPenalties(let objective):
            "'\(objective)' already has a penalty; remove 'penalty', or use 'wgan' with 'clip' 0"
        case .twoBounds(let objective):
            "'\(objective)' already clips the critic's weights; set its 'clip' to 0, or remove 'penalty'"
        case .penaltyOfCategories(let objective, let penalty):
            "'\(penalty)' needs one score per sample, but '\(objective)' has categories"
        case .unboundedCritic(let objective): "'\(objective)' needs a bound; set 'clip' above 0, or add a 'penalty'"
        case .oneLoss(let objective, let combination):
            "'\(objective)' has one loss for all networks, so '\(combination)' has nothing to combine; use 'sum'"
        case .oneDiscriminator(let combination):
            "'\(combination)' combines several discriminators, but there is only one; raise 'copies', or use 'sum'"
        case .combinationOfCategories(let objective, let combination):
            "'\(combination)' compares scores, but '\(objective)' has categories; use another combination"
        case .noCommonDirection(let objective):
            "'\(objective)' has no loss per discriminator of generated samples alone, so there is no "
                + "'steepestDirection' to measure"
        case .growthWithoutEvaluations:
            "the slack grows by the distances of evaluations, and this training makes none; leave out 'growth'"
        case .trick(_, let reason): reason
        case .mixedSamples(let objective, let layer, let type):
            "\(layer) is a '\(type)', but '\(objective)' penalises the gradient at each sample separately; "
                + "use 'layerNorm' or 'instanceNorm'"
        }
    }

    public var description: String { "\(place): \(reason)" }
}
