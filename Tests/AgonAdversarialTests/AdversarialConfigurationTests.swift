import AgonAdversarial
import AgonConfiguration
import AgonGraph
import AgonOptimizers
import Testing

@Suite struct AdversarialConfigurationTests {
    @Test func defaultsAreTheObjectivesOwn() throws {
        let critic = try adversarial(#"{"objective": "wgan-gp", "optimizer": "adam"}"#)
        #expect(critic.updates == UpdateRatio(discriminator: 5, generator: 1) && critic.batchSize == 64)
        #expect(critic.latent == LatentConfiguration(size: 100, distribution: .normal))
        let classic = try adversarial(#"{"objective": "gan", "optimizer": "adam", "updates": {"generator": 4}}"#)
        #expect(classic.updates == UpdateRatio(discriminator: 1, generator: 4))
    }

    @Test func eachNetworkMayHaveItsOptimizer() throws {
        let configuration = try adversarial(
            #"""
            {"objective": "gan",
             "optimizers": {"generator": {"type": "adam", "learningRate": 0.25}, "discriminator": "sgd"}}
            """#)
        #expect(configuration.optimizers.generator.learningRate(after: 0) == 0.25)
        #expect(configuration.optimizers.discriminator.optimizer is SGD)
    }

    @Test(arguments: ["generator", "discriminator"]) func anOptimizerOfOneNetworkLeavesTheOtherTheSharedOne(
        network: String
    ) throws {
        let configuration = try adversarial(
            #"{"objective": "gan", "optimizer": "adam", "optimizers": {"\#(network)": "sgd"}}"#)
        #expect(configuration.optimizers.generator.optimizer is SGD == (network == "generator"))
        #expect(configuration.optimizers.discriminator.optimizer is SGD == (network == "discriminator"))
        #expect(configuration.optimizers.generator.optimizer is Adam == (network == "discriminator"))
    }

    @Test(arguments: [
        (
            #"{"objective": "gann", "optimizer": "adam"}"#,
            "test.json:1: objective: unknown objective 'gann'. Did you mean 'gan'? "
                + "Available: catgan, gan, hinge, lsgan, relativistic, selfgan, wgan, wgan-gp"
        ),
        (
            #"{"objective": {"type": "selfgan", "form": "gpu"}, "optimizer": "adam"}"#,
            "test.json:1: objective.form: unknown choice 'gpu'. Available: gpu-paper, gpu-code, tpu-paper, tpu-code, "
                + "tpu-keras"
        ),
        (
            #"{"objective": {"type": "selfgan", "shards": 6}, "optimizer": "adam"}"#,
            "test.json:1: objective: 6 shards do not divide a batch of 64 evenly; the next batch size that fits is 66"
        ),
        (
            #"{"objective": "selfgan", "optimizer": "adam", "updates": {"generator": 2}}"#,
            "test.json:1: updates: 'selfgan' updates both networks in one step; "
                + "discriminator:generator must be 1:1, not 1:2"
        ),
        (
            #"{"objective": "selfgan", "optimizers": {"generator": "adam", "discriminator": "sgd"}}"#,
            "test.json:1: optimizers: 'selfgan' updates both networks with one optimizer; give 'optimizer' instead"
        ),
        (
            #"{"objective": {"type": "lsgan", "latents": "shared"}, "optimizer": "adam", "updates": {"generator": 4}}"#,
            "test.json:1: objective: latents can be 'shared' by the two networks only when updates are 1:1, not 1:4; "
                + "use 'fresh'"
        ),
        (
            #"{"objective": "gan"}"#,
            "test.json:1: optimizer: missing: give 'optimizer' for both networks, or 'optimizers'"
        ),
        (
            #"{"objective": "gan", "optimizer": "adam", "optimizers": {"generator": "adam", "discriminator": "adam"}}"#,
            "test.json:1: optimizers: states both networks, so 'optimizer' has no effect: set it to null"
        ),
        (
            #"{"objective": "gan", "optimizers": {"discriminator": "sgd"}}"#,
            "test.json:1: optimizers: no optimizer for the generator: give 'optimizers.generator', or 'optimizer' for it"
        ),
        (
            #"{"objective": {"type": "wgan-gp", "latents": "shared"}, "optimizer": "adam"}"#,
            "test.json:1: objective.latents: unknown key. Keys known here: type, gradientPenalty"
        ),
        (
            #"{"objective": "gan", "optimizer": "adam", "updates": {"generator": 0}}"#,
            "test.json:1: updates.generator: 0 is out of range; expected an integer from 1 to 10000"
        ),
        (
            #"{"objective": "gan", "optimizer": "adam", "latent": {"size": 0}}"#,
            "test.json:1: latent.size: 0 is out of range; expected an integer from 1 to 65536"
        ),
    ])
    func combinationsThatMakeNoSenseAreRefused(text: String, message: String) throws {
        do {
            _ = try adversarial(text)
            Issue.record("accepted \(text)")
        } catch {
            #expect("\(error)" == message)
        }
    }

    @Test func programsAreRefusedTheSame() {
        #expect(throws: AdversarialError.unevenShards(shards: 3, batchSize: 64)) {
            try AdversarialConfiguration(
                objective: SelfGANObjective(form: .tpuCode, shards: 3),
                optimizers: .shared(OptimizerConfiguration(Adam())))
        }
    }

    @Test(arguments: ["selfgan", "gan", "lsgan", "wgan-gp"]) func resolvedSettingsReadBackTheSame(objective: String)
        throws
    {
        let node = try ConfigNode.parse(#"{"objective": "\#(objective)", "optimizer": "adam"}"#, file: "test.json")
        let resolved = try ConfigReader.decode(AdversarialConfiguration.self, from: node).resolved
        #expect(try ConfigReader.decode(AdversarialConfiguration.self, from: resolved).resolved == resolved)
    }

    @Test func settingsHaveASchema() throws {
        let schema = try JSONSchema.describe(AdversarialConfiguration.self, title: "Training", id: "test")
        let keys = schema["properties"]?.object?.keys ?? []
        for key in ["objective", "optimizer", "optimizers", "updates", "latent", "batchSize"] {
            #expect(keys.contains(key))
        }
        #expect(schema["required"]?.array?.compactMap(\.string) == ["objective"])
    }

    @Test func programsMayRegisterObjectivesOfTheirOwn() async {
        // In a process of its own: the registry is the whole program's.
        await #expect(processExitsWith: .success) {
            AdversarialConfiguration.registry.register(Hinge.name, "A test's own.") { _ in Hinge() }
            let configuration = try adversarial(
                #"{"objective": "test-hinge", "optimizer": "adam", "latent": {"size": 3}}"#)
            let setting = try AdversarialSetting(
                generator: network("generator", #"[{"type": "linear", "features": 2}]"#, input: [3]),
                discriminator: network("discriminator", #"[{"type": "linear", "features": 1}]"#, input: [2]),
                imageShape: [2], configuration: configuration)
            try #require(try setting.phases().count == 1)
        }
    }
}

private struct Hinge: AlternatingObjective {
    static let name = "test-hinge"
    let alternation = Alternation()
    let scores = ScoreKind.unbounded
    func discriminatorLoss(_ pass: DiscriminatorPass) -> Value {
        hingeDiscriminatorLoss(pass.graph, real: pass.realScores, generated: pass.generatedScores)
    }
    func generatorLoss(scores: Value, in graph: ComputeGraph) -> Value {
        hingeGeneratorLoss(graph, generated: scores)
    }
}
