import AgonAdversarial
import AgonGraph
import AgonTensors
import Testing

@Suite struct WassersteinTrainingTests {
    @Test func aGeneratorOfPointsComesCloserToTheData() throws {
        let generator = try network(
            "generator", #"[{"type": "linear", "features": 32}, "leakyReLU", {"type": "linear", "features": 2}]"#,
            input: [2])
        let discriminator = try network(
            "discriminator",
            #"""
            [{"type": "linear", "features": 32}, "leakyReLU", {"type": "linear", "features": 32}, "leakyReLU",
             {"type": "linear", "features": 1}]
            """#, input: [2])
        let setting = try AdversarialSetting(
            generator: generator, discriminator: discriminator, imageShape: [2],
            configuration: adversarial(
                """
                {"objective": {"type": "wgan-gp", "gradientPenalty": 1}, "batchSize": 64, "latent": {"size": 2},
                 "optimizer": {"type": "adam", "learningRate": 3e-3, "beta1": 0.5}}
                """))
        let training = try RunningTraining(setting)
        func distance() throws -> Double {
            let z = rows(512, 2, "probe").flat
            let sampling = try RunningGraph(samplingGraph(generator, count: 512))
            sampling.run(["latent": z])
            let images = try sampling.values("images").map(Double.init)
            let x = stride(from: 0, to: images.count, by: 2).map { images[$0] }.mean - 3
            let y = stride(from: 1, to: images.count, by: 2).map { images[$0] }.mean + 2
            return (x * x + y * y).squareRoot()
        }
        #expect(try distance() > 2.5)
        var run = 0
        var estimates: [Float] = []
        for _ in 0..<200 {
            training.iterate { phase, _ in
                guard phase.uses(.real) else { return [:] }
                run += 1
                let noise = rows(64, 2, "real \(run)").flat
                return ["real": noise.enumerated().map { 0.3 * $1 + ($0 % 2 == 0 ? 3 : -2) }]
            }
            estimates.append(try training.scalar("distance"))
        }
        #expect(run == 1000)
        // The data lie around (3, -2), 3.6 from where the generator starts.
        #expect(try distance() < 0.5)
        let largest = try #require(estimates.max())
        #expect(abs(estimates[180...].map(Double.init).mean) < 0.3 * Double(largest))
    }
}
