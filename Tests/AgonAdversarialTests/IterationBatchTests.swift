import AgonGraph
import AgonLayers
import AgonTensors
import Testing

@testable import AgonAdversarial

/// One batch of latents and of real samples for all updates of an iteration.
@Suite struct IterationBatchTests {
    private func setting(recorded: Bool = true, layers: String = "") throws -> AdversarialSetting {
        try game(
            """
            {"objective": {"type": "gan", "discriminatorLoss": "sum", "order": "discriminator-first",
                           "latents": "per-iteration"},
             "optimizer": {"type": "sgd", "learningRate": 0.3}, "batchSize": 6, "latent": {"size": 3},
             "updates": {"discriminator": 1, "generator": 3}}
            """,
            generator: "[{\"type\": \"linear\", \"features\": 2}\(layers)]", recorded: recorded)
    }

    @Test func updatesAndReportsAreOnOneBatch() throws {
        let setting = try setting()
        let side = setting.gan.sides[0]
        var reference = LinearGame(side.generator, side.discriminators[0], rate: 0.3)
        let training = try RunningTraining(setting)
        #expect(training.phases.map(\.phase.name) == ["batch", "discriminator", "generator", "report"])
        #expect(training.phases.map(\.phase.repeats) == [1, 1, 3, 1])
        #expect(training.phases.map(\.phase.usesBatch) == [true, false, false, false])
        for iteration in 0..<2 {
            let (real, z) = (rows(6, 2, "real \(iteration)", shift: 2), rows(6, 3, "z \(iteration)"))
            training.iterate { phase, _ in phase.name == "batch" ? ["real": real.flat, "latent": z.flat] : [:] }
            reference.moveDiscriminator([
                reference.discriminatorGradient(
                    real.rows, reference.scores(real.rows).map { -sigmoid(-$0) / 6 }),
                reference.discriminatorGradient(
                    reference.points(z.rows), reference.scores(reference.points(z.rows)).map { sigmoid($0) / 6 }),
            ])
            for _ in 0..<3 {
                let slopes = reference.scores(reference.points(z.rows)).map { -sigmoid(-$0) / 6 }
                reference.moveGenerator(reference.generatorGradient(z.rows, slopes))
            }
            let scores = reference.scores(reference.points(z.rows))
            expectClose(
                [try training.scalar("loss.generator")], [Float(scores.map { softplus(-$0) }.mean)], within: 1e-5,
                "loss of the generator")
            let discriminator = reference.scores(real.rows).map { softplus(-$0) }.mean + scores.map(softplus).mean
            expectClose(
                [try training.scalar("loss.discriminator")], [Float(discriminator)], within: 1e-5,
                "loss of the discriminator")
        }
        expectClose(
            LinearGame.values(of: side.generator), reference.generatorValues, within: 1e-5, "generator")
        expectClose(
            LinearGame.values(of: side.discriminators[0]), reference.discriminatorValues, within: 1e-5,
            "discriminator")
        #expect(training.scalars.count { $0.name == "loss.generator" } == 1)
    }

    @Test func reportingMovesNoVariable() throws {
        let setting = try setting(recorded: false, layers: ", \"batchNorm\"")
        let training = try RunningTraining(setting)
        training.iterate()
        let report = try #require(training.phases.last)
        let variables = setting.gan.all.flatMap(\.variables)
        let before = variables.map(\.values)
        report.running.run()
        for (variable, values) in zip(variables, before) { #expect(variable.values == values, "\(variable.name)") }
    }
}
