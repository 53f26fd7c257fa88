import AgonAdversarial
import AgonGraph
import AgonLayers
import AgonTensors
import Testing

@Suite struct TranslationTests {
    static let data = DataShapes(sample: [2, 3, 1], condition: [2, 3, 2])

    private func setting(_ objective: String, reconstruction: Double = 7, batchSize: Int = 4) throws
        -> AdversarialSetting
    {
        try game(
            """
            {"objective": \(objective), "optimizer": {"type": "sgd", "learningRate": 0.01}, "batchSize": \(batchSize),
             "task": {"type": "translation", "reconstruction": \(reconstruction)}}
            """, generator: PixelNetwork.generator, discriminators: [PixelNetwork.generator], data: Self.data)
    }

    private func images(_ run: Int, batchSize: Int = 4) -> (real: [Float], condition: [Float]) {
        (rows(batchSize * 6, 1, "real \(run)").flat, rows(batchSize * 6, 2, "condition \(run)").flat)
    }

    @Test func networksReadWhatTheDataHave() throws {
        let gan = try setting(#""lsgan""#).gan
        #expect(gan.generators[0].inputShape == [2, 3, 2] && gan.generators[0].outputShape == [2, 3, 1])
        #expect(gan.discriminators[0].inputShape == [2, 3, 3])
    }

    @Test func theDiscriminatorSeesImageAndCondition() throws {
        let setting = try setting(#""lsgan""#)
        let (generator, discriminator) = (
            PixelNetwork(setting.gan.generators[0]), PixelNetwork(setting.gan.discriminators[0])
        )
        let training = try RunningTraining(setting)
        let (real, condition) = images(0)
        training.iterate { _, _ in ["real": real, "condition": condition] }
        let conditions = pixels(condition, channels: 2)
        let (target, made) = (pixels(real, channels: 1).map { $0[0] }, generator(conditions))
        func score(_ images: [Double]) -> Double { discriminator(zip(images, conditions).map { [$0] + $1 }).mean }
        expectClose([try training.scalar("score.real")], [Float(score(target))], within: 1e-5, "real")
        expectClose([try training.scalar("score.generated")], [Float(score(made))], within: 1e-5, "generated")
        let distance = try training.scalar("loss.reconstruction")
        expectClose([distance], [Float(7 * meanDistance(target, made))], within: 1e-5, "reconstruction")
        expectClose(
            [try training.scalar("loss.generator")], [try training.scalar("loss.adversarial") + distance], within: 1e-6,
            "generator")
    }

    @Test func withoutWeightThereIsNoDistance() throws {
        let training = try RunningTraining(setting(#""lsgan""#, reconstruction: 0))
        #expect(!training.outputNames.contains("loss.reconstruction"))
    }

    @Test(arguments: ["gan", "hinge", "wgan-gp", "lsgan"]) func itTrainsUnderOtherObjectives(objective: String) throws {
        let setting = try setting("\"\(objective)\"")
        let training = try RunningTraining(setting)
        training.iterate()
        let first = try training.scalar("loss.reconstruction")
        for _ in 0..<60 { training.iterate() }
        #expect(try training.scalar("loss.reconstruction") < first)
        #expect(training.isFinite)
    }

    @Test(arguments: [1, 2]) func thePreviousPairOfASelfGANKeepsItsCondition(shards: Int) throws {
        let setting = try setting(#"{"type": "selfgan", "loss": "least-squares", "shards": \#(shards)}"#)
        let training = try RunningTraining(setting)
        var pair: (made: [Double], conditions: [[Double]]) = (
            [Double](repeating: 0, count: 24), [[Double]](repeating: [0, 0], count: 24)
        )
        for run in 0..<3 {
            let (real, condition) = images(run)
            let (generator, discriminator) = (
                PixelNetwork(setting.gan.generators[0]), PixelNetwork(setting.gan.discriminators[0])
            )
            training.iterate { _, _ in ["real": real, "condition": condition] }
            let expected = discriminator(zip(pair.made, pair.conditions).map { [$0] + $1 }).mean
            #expect(abs(Double(try training.scalar("score.previous")) - expected) < 1e-5)
            pair.conditions = pixels(condition, channels: 2)
            pair.made = generator(pair.conditions)
            expectClose(
                try training.state("previous_images").values, pair.made.map { Float($0) }, within: 1e-5, "images")
            #expect(try training.state("previous_condition").values == condition)
        }
    }
}
