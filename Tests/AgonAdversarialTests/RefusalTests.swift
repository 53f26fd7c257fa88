import AgonAdversarial
import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonTensors
import Testing

/// Games that make no sense, with what is said of them: the place to change, what is wrong there, what would do.
@Suite struct RefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let settings: String
        var generator = #"[{"type": "linear", "features": 2}]"#
        var discriminator = #"[{"type": "linear", "features": 1}]"#
        var data = DataShapes(sample: [2])
        let message: String
        var testDescription: String { settings }
    }

    /// Refused by the settings alone.
    static let settings = [
        Case(
            settings: #""objective": "wgan-gp", "penalty": "r1""#,
            message: "penalty: 'wgan-gp' already has a penalty; remove 'penalty', or use 'wgan' with 'clip' 0"),
        Case(
            settings: #""objective": "wgan", "penalty": "gradient-penalty""#,
            message: "penalty: 'wgan' already clips the critic's weights; set its 'clip' to 0, or remove 'penalty'"),
        Case(
            settings: #""objective": {"type": "wgan", "clip": 0}"#,
            message: "objective: 'wgan' needs a bound; set 'clip' above 0, or add a 'penalty'"),
        Case(
            settings: #""objective": "catgan", "penalty": "dragan""#,
            message: "penalty: 'dragan' needs one score per sample, but 'catgan' has categories"),
        Case(
            settings: #""objective": "catgan", "task": {"type": "generation", "labels": 10}"#,
            message: "task: 'catgan' finds categories by itself; use 'generation' without 'labels' or 'embedding'"),
        Case(
            settings: #""objective": "catgan", "task": "cycle""#,
            message: "task: 'catgan' finds categories by itself; use 'generation' without 'labels' or 'embedding'"),
        Case(
            settings: #""objective": "catgan", "ensemble": {"copies": 2, "combination": "loss-delta"}"#,
            message: "ensemble: 'loss-delta' compares scores, but 'catgan' has categories; use another combination"),
        Case(
            settings: #""objective": "selfgan", "ensemble": {"copies": 2, "combination": "mgd"}"#,
            message: "ensemble: 'selfgan' has one loss for all networks, so 'mgd' has nothing to combine; use 'sum'"
        ),
        Case(
            settings: #""objective": "selfgan", "ensemble": {"copies": 2, "steepestDirection": true}"#,
            message: "ensemble: 'selfgan' has no loss per discriminator of generated samples alone, so there is no "
                + "'steepestDirection' to measure"),
        Case(
            settings: #""objective": {"type": "selfgan", "form": "tpu-keras", "loss": "least-squares"}"#,
            message: "objective: the form 'tpu-keras' needs a cross-entropy; use 'tpu-code' with 'least-squares'"),
        Case(
            settings: #""objective": {"type": "selfgan", "form": "tpu-keras"}, "tricks": {"labels": {"real": [0.9]}}"#,
            message: "tricks.labels: the form 'tpu-keras' supports only the labels 1 and 0; remove tricks.labels"),
        Case(
            settings: #""objective": {"type": "gan", "latents": "per-iteration"}, "#
                + #""tricks": {"updateRule": {"discriminatorAbove": 1}}"#,
            message:
                "objective: latents cannot be 'per-iteration' if tricks.updateRule sets the updates; use 'fresh'"),
        Case(
            settings: #""objective": "gan", "tricks": {"replay": {"swap": true, "keep": 0.5}}"#,
            message: "tricks.replay.keep: swapped samples are always stored; remove 'keep'"),
        Case(
            settings:
                #""objective": "gan", "ensemble": {"copies": 2, "combination": {"type": "hypervolume", "slack": 3, "#
                + #""growth": {}}}"#,
            message: "ensemble.combination.growth: the initial slack is above its limit"),
        Case(
            settings: #""objective": "selfgan", "tricks": {"updateRule": {"generatorAbove": 1}}"#,
            message: "tricks.updateRule: 'selfgan' updates both networks in one step; remove it"),
        Case(
            settings: #""objective": "hinge", "tricks": {"labels": {"flip": 0.1}}"#,
            message: "tricks.labels: 'hinge' does not use labels; remove tricks.labels"),
        Case(
            settings: #""objective": "gan", "task": "translation", "tricks": {"replay": {}}"#,
            message: "tricks.replay: replayed samples would be judged with the conditions of other samples; remove it"),
        Case(
            settings: #""objective": "gan", "task": {"type": "generation", "labels": 3}, "tricks": {"replay": {}}"#,
            message: "tricks.replay: replayed samples would be judged with the conditions of other samples; remove it"),
        Case(
            settings: """
                "objective": "gan", "updates": {"discriminator": 3}, "tricks": {"updateRule": {"discriminatorAbove": 1}}
                """,
            message: "tricks.updateRule: sets the discriminator's updates, so the 3 of 'updates' would have no effect; "
                + "remove 'updates.discriminator', or 'discriminatorAbove'"),
        Case(
            settings:
                #""objective": "gan", "updates": {"generator": 2}, "tricks": {"updateRule": {"generatorAbove": 1}}"#,
            message: "tricks.updateRule: sets the generator's updates, so the 2 of 'updates' would have no effect; "
                + "remove 'updates.generator', or 'generatorAbove'"),
        Case(
            settings: """
                "objective": {"type": "gan", "latents": "shared"}, "tricks": {"updateRule": {"discriminatorAbove": 1}}
                """,
            message: "objective: latents cannot be 'shared' if tricks.updateRule sets the updates; use 'fresh'"),
        Case(
            settings: #""objective": "catgan", "tricks": {"auxiliaryClassifier": {}}"#,
            message:
                "tricks.auxiliaryClassifier: the discriminators of 'catgan' already assign categories; remove it"),
        Case(
            settings: #""objective": "gan", "tricks": {"auxiliaryClassifier": {}}"#,
            message:
                "tricks.auxiliaryClassifier: the number of classes is unknown; state it: "
                + #""task": {"type": "generation", "labels": N}"#),
        Case(
            settings: #""objective": "gan", "task": "cycle", "latent": {"size": 3}"#,
            message: "latent: 'cycle' starts from images; remove 'latent'"),
        Case(
            settings: #""objective": "gan", "task": {"type": "generation", "labels": 3, "embedding": 4}"#,
            message: "task.embedding: give 'labels' or 'embedding', not both"),
        Case(
            settings: #""objective": "gan", "task": "translation", "tricks": {"consistency": {}}"#,
            message: "tricks.consistency: images of a translation must stay aligned; remove it"),
        Case(
            settings: #""objective": "selfgan", "tricks": {"consistency": {}}"#,
            message: "tricks.consistency: 'selfgan' has one loss for all networks, but only discriminators learn "
                + "consistency; remove it"),
        Case(
            settings: #""objective": "catgan", "tricks": {"consistency": {}}"#,
            message: "tricks.consistency: compares scores, but 'catgan' has categories; remove it"),
        Case(
            settings: #""objective": "gan", "tricks": {"consistency": {}, "augmentation": {}}"#,
            message: "tricks.consistency: compares unchanged images with changed ones, but 'augmentation' changes all; "
                + "remove one"),
        // Numbers that would leave a trick without effect.
        Case(
            settings: #""objective": "gan", "tricks": {"augmentation": {"span": 1000}}"#,
            message: "tricks.augmentation.span: has no effect without 'target'; remove it"),
        Case(
            settings: #""objective": "gan", "tricks": {"consistency": {"real": 0, "generated": 0}}"#,
            message: "tricks.consistency.real: with both weights 0 nothing is compared; raise one"),
        Case(
            settings: #""objective": "gan", "tricks": {"replay": {"share": 0}}"#,
            message: "tricks.replay.share: 0 is out of range; expected a number above 0 and at most 1"),
        Case(
            settings: #""objective": "gan", "tricks": {"replay": {"keep": 0}}"#,
            message: "tricks.replay.keep: 0 is out of range; expected a number above 0 and at most 1"),
        Case(
            settings: #""objective": "gan", "tricks": {"averaging": {"decay": 0}}"#,
            message: "tricks.averaging.decay: 0 is out of range; expected a number above 0 and below 1"),
        Case(
            settings: #""objective": "gan", "tricks": {"instanceNoise": {"deviation": 0}}"#,
            message: "tricks.instanceNoise.deviation: 0 is out of range; expected a number above 0"),
        Case(
            settings: #""objective": "gan", "tricks": {"updateRule": {}}"#,
            message:
                "tricks.updateRule.discriminatorAbove: missing: give 'discriminatorAbove', 'generatorAbove' or both"),
        Case(
            settings: #""objective": "gan", "tricks": {"labels": {"real": [1.2, 0.7]}}"#,
            message: "tricks.labels.real: the start of the range is above its end"),
        Case(
            settings: #""objective": "gan", "ensemble": {"combination": {"type": "loss-delta", "alpha": 0}}"#,
            message: "ensemble.combination.alpha: 0 is out of range; expected a number above 0 and at most 1"),
        Case(
            settings: #""objective": "gan", "ensemble": {"combination": {"type": "hypervolume", "slack": 1}}"#,
            message: "ensemble.combination.slack: 1 is out of range; expected a number of at least 1.0001"),
    ]

    private func node(_ item: Case) throws -> ConfigNode {
        let latent =
            item.settings.contains("\"latent\"") || item.settings.contains("\"translation\"")
                || item.settings.contains("\"cycle\"") ? "" : #", "latent": {"size": 3}"#
        return try ConfigNode.parse(#"{"optimizer": "adam"\#(latent), \#(item.settings)}"#, file: "test.json")
    }

    @Test(arguments: settings) func settingsThatMakeNoSenseTogetherAreRefused(_ item: Case) throws {
        do {
            _ = try ConfigReader.decode(AdversarialConfiguration.self, from: node(item))
            Issue.record("accepted")
        } catch {
            #expect("\(error)" == "test.json:1: " + item.message)
        }
    }

    /// Refused with the networks or the data at hand.
    static let networks = [
        Case(
            settings: #""objective": "gan", "ensemble": {"combination": "hypervolume"}"#,
            message: "ensemble: 'hypervolume' combines several discriminators, but there is only one; "
                + "raise 'copies', or use 'sum'"),
        Case(
            settings: #""objective": "gan", "tricks": {"batches": "mixed"}"#,
            message: "tricks.batches: no layer of the discriminator mixes the samples of a batch, so 'mixed' has no "
                + "effect; add a 'batchNorm', or remove it"),
        Case(
            settings: #""objective": "gan", "tricks": {"consistency": {}}"#,
            message: "tricks.consistency: the samples are points, not images; remove it"),
        Case(
            settings: #""objective": "gan", "tricks": {"consistency": {}}"#,
            generator: #"[{"type": "linear", "features": 16}, {"type": "reshape", "shape": [4, 4, 1]}]"#,
            discriminator: PixelNetwork.generator, data: DataShapes(sample: [4, 4, 1]),
            message:
                "tricks.consistency: needs one score per image, but the discriminator gives a map [4, 4, 1], which "
                + "moves with the image; remove it"),
        Case(
            settings: #""objective": "gan", "penalty": "r1""#,
            discriminator: #"["minibatchDiscrimination", {"type": "linear", "features": 1}]"#,
            message: "discriminator: discriminator.layers[0] is a 'minibatchDiscrimination', but 'r1' penalises the "
                + "gradient at each sample separately; use 'layerNorm' or 'instanceNorm'"),
        Case(
            settings: #""objective": "hinge""#,
            discriminator: #"[{"type": "sequence", "layers": [{"type": "linear", "features": 1}, "tanh"]}]"#,
            message: "discriminator: discriminator.layers[0].layers[1] is a 'tanh', but 'hinge' needs unbounded "
                + "scores; remove the layer"),
        Case(
            settings: #""objective": "catgan""#, discriminator: #"[{"type": "linear", "features": 3}, "softmax"]"#,
            message:
                "discriminator: discriminator.layers[1] is a 'softmax', but 'catgan' needs unbounded scores; remove "
                + "the layer"),
        Case(
            settings: #""objective": "catgan""#,
            message: "discriminator: ends in [1] per sample; expected one logit per category, [K] with K ≥ 2"),
        Case(
            settings: #""objective": {"type": "catgan", "labelled": {"classes": 10}}"#,
            discriminator: #"[{"type": "linear", "features": 3}]"#,
            message:
                "discriminator: ends in [3] per sample; expected one logit per class of the labelled samples, [10]"
        ),
        Case(
            settings: """
                "objective": "gan", "task": {"type": "generation", "labels": 3}, "tricks": {"auxiliaryClassifier": {}}
                """, generator: #"["condition", {"type": "linear", "features": 2}]"#,
            data: DataShapes(sample: [2], condition: [3]),
            message: "discriminator: ends in [1] per sample; with tricks.auxiliaryClassifier expected one score and "
                + "3 classes, [4]"),
        Case(
            settings: """
                "objective": "gan", "task": {"type": "generation", "labels": 3}, "tricks": {"auxiliaryClassifier": {}}
                """, generator: #"["condition", {"type": "linear", "features": 2}]"#,
            discriminator: #"["condition", {"type": "linear", "features": 4}]"#,
            data: DataShapes(sample: [2], condition: [3]),
            message:
                "tricks.auxiliaryClassifier: a layer of type 'condition' gives the discriminator the class to "
                + "predict; remove it"),
        Case(
            settings: #""objective": "gan", "task": {"type": "generation", "embedding": 3}"#,
            discriminator: #"["condition", {"type": "linear", "features": 1}]"#,
            data: DataShapes(sample: [2], condition: [3]),
            message: "generator: no layer reads the condition of the 'generation'; add a layer of type 'condition'"),
        Case(
            settings: #""objective": "gan", "task": {"type": "generation", "embedding": 3}"#,
            generator: #"["condition", {"type": "linear", "features": 2}]"#,
            data: DataShapes(sample: [2], condition: [3]),
            message:
                "discriminator: no layer reads the condition of the 'generation', so nothing makes samples match it; "
                + "add a layer of type 'condition', or tricks.auxiliaryClassifier"),
        Case(
            settings: #""objective": "gan""#,
            discriminator: #"[{"type": "sequence", "frozen": true, "layers": [{"type": "linear", "features": 1}]}]"#,
            message: "discriminator: 'discriminator' has nothing to train; add or unfreeze a layer with weights"),
        Case(
            settings: #""objective": "gan", "latent": {"size": 2}"#, generator: #"["tanh"]"#,
            message: "generator: 'generator' has nothing to train; add or unfreeze a layer with weights"),
        Case(
            settings: #""objective": "gan", "task": "translation""#,
            message:
                "task: 'translation' makes images from images; use a dataset of pairs, such as 'facades' or 'pairs'"),
        Case(
            settings: #""objective": "gan", "task": "translation""#, generator: PixelNetwork.generator,
            data: DataShapes(sample: [4, 4, 1], condition: [2, 4, 1]),
            message: "task: images are [4, 4, 1] and their conditions [2, 4, 1]; both must have the same size"),
        Case(
            settings: #""objective": "gan", "task": "cycle""#, generator: PixelNetwork.generator,
            data: DataShapes(sample: [4, 4, 1], condition: [4, 4, 3]),
            message: "task: images are [4, 4, 1] and their conditions [4, 4, 3]; both must have the same size"),
    ]

    @Test(arguments: networks) func networksAndDataThatDoNotFitAreRefused(_ item: Case) throws {
        let configuration = try ConfigReader.decode(AdversarialConfiguration.self, from: node(item)).value
        do {
            let gan = try GANNetworks(
                generator: networkConfiguration(item.generator),
                discriminators: [networkConfiguration(item.discriminator)], isList: false, configuration: configuration,
                data: item.data, seed: 3)
            _ = try AdversarialSetting(gan: gan, data: item.data, configuration: configuration)
            Issue.record("accepted")
        } catch {
            #expect("\(error)" == item.message)
        }
    }

    @Test func tasksOfImagesNeedTheData() throws {
        let configuration = try adversarial(#"{"objective": "gan", "optimizer": "adam", "task": "cycle"}"#)
        #expect(throws: AdversarialError.unknownDataShapes(task: "cycle")) {
            try GANNetworks(
                generator: networkConfiguration(PixelNetwork.generator),
                discriminators: [networkConfiguration(PixelNetwork.generator)], isList: false,
                configuration: configuration, data: nil, seed: 3)
        }
        #expect(
            "\(AdversarialError.unknownDataShapes(task: "cycle"))"
                == "task: 'cycle' takes the shapes of its images from the data, which are not on this machine")
        let unlabelled = AdversarialError.otherConditions(
            place: .root.key("task").key("labels"), expected: "10 classes", found: "no labels")
        #expect(
            "\(unlabelled)" == "task.labels: expected 10 classes, but the dataset has no labels")
    }

    @Test func settingsWithoutLatentsReadBackTheSame() throws {
        let node = try ConfigNode.parse(
            #"{"objective": "lsgan", "optimizer": "adam", "task": "translation"}"#, file: "test.json")
        let resolved = try ConfigReader.decode(AdversarialConfiguration.self, from: node).resolved
        #expect(resolved["latent"] == nil)
        var stated = try #require(node.object)
        stated["latent"] = ["size": 100, "distribution": "normal"]
        #expect(throws: Never.self) {
            try ConfigReader.decode(AdversarialConfiguration.self, from: ConfigNode(stated))
        }
        #expect(try ConfigReader.decode(AdversarialConfiguration.self, from: resolved).resolved == resolved)
    }

    @Test func oneLayerOfAnEnsembleIsEnoughToReadAConditionOrToMix() throws {
        let condition = #"["condition", {"type": "linear", "features": 1}]"#
        let norm = #"["batchNorm", {"type": "linear", "features": 1}]"#
        let plain = #"[{"type": "linear", "features": 1}]"#
        _ = try game(
            #"{"objective": "gan", "optimizer": "adam", "latent": {"size": 3}, "task": {"type": "generation", "labels": 3}}"#,
            generator: #"["condition", {"type": "linear", "features": 2}]"#, discriminators: [plain, condition],
            data: DataShapes(sample: [2], condition: [3]))
        _ = try game(
            #"{"objective": "gan", "optimizer": "adam", "latent": {"size": 3}, "tricks": {"batches": "mixed"}}"#,
            discriminators: [plain, norm])
    }
}
