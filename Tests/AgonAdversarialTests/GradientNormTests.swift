import AgonAdversarial
import AgonGraph
import AgonLayers
import AgonTensors
import Testing

@Suite struct GradientNormTests {
    static let batch = 5

    private func setting(_ objective: String, copies: Int = 1, norms: Bool = true) throws -> AdversarialSetting {
        let combination = #""sum""#
        return try game(
            """
            {"objective": \(objective), "optimizer": {"type": "sgd", "learningRate": 0.1}, "batchSize": \(Self.batch),
             "latent": {"size": 3}, "ensemble": {"copies": \(copies), "combination": \(combination)}}
            """, recorded: true, norms: norms)
    }

    private func length(_ numbers: [Double]) -> Float { Float(numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()) }

    @Test func theyAreReportedWhenAskedForAlone() throws {
        for objective in [#""gan""#, #""wgan""#, #""selfgan""#] {
            for norms in [false, true] {
                let names = try RunningTraining(setting(objective, copies: 2, norms: norms)).outputNames
                let expected = norms ? ["gradientNorm.discriminator", "gradientNorm.generator"] : []
                #expect(names.filter { $0.hasPrefix("gradientNorm") }.sorted() == expected)
            }
        }
    }

    @Test func theyAreThoseComputedByHand() throws {
        let setting = try setting(#"{"type": "lsgan", "latents": "fresh"}"#)
        let side = setting.gan.sides[0]
        var reference = LinearGame(side.generator, side.discriminators[0], rate: 0.1)
        let z = (generator: rows(Self.batch, 3, "g"), discriminator: rows(Self.batch, 3, "d"))
        let real = rows(Self.batch, 2, "real", shift: 1)
        let training = try RunningTraining(setting)
        training.iterate { _, _ in
            ["real": real.flat, "latent.generator": z.generator.flat, "latent.discriminator": z.discriminator.flat]
        }
        let n = Double(Self.batch)
        let g = reference.generatorGradient(
            z.generator.rows, reference.scores(reference.points(z.generator.rows)).map { ($0 - 1) / n })
        expectClose(
            [try training.scalar("gradientNorm.generator")], [length(g.w.flatMap { $0 } + g.b)], within: 1e-5, "G")
        reference.moveGenerator(g)
        let made = reference.points(z.discriminator.rows)
        let parts = [
            reference.discriminatorGradient(real.rows, reference.scores(real.rows).map { ($0 - 1) / n }),
            reference.discriminatorGradient(made, reference.scores(made).map { $0 / n }),
        ]
        let slope = zip(parts[0].v, parts[1].v).map { $0 + $1 } + [parts[0].c + parts[1].c]
        expectClose([try training.scalar("gradientNorm.discriminator")], [length(slope)], within: 1e-5, "D")
    }

    @Test func theLargestOfSeveralDiscriminatorsIsReported() throws {
        // SGD at rate 0.1 moves each parameter by a tenth of its gradient.
        let setting = try setting(#"{"type": "gan", "latents": "fresh"}"#, copies: 3)
        func weights(_ networks: [Network]) -> [[Double]] {
            networks.map { $0.parameters.flatMap(\.values).map(Double.init) }
        }
        let before = (weights(setting.gan.discriminators), weights(setting.gan.generators))
        let training = try RunningTraining(setting)
        training.iterate()
        func moves(_ old: [[Double]], _ new: [[Double]]) -> [Float] {
            zip(old, new).map { length(zip($0, $1).map { ($0 - $1) / 0.1 }) }
        }
        let judges = moves(before.0, weights(setting.gan.discriminators))
        #expect(Set(judges).count == 3)
        expectClose(
            [try training.scalar("gradientNorm.discriminator")], [try #require(judges.max())], within: 1e-4, "D")
        expectClose(
            [try training.scalar("gradientNorm.generator")], moves(before.1, weights(setting.gan.generators)),
            within: 1e-4, "G")
    }

    @Test func oneStepForAllNetworksStatesThemApart() throws {
        let setting = try setting(#""selfgan""#)
        let before = setting.gan.all.map { $0.parameters.flatMap(\.values) }
        let training = try RunningTraining(setting)
        training.iterate()
        let moves = zip(before, setting.gan.all).map { old, network in
            length(zip(old, network.parameters.flatMap(\.values)).map { (Double($0) - Double($1)) / 0.1 })
        }
        expectClose([try training.scalar("gradientNorm.generator")], [moves[0]], within: 1e-4, "G")
        expectClose([try training.scalar("gradientNorm.discriminator")], [moves[1]], within: 1e-4, "D")
    }
}
