import AgonAdversarial
import AgonGraph
import AgonTensors
import Testing

@Suite struct ClippedCriticTests {
    static let batch = 6

    @Test func weightsAreClippedAfterEachUpdateAndOtherwiseThoseComputedByHand() throws {
        let setting = try game(
            """
            {"objective": {"type": "wgan", "clip": 0.2}, "batchSize": \(Self.batch), "latent": {"size": 3},
             "optimizer": {"type": "sgd", "learningRate": 0.05}, "updates": {"discriminator": 4, "generator": 1}}
            """, recorded: true)
        let side = setting.gan.sides[0]
        var reference = LinearGame(side.generator, side.discriminators[0], rate: 0.05)
        let training = try RunningTraining(setting)
        #expect(training.phases.map(\.phase.name) == ["discriminator", "generator"])
        var run = 0
        let share = 1 / Double(Self.batch)
        training.iterate { phase, _ in
            defer { run += 1 }
            guard phase.uses(.real) else { return ["latent.generator": rows(Self.batch, 3, "g").flat] }
            return [
                "real": rows(Self.batch, 2, "real \(run)", shift: run < 2 ? 3 : -1).flat,
                "latent.discriminator": rows(Self.batch, 3, "d \(run)").flat,
            ]
        }
        var wasClipped = false
        for run in 0..<4 {
            let real = rows(Self.batch, 2, "real \(run)", shift: run < 2 ? 3 : -1).rows
            let made = reference.points(rows(Self.batch, 3, "d \(run)").rows)
            reference.moveDiscriminator([
                reference.discriminatorGradient(real, real.map { _ in -share }),
                reference.discriminatorGradient(made, made.map { _ in share }),
            ])
            wasClipped = wasClipped || (reference.v + [reference.c]).contains { abs($0) > 0.2 }
            // Clipping the fourth update alone would end elsewhere: the data change sides in between.
            reference.v = reference.v.map { min(max($0, -0.2), 0.2) }
            reference.c = min(max(reference.c, -0.2), 0.2)
        }
        #expect(wasClipped && reference.v.contains { abs($0) < 0.2 })
        reference.moveGenerator(
            reference.generatorGradient(
                rows(Self.batch, 3, "g").rows, [Double](repeating: -share, count: Self.batch)))
        let tolerance: Float = 1e-5
        expectClose(
            LinearGame.values(of: side.discriminators[0]), reference.discriminatorValues, within: tolerance, "critic")
        expectClose(LinearGame.values(of: side.generator), reference.generatorValues, within: tolerance, "generator")
    }

    @Test func runningStatisticsAreNotClipped() throws {
        let setting = try game(
            #"{"objective": "wgan", "batchSize": 6, "latent": {"size": 3}, "optimizer": "rmsprop"}"#,
            discriminators: [#"["batchNorm", {"type": "linear", "features": 1}]"#])
        let training = try RunningTraining(setting)
        training.iterate { phase, _ in phase.uses(.real) ? ["real": rows(6, 2, "real", shift: 4).flat] : [:] }
        let critic = setting.gan.discriminators[0]
        #expect(critic.parameters.allSatisfy { $0.values.allSatisfy { abs($0) <= 0.01 } })
        #expect(critic.statistics.contains { $0.values.contains { abs($0) > 0.1 } })
    }

    @Test func withoutABoundAPenaltyHoldsTheCritic() throws {
        let setting = try game(
            """
            {"objective": {"type": "wgan", "clip": 0}, "penalty": "gradient-penalty", "batchSize": 6,
             "latent": {"size": 3}, "optimizer": {"type": "sgd", "learningRate": 0.05}}
            """)
        let critic = setting.gan.discriminators[0].parameters[0]
        critic.values = [3, 4]
        let training = try RunningTraining(setting)
        for _ in 0..<30 { training.iterate() }
        #expect(abs(critic.values.map { $0 * $0 }.reduce(0, +).squareRoot() - 1) < 0.3)
    }
}
