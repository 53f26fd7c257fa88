import AgonAdversarial
import AgonGraph
import AgonLayers
import AgonTensors
import Testing

@Suite struct ConditionedGenerationTests {
    private func setting(
        _ objective: String = #""lsgan""#, task: String, size: Int, batchSize: Int = 6, recorded: Bool = true
    ) throws -> AdversarialSetting {
        try game(
            """
            {"objective": \(objective), "optimizer": {"type": "sgd", "learningRate": 0.1}, "batchSize": \(batchSize),
             "latent": {"size": 3}, "task": \(task)}
            """, generator: #"["condition", {"type": "linear", "features": 2}]"#,
            discriminators: [#"["condition", {"type": "linear", "features": 1}]"#],
            data: DataShapes(sample: [2], condition: [size]), recorded: recorded)
    }

    @Test(arguments: [(#"{"type": "generation", "labels": 3}"#, 3), (#"{"type": "generation", "embedding": 5}"#, 5)])
    func conditionsReachBothNetworks(task: String, size: Int) throws {
        let setting = try setting(task: task, size: size)
        let side = setting.gan.sides[0]
        let reference = LinearGame(side.generator, side.discriminators[0], rate: 0.1)
        let condition =
            task.contains("labels") ? oneHot(6, classes: size) : rows(6, size, "embedding").flat
        let conditions = pixels(condition, channels: size)
        let (real, z) = (rows(6, 2, "real", shift: 1), rows(6, 3, "z"))
        let training = try RunningTraining(setting)
        training.iterate { _, _ in ["real": real.flat, "latent": z.flat, "condition": condition] }
        func joined(_ rows: LinearGame.Rows) -> LinearGame.Rows { zip(rows, conditions).map { $0 + $1 } }
        let made = reference.points(joined(z.rows))
        for (name, points) in [("score.real", real.rows), ("score.generated", made)] {
            expectClose(
                [try training.scalar(name)], [Float(reference.scores(joined(points)).mean)], within: 1e-5, name)
        }
    }

    @Test(arguments: SelfGANForm.allCases) func shardsTakeTheirPartOfTheConditions(form: SelfGANForm) throws {
        func objective(_ shards: Int) -> String {
            #"{"type": "selfgan", "form": "\#(form.rawValue)", "shards": \#(shards)}"#
        }
        let task = #"{"type": "generation", "labels": 3}"#
        let whole = try setting(objective(2), task: task, size: 3)
        let (real, z) = (rows(6, 2, "real", shift: 1).flat, rows(6, 3, "z").flat)
        // Uneven labels: a shard of the other's labels has another loss.
        let labels = oneHot(3, classes: 3) + oneHot(1, classes: 3) + oneHot(1, classes: 3) + oneHot(1, classes: 3)
        let training = try RunningTraining(whole)
        training.iterate { _, _ in ["real": real, "latent": z, "condition": labels] }
        let parts = try (0..<2).map { part in
            let half = try RunningTraining(setting(objective(1), task: task, size: 3, batchSize: 3))
            func slice(_ values: [Float]) -> [Float] {
                Array(values[part * values.count / 2..<(part + 1) * values.count / 2])
            }
            half.iterate { _, _ in ["real": slice(real), "latent": slice(z), "condition": slice(labels)] }
            return try half.scalar("loss")
        }
        #expect(parts[0] != parts[1])
        expectClose([try training.scalar("loss")], [parts[0] + parts[1]], within: 1e-6, "loss")
        #expect(try training.state("previous_condition").values == labels)
    }

    @Test(arguments: ["gan", "wgan-gp", "selfgan"]) func conditionsOfAllUpdatesAreThoseOfTheirBatch(
        objective: String
    ) throws {
        let setting = try setting(
            "\"\(objective)\"", task: #"{"type": "generation", "labels": 3}"#, size: 3, recorded: false)
        for phase in try setting.phases() { #expect(phase.uses(.condition) && phase.usesBatch) }
        let training = try RunningTraining(setting)
        for _ in 0..<3 { training.iterate() }
        #expect(training.isFinite)
    }

    @Test func lossesOfTheGeneratorsLayersJoinItsLoss() throws {
        let text = """
            {"objective": "gan", "optimizer": "sgd", "batchSize": 4, "latent": {"size": 3},
             "task": {"type": "generation", "embedding": 5}}
            """
        let setting = try game(
            text,
            generator: """
                [{"type": "condition", "features": 2, "augmentation": {"divergence": 3}}, {"type": "linear", "features": 2}]
                """, discriminators: [#"["condition", {"type": "linear", "features": 1}]"#],
            data: DataShapes(sample: [2], condition: [5]))
        let training = try RunningTraining(setting)
        training.iterate { phase, step in
            madeUpInputs(phase, step).merging(["condition": rows(4, 5, "embedding").flat]) { $1 }
        }
        let divergence = try training.scalar("loss.generator.0.divergence")
        #expect(divergence > 0)
        expectClose(
            [try training.scalar("loss.generator")], [try training.scalar("loss.adversarial") + divergence],
            within: 1e-6, "generator")
    }
}
