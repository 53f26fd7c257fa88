import AgonAdversarial
import AgonGraph
import AgonLayers
import AgonTensors
import Foundation
import Testing

@Suite struct EnsembleTests {
    private func gan(
        copies: Int, discriminators: [String] = [#"[{"type": "linear", "features": 1}]"#], seed: UInt64 = 3
    ) throws -> GANNetworks {
        try game(
            #"{"objective": "gan", "optimizer": "sgd", "latent": {"size": 3}, "ensemble": {"copies": \#(copies)}}"#,
            discriminators: discriminators, seed: seed
        ).gan
    }

    @Test func copiesHaveWeightsOfTheirOwnWhichFollowFromTheSeed() throws {
        func weights(_ seed: UInt64) throws -> [[Float]] {
            try gan(copies: 5, seed: seed).discriminators.map { $0.variables.flatMap(\.values) }
        }
        let first = try weights(3)
        #expect(Set(first).count == 5)
        #expect(try weights(3) == first)
        #expect(try Set(weights(4)).isDisjoint(with: first))
    }

    @Test func oneDiscriminatorHasAPlainNameAndSeveralAreCounted() throws {
        #expect(try gan(copies: 1).discriminators.map(\.name) == ["discriminator"])
        #expect(try gan(copies: 2).discriminators.map(\.name) == ["discriminators.0", "discriminators.1"])
    }

    @Test func eachOfSeveralKindsHasItsCopies() throws {
        let kinds = [
            #"[{"type": "linear", "features": 1}]"#,
            #"[{"type": "linear", "features": 4}, "leakyReLU", {"type": "linear", "features": 1}]"#,
        ]
        let found = try gan(copies: 2, discriminators: kinds).discriminators
        #expect(found.map(\.layers.count) == [1, 3, 1, 3])
        #expect(found.map(\.name) == (0..<4).map { "discriminators.\($0)" })
        #expect(found[3].layers[0].path == "discriminators[1].layers[0]")
    }

    @Test func eachDiscriminatorIsMovedByItsOwnLoss() throws {
        let setting = try game(
            """
            {"objective": {"type": "gan", "latents": "fresh"}, "optimizer": {"type": "sgd", "learningRate": 0.3},
             "batchSize": 6, "latent": {"size": 3}, "ensemble": {"copies": 2}}
            """, recorded: true)
        let side = setting.gan.sides[0]
        var references = side.discriminators.map { LinearGame(side.generator, $0, rate: 0.3) }
        let training = try RunningTraining(setting)
        let (real, z) = (rows(6, 2, "real", shift: 2), (g: rows(6, 3, "g"), d: rows(6, 3, "d")))
        training.iterate { _, _ in
            ["real": real.flat, "latent.generator": z.g.flat, "latent.discriminator": z.d.flat]
        }
        // Both see images of the generator as it is after its update.
        let moved = LinearGame(side.generator, side.discriminators[0], rate: 0.3)
        for index in references.indices {
            let made = moved.points(z.d.rows)
            let loss =
                (references[index].scores(real.rows).map { softplus(-$0) }.mean
                    + references[index].scores(made).map(softplus).mean) / 2
            expectClose(
                [try training.scalar("loss.discriminator.\(index)")], [Float(loss)], within: 1e-5, "loss \(index)")
            references[index].moveDiscriminator([
                references[index].discriminatorGradient(
                    real.rows, references[index].scores(real.rows).map { -sigmoid(-$0) / 12 }),
                references[index].discriminatorGradient(made, references[index].scores(made).map { sigmoid($0) / 12 }),
            ])
            expectClose(
                LinearGame.values(of: side.discriminators[index]), references[index].discriminatorValues, within: 1e-5,
                "discriminator \(index)")
        }
    }
}
