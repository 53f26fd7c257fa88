import AgonAdversarial
import AgonGraph
import AgonLayers
import AgonTensors
import Testing

/// Objectives, ensembles, penalties and tricks, all with all: a game is trained, or refused for one of the reasons
/// below.
@Suite struct CompositionTests {
    static let objectives = [
        #""gan""#, #"{"type": "gan", "generatorLoss": "minimax", "order": "discriminator-first", "latents": "fresh"}"#,
        #""lsgan""#, #""hinge""#, #""wgan""#, #"{"type": "wgan", "clip": 0}"#, #""wgan-gp""#, #""catgan""#,
        #"{"type": "selfgan", "shards": 2}"#, #"{"type": "selfgan", "form": "tpu-code", "loss": "least-squares"}"#,
        #"{"type": "selfgan", "form": "tpu-keras", "shards": 2}"#, #"{"type": "gan", "latents": "per-iteration"}"#,
    ]
    static let ensembles = [
        "{}", #"{"copies": 3}"#, #"{"copies": 3, "combination": "mean"}"#,
        #"{"copies": 3, "combination": "gman"}"#, #"{"copies": 3, "combination": "gman-grad"}"#,
        #"{"copies": 3, "combination": "loss-delta"}"#,
        #"{"copies": 3, "combination": "mgd", "steepestDirection": true}"#,
        #"{"copies": 3, "combination": "hypervolume"}"#, #"{"combination": "hypervolume"}"#,
    ]
    static let penalties: [String?] = [nil, "gradient-penalty", "r1", "dragan", "lazy"]
    static let tricks = [
        "{}", #"{"labels": {"real": [0.7, 1.2], "flip": 0.1, "reversal": {}}}"#, #"{"instanceNoise": {"until": 2}}"#,
        #"{"replay": {"batches": 2}}"#, #"{"replay": {"batches": 2, "swap": true}}"#, #"{"batches": "mixed"}"#,
        #"{"updateRule": {"discriminatorAbove": 0.5}}"#,
        #"{"averaging": {"start": 1}}"#, #"{"auxiliaryClassifier": {}}"#,
    ]

    private struct Choice {
        /// The places of the settings in their lists.
        let places: [Int]
        let objective: String, ensemble: String, penalty: String?, tricks: String

        init(_ places: [Int]) {
            self.places = places
            objective = CompositionTests.objectives[places[0]]
            ensemble = CompositionTests.ensembles[places[1]]
            penalty = CompositionTests.penalties[places[2]]
            tricks = CompositionTests.tricks[places[3]]
        }

        /// Every two of its settings, with their lists and places.
        var pairs: Set<[Int]> {
            var pairs: Set<[Int]> = []
            for first in places.indices {
                for second in first + 1..<places.count { pairs.insert([first, places[first], second, places[second]]) }
            }
            return pairs
        }

        func has(_ word: String) -> Bool {
            [objective, ensemble, penalty ?? "", tricks].contains { $0.contains("\"\(word)\"") }
        }
        var isSelfGAN: Bool { has("selfgan") }
        var isClipped: Bool { has("wgan") && !objective.contains("clip") }
        var isUnclipped: Bool { objective.contains("clip") }
        var isLazy: Bool { penalty == "lazy" }

        /// Why the game cannot be played, in words of its message; nil if it can.
        var flaw: String? {
            if isSelfGAN {
                if ["gman", "gman-grad", "loss-delta", "mgd", "hypervolume"].contains(where: has) {
                    return "has one loss for all networks"
                }
                if has("updateRule") { return "updates both networks in one step" }
                if has("tpu-keras"), has("labels") { return "supports only the labels 1 and 0" }
            }
            if has("per-iteration"), has("updateRule") { return "latents cannot be 'per-iteration'" }
            if has("wgan-gp"), penalty != nil { return "already has a penalty" }
            if isClipped, penalty != nil { return "already clips the critic's weights" }
            if isUnclipped, penalty == nil { return "needs a bound" }
            if has("catgan") {
                if has("auxiliaryClassifier") { return "finds categories by itself" }
                if penalty != nil { return "needs one score per sample" }
                if has("loss-delta") { return "compares scores" }
            }
            if has("labels"), !has("gan"), !has("lsgan"), !isSelfGAN { return "does not use labels" }
            if has("mixed"), has("wgan-gp") || penalty != nil { return "at each sample separately" }
            if !ensemble.contains("copies"), has("hypervolume") { return "combines several discriminators" }
            return nil
        }

        func setting() throws -> AdversarialSetting {
            let isClassified = has("auxiliaryClassifier")
            let outputs = has("catgan") ? 3 : isClassified ? 4 : 1
            let task = isClassified ? #""task": {"type": "generation", "labels": 3},"# : ""
            let lazy = #"{"type": "r1", "every": 2}"#
            let stated = penalty.map { "\"penalty\": \(isLazy ? lazy : "\"\($0)\"")," } ?? ""
            let condition = isClassified ? #""condition", "# : ""
            let norm = has("mixed") ? #""batchNorm", "# : ""
            return try game(
                """
                {"objective": \(objective), "ensemble": \(ensemble), \(stated) \(task) "tricks": \(tricks),
                 "batchSize": 4, "latent": {"size": 3}, "optimizer": {"type": "adam", "learningRate": 1e-3}}
                """, generator: "[\(condition){\"type\": \"linear\", \"features\": 2}]",
                discriminators: [
                    """
                    [{"type": "linear", "features": 3}, \(norm)"tanh", {"type": "linear", "features": \(outputs)}]
                    """
                ], data: DataShapes(sample: [2], condition: isClassified ? [3] : nil), norms: true)
        }
    }

    /// All choices with an objective.
    private static func choices(_ objective: Int) -> [Choice] {
        ensembles.indices.flatMap { ensemble in
            penalties.indices.flatMap { penalty in
                tricks.indices.map { Choice([objective, ensemble, penalty, $0]) }
            }
        }
    }

    /// Choices that can be trained, in which every two settings meet that can meet at all.
    private static let trained: [Choice] = {
        let possible = objectives.indices.flatMap(choices).filter { $0.flaw == nil }
        var chosen = possible.filter { choice in
            let places = choice.places
            return (places[0] + 3 * places[1] + 5 * places[2] + places[3]) % 8 == 0
        }
        var met = Set(chosen.flatMap(\.pairs))
        for choice in possible where !met.isSuperset(of: choice.pairs) {
            chosen.append(choice)
            met.formUnion(choice.pairs)
        }
        return chosen
    }()

    @Test func everyTwoSettingsThatFitAreTrainedTogether() {
        let possible = Self.objectives.indices.flatMap(Self.choices).filter { $0.flaw == nil }.flatMap(\.pairs)
        let met = Self.trained.flatMap(\.pairs)
        #expect(Set(met) == Set(possible) && Set(met).count > 300, "\(Set(met).count) pairs")
    }

    @Test(arguments: objectives.indices) func aGameIsTakenUnlessItMakesNoSense(objective: Int) throws {
        for choice in Self.choices(objective) {
            do {
                _ = try choice.setting()
                #expect(choice.flaw == nil, "accepted \(choice)")
            } catch {
                let flaw = try #require(choice.flaw, "refused \(choice): \(error)")
                #expect("\(error)".contains(flaw), "\(choice): \(error)")
            }
        }
    }

    @Test(arguments: objectives.indices) func whatIsTakenTrainsWithFiniteLosses(objective: Int) throws {
        var count = 0
        for choice in Self.trained where choice.places[0] == objective {
            let setting = try choice.setting()
            let training = try RunningTraining(setting)
            let before = setting.gan.all.map { $0.parameters.map(\.values) }
            for _ in 0..<3 { training.iterate() }
            #expect(Set(training.outputNames).count == training.outputNames.count, "\(choice)")
            for (name, value) in training.scalars { #expect(value.isFinite, "\(choice): \(name) is \(value)") }
            for (network, values) in zip(setting.gan.all, before) {
                #expect(network.parameters.map(\.values) != values, "\(choice): \(network.name) stands still")
                #expect(network.variables.allSatisfy { $0.values.allSatisfy(\.isFinite) }, "\(choice): \(network.name)")
            }
            count += 1
        }
        #expect(count >= 5)
    }
}
