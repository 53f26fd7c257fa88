import AgonAdversarial
import AgonConfiguration
import AgonExperiments
import AgonGraph
import AgonLayers
import AgonTensors
import AgonTestSupport
import AgonTraining
import Testing

/// Updates until a loss is low enough, as training runs them.
@Suite struct UpdateRuleTrainingTests {
    private func prepared(_ overrides: String...) throws -> TrainingSetup {
        let settings = [
            "objective=gan", "discriminator.layers=[{\"type\": \"linear\", \"features\": 1}]", "seed=5",
            "optimizer.beta1=0.9", "optimizer.learningRate=0.05",
        ]
        try BLAS.open()
        let experiment = try Experiment(
            ConfigNode.parse(TinyExperiment.text, file: "tiny.json").applying(settings + overrides))
        return try TrainingSetup(experiment, options: TinyExperiment.options("unused"))
    }

    private func weights(_ training: TrainingSetup) -> [[Float]] {
        training.networks.gan.all.flatMap(\.variables).map(\.values)
    }

    private func updates(_ training: TrainingSetup) throws -> [Float] {
        try #require(training.step.variables.first { $0.name == "updates.discriminator" }).values
    }

    private static func rule(_ bound: Double, limit: Int) -> String {
        #"tricks.updateRule={"discriminatorAbove": \#(bound), "limit": \#(limit)}"#
    }

    @Test func aBoundNeverReachedGivesTheLimitOfUpdates() throws {
        let ruled = try prepared(Self.rule(-1, limit: 3))
        let fixed = try prepared(#"updates={"discriminator": 3}"#, #"objective={"type": "gan", "latents": "fresh"}"#)
        for iteration in 0..<4 {
            try ruled.step.run(iteration, inputs: ruled.inputs)
            try fixed.step.run(iteration, inputs: fixed.inputs)
        }
        #expect(try updates(ruled) == [12])
        #expect(weights(ruled) == weights(fixed))
    }

    @Test func aLowLossStopsTheUpdatesWhichAdamCountsAsMade() throws {
        let ruled = try prepared(Self.rule(1000, limit: 3))
        for iteration in 0..<4 { try ruled.step.run(iteration, inputs: ruled.inputs) }
        #expect(try updates(ruled) == [4])

        // The same by hand: the first of three batches each time, Adam's correction by the updates made.
        let other = try prepared(Self.rule(1000, limit: 3))
        let pool = WorkerPool(threads: 1)
        let phases = try other.networks.phases.map {
            ($0, try CompiledStep($0.graph, name: $0.name, pool: pool, seed: 5))
        }
        for iteration in 0..<4 {
            for (phase, step) in phases {
                let run = iteration * phase.repeats
                let inputs = try other.inputs.values(for: phase, batch: 3 * iteration, run: run)
                step.run(inputs: inputs, index: run, updates: iteration)
            }
        }
        #expect(weights(ruled) == weights(other))

        // Counting iterations times the limit instead would end elsewhere.
        let wrong = try prepared(Self.rule(1000, limit: 3))
        let steps = try wrong.networks.phases.map {
            ($0, try CompiledStep($0.graph, name: $0.name, pool: pool, seed: 5))
        }
        for iteration in 0..<4 {
            for (phase, step) in steps {
                let run = iteration * phase.repeats
                step.run(
                    inputs: try wrong.inputs.values(for: phase, batch: 3 * iteration, run: run), index: run,
                    updates: run)
            }
        }
        #expect(weights(ruled) != weights(wrong))
    }

    @Test func theCountIsPartOfWhatACheckpointHolds() throws {
        let training = try prepared(Self.rule(0.6, limit: 4))
        #expect(training.step.variables.map(\.name) == ["updates.discriminator"])
        #expect(training.step.variables.allSatisfy { $0.role == .loopState })
    }
}
