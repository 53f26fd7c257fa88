import AgonAdversarial
import AgonGraph
import AgonLayers
import AgonTensors
import Foundation
import Testing

@Suite struct AdversarialSettingTests {
    private func setting(
        _ objective: String = #""gan""#, generator: String = #"[{"type": "linear", "features": 2}]"#,
        discriminator: String = #"[{"type": "linear", "features": 1}]"#, input: Shape = [3], scored: Shape = [2],
        images: Shape = [2], updates: String = "{}", latent: Int = 3
    ) throws -> AdversarialSetting {
        let standard = updates == "{}" ? "" : #", "updates": \#(updates)"#
        return try AdversarialSetting(
            generator: network("generator", generator, input: input),
            discriminator: network("discriminator", discriminator, input: scored), imageShape: images,
            configuration: adversarial(
                """
                {"objective": \(objective), "optimizer": "adam", "batchSize": 4,
                 "latent": {"size": \(latent)}\(standard)}
                """
            ))
    }

    private func refusal(_ make: () throws -> AdversarialSetting) -> String {
        do {
            _ = try make()
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    @Test func networksThatDoNotFitAreRefused() {
        #expect(
            refusal { try setting(latent: 5) }
                == "latent: a latent of size 5 does not fit the generator's input [3]; expected [5] or [1, 1, 5]")
        #expect(
            refusal { try setting(images: [3]) }
                == "generator: makes [2], but images are [3] and the discriminator takes [2]")
        #expect(
            refusal { try setting(scored: [4]) }
                == "generator: makes [2], which matches the images, but the discriminator takes [4]")
        #expect(
            refusal { try setting(discriminator: #"[{"type": "linear", "features": 2}]"#) }
                == "discriminator: ends in [2] per sample; expected one score [1], or a map of scores [H, W, 1]")
    }

    @Test func imagesOfOtherSizeOrChannelsNameTheRemedy() {
        let linear = #"{"type": "linear", "features": 16}, {"type": "reshape", "shape": [4, 4, 1]}"#
        func remedy(_ images: Shape, last: String = "") -> String {
            let generator = "[\(linear)\(last)]"
            let text = refusal {
                try setting(
                    generator: generator, discriminator: #"["flatten", {"type": "linear", "features": 1}]"#,
                    scored: [4, 4, 1], images: images)
            }
            return text.components(separatedBy: "; ").dropFirst().joined(separator: "; ")
        }
        let convolution = #", {"type": "conv", "channels": 1, "kernel": 1}"#
        let channels = #"the generator's last convolution may have "channels": "data""#
        #expect(
            remedy([4, 4, 3], last: convolution) == channels + #", or dataset.transforms may end in "grayscale""#)
        let following = "the generator's last layers may make 3 channels"
        #expect(remedy([4, 4, 3]) == following + #", or dataset.transforms may end in "grayscale""#)
        #expect(remedy([8, 8, 1]) == #"dataset.transforms may end in {"type": "resize", "size": 4}"#)
        #expect(
            remedy([8, 8, 3])
                == #"dataset.transforms may end in {"type": "resize", "size": 4}, "grayscale"; instead of "grayscale", "#
                + following)
    }

    static let bounded = #"[{"type": "linear", "features": 1}, "sigmoid"]"#

    @Test func aSigmoidFitsLeastSquaresAlone() {
        for objective in ["gan", "selfgan", "wgan-gp"] {
            #expect(
                refusal { try setting("\"\(objective)\"", discriminator: Self.bounded) }
                    == "discriminator: discriminator.layers[1] is a 'sigmoid', but '\(objective)' needs unbounded "
                    + "scores; remove the layer")
        }
        #expect(refusal { try setting(#""lsgan""#, discriminator: Self.bounded) } == "accepted")
        // What follows a sigmoid may keep its bounds.
        let hidden = #"[{"type": "linear", "features": 1}, "sigmoid", "flatten"]"#
        #expect(
            refusal { try setting(#""gan""#, discriminator: hidden) }
                == "discriminator: discriminator.layers[1] is a 'sigmoid', but 'gan' needs unbounded scores; remove the "
                + "layer")
    }

    @Test func batchNormDoesNotFitAPenaltyPerSample() {
        let layers = #"[{"type": "linear", "features": 4}, "batchNorm", {"type": "linear", "features": 1}]"#
        #expect(
            refusal { try setting(#""wgan-gp""#, discriminator: layers) }
                == "discriminator: discriminator.layers[1] is a 'batchNorm', but 'wgan-gp' penalises the gradient at "
                + "each sample separately; use 'layerNorm' or 'instanceNorm'")
    }

    /// The mean of the batch, taken from each sample.
    private struct CentredLayer: Layer {
        let type = "centred"

        func build(input: Shape, at site: LayerSite) -> BuiltLayer {
            BuiltLayer(outputShape: input, mixesSamples: true) { x, call in
                call.graph.subtract(x, call.graph.mean(x, to: [1, input[0]]))
            }
        }
    }

    @Test func layersOfAProgramSayWhetherTheyMixABatch() throws {
        func setting(_ objective: String, _ layers: [any Layer]) throws -> AdversarialSetting {
            try AdversarialSetting(
                generator: network("generator", #"[{"type": "linear", "features": 2}]"#, input: [3]),
                discriminator: Network(name: "discriminator", layers: layers, input: [2], seed: 1), imageShape: [2],
                configuration: adversarial(
                    #"{"objective": "\#(objective)", "optimizer": "adam", "batchSize": 4, "latent": {"size": 3}}"#))
        }
        let score = LinearLayer(features: 1)
        for (layers, place): ([any Layer], String) in [
            ([CentredLayer(), score], "discriminator.layers[0]"),
            ([score, SequenceLayer([CentredLayer()])], "discriminator.layers[1].layers[0]"),
        ] {
            #expect(
                refusal { try setting("wgan-gp", layers) }
                    == "discriminator: \(place) is a 'centred', but 'wgan-gp' penalises the gradient at each sample "
                    + "separately; use 'layerNorm' or 'instanceNorm'")
            #expect(refusal { try setting("gan", layers) } == "accepted")
        }
    }

    @Test func boundedScoresAreFoundWithinLayers() {
        let layers = #"""
            [{"type": "repeat", "count": 2, "layers": [
                {"type": "sequence", "layers": [{"type": "linear", "features": 1}, "tanh"]}]}]
            """#
        #expect(
            refusal { try setting(#""hinge""#, discriminator: layers) }
                == "discriminator: discriminator.layers[0].copies[1].layers[0].layers[1] is a 'tanh', but 'hinge' "
                + "needs unbounded scores; remove the layer")
    }

    @Test func frozenNormsDoNotMixABatch() {
        let layers = #"""
            [{"type": "sequence", "frozen": true, "layers": ["batchNorm"]}, {"type": "linear", "features": 1}]
            """#
        #expect(refusal { try setting(#""wgan-gp""#, discriminator: layers) } == "accepted")
    }

    @Test func evenUpdatesStandInOneGraph() throws {
        let phases = try setting().phases()
        #expect(phases.map(\.name) == ["step"] && phases[0].repeats == 1 && phases[0].uses(.real))
        #expect(
            phases[0].graph.outputs.map(\.name) == [
                "loss.generator", "loss.discriminator", "score.real", "score.generated",
            ])
    }

    @Test func otherUpdatesAreRepeatedPhases() throws {
        let phases = try setting(updates: #"{"discriminator": 2, "generator": 3}"#).phases()
        #expect(phases.map(\.name) == ["generator", "discriminator"] && phases.map(\.repeats) == [3, 2])
        #expect(phases.map { $0.uses(.real) } == [false, true])
        let critic = try setting(#""wgan-gp""#).phases()
        #expect(critic.map(\.name) == ["discriminator", "generator"] && critic.map(\.repeats) == [5, 1])
        #expect(
            critic[0].graph.outputs.map(\.name) == [
                "loss.discriminator", "loss.penalty", "distance", "score.real", "score.generated",
            ])
        // Each parameter is moved in one graph alone, so that its updates are counted by that graph's runs.
        let states = critic.map { $0.graph.updateRules.flatMap(\.states).map(\.name) }
        #expect(states[0].allSatisfy { $0.hasPrefix("optimizer.discriminator.") })
        #expect(states[1].allSatisfy { $0.hasPrefix("optimizer.generator.") })
    }

    @Test func sharedImagesAreScoredOnce() throws {
        // The generator's pass and the discriminator's on the same images are one product in the compiled step.
        func work(_ latents: String) throws -> Int {
            try RunningGraph(setting(#"{"type": "gan", "latents": "\#(latents)"}"#).phases()[0].graph).step
                .floatingPointOperations
        }
        #expect(try work("shared") < work("fresh"))
    }

    @Test func scoreMapsAndConvolutionalLatentsAreTaken() throws {
        let made = try setting(
            generator: #"[{"type": "convTranspose", "channels": 2, "kernel": 8}, "tanh"]"#,
            discriminator: #"[{"type": "conv", "channels": 1, "kernel": 4, "stride": 2}]"#, input: [1, 1, 3],
            scored: [8, 8, 2], images: [8, 8, 2])
        let running = try RunningTraining(made)
        running.iterate { _, _ in ["real": rows(4, 128, "real").flat] }
        #expect(try running.scalar("loss.discriminator").isFinite)
    }

    @Test(arguments: ["gan", "selfgan", "wgan-gp"]) func aLossThatIsADifferenceOfLogitsTrainsThroughConvolutions(
        objective: String
    ) throws {
        let made = try setting(
            "\"\(objective)\"",
            generator: #"[{"type": "linear", "features": 32}, {"type": "reshape", "shape": [4, 4, 2]}, "tanh"]"#,
            discriminator: """
                [{"type": "conv", "channels": 4, "kernel": 3, "padding": 1, "stride": 2}, "leakyReLU", "flatten",
                 {"type": "linear", "features": 1}]
                """, scored: [4, 4, 2], images: [4, 4, 2])
        let before =
            made.gan.generators[0].parameters.map(\.values)
            + made.gan.discriminators[0].parameters.map(\.values)
        let running = try RunningTraining(made)
        running.iterate { _, _ in ["real": rows(4, 32, "real").flat] }
        let after =
            made.gan.generators[0].parameters.map(\.values)
            + made.gan.discriminators[0].parameters.map(\.values)
        // A critic's loss is a difference of scores and a penalty on slopes: its last bias has gradient zero.
        let still = objective == "wgan-gp" ? before.count - 1 : nil
        for (index, (old, new)) in zip(before, after).enumerated() {
            #expect((old == new) == (index == still) && new.allSatisfy { $0.isFinite }, "parameter \(index)")
        }
    }
}
