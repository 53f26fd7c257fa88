import AgonAdversarial
import AgonGraph
import AgonLayers
import AgonTensors
import Foundation
import Testing

@Suite struct SelfGANTrainingTests {
    static let batch = 8

    /// A SelfGAN of small networks on 2-D points.
    private func setting(
        form: String = "gpu-paper", shards: Int = 1, generator: Network, discriminator: Network, rate: Double = 0.2,
        randomNumbersAreInputs: Bool = true
    ) throws -> AdversarialSetting {
        try AdversarialSetting(
            generator: generator, discriminator: discriminator, imageShape: [2],
            configuration: adversarial(
                """
                {"objective": {"type": "selfgan", "form": "\(form)", "shards": \(shards)}, "batchSize": \(Self.batch),
                 "latent": {"size": 3}, "optimizer": {"type": "sgd", "learningRate": \(rate)}}
                """),
            randomNumbersAreInputs: randomNumbersAreInputs)
    }

    private func linearNetworks() throws -> (Network, Network) {
        (
            try network("generator", #"[{"type": "linear", "features": 2}]"#, input: [3]),
            try network("discriminator", #"[{"type": "linear", "features": 1}]"#, input: [2])
        )
    }

    /// The loss and its derivatives by the scores of one shard, from the table of forms.
    private func slopes(
        _ form: SelfGANForm, _ gen: [Double], _ real: [Double], _ previous: [Double]
    ) -> (loss: Double, gen: [Double], real: [Double], previous: [Double]) {
        func loss(_ gen: [Double], _ real: [Double], _ previous: [Double]) -> Double {
            let lg = gen.map { softplus(-$0) }.mean
            let lr = real.map { softplus(-$0) }.mean
            let lf = previous.map { softplus($0) }.mean
            let pg = gen.map(sigmoid).mean
            let pr = real.map(sigmoid).mean
            let pf = previous.map(sigmoid).mean
            switch form {
            case .gpuPaper: return (lr + 0.1 * lg * lg + 0.9 * lf * lf) / 2
            case .gpuCode: return (lr + 0.1 * (1 - pg) * lg + 0.9 * pf * lf) / 2
            case .tpuPaper: return (lr * lr + lg * lg + lf * lf) / (lr + lg + lf)
            case .tpuKeras:
                let (vr, vg, vf) = (1 - pr, 1 - pg, pf)
                // Single precision's nearest number to 1 - 1e-7 is 1 - 2^-23.
                let (ofReal, ofFalse) = (23 * log(2.0), 7 * log(10.0))
                return (ofReal * (vr * vr + vg * vg) + ofFalse * vf * vf) / (vr + vg + vf)
            case .tpuCode: return ((1 - pr) * lr + (1 - pg) * lg + pf * lf) / ((1 - pr) + (1 - pg) + pf)
            }
        }
        // Central differences in Double: exact to about 1e-10 here.
        func slope(_ values: [Double], _ loss: ([Double]) -> Double) -> [Double] {
            values.indices.map { index in
                var (up, down) = (values, values)
                up[index] += 1e-5
                down[index] -= 1e-5
                return (loss(up) - loss(down)) / 2e-5
            }
        }
        return (
            loss(gen, real, previous), slope(gen) { loss($0, real, previous) }, slope(real) { loss(gen, $0, previous) },
            slope(previous) { loss(gen, real, $0) }
        )
    }

    @Test(arguments: SelfGANForm.allCases, [1, 2, 4])
    func weightsAreThoseComputedByHand(form: SelfGANForm, shards: Int) throws {
        let (generator, discriminator) = try linearNetworks()
        let training = try RunningTraining(
            setting(form: form.rawValue, shards: shards, generator: generator, discriminator: discriminator))
        var game = LinearGame(generator, discriminator, rate: 0.2)
        var previous = LinearGame.Rows(repeating: [0, 0], count: Self.batch)
        for iteration in 0..<3 {
            let (real, z) = (rows(Self.batch, 2, "real \(iteration)", shift: 1), rows(Self.batch, 3, "z \(iteration)"))
            training.iterate { _, _ in ["real": real.flat, "latent": z.flat] }

            let made = game.points(z.rows)
            var dGen: [Double] = []
            var dReal: [Double] = []
            var dPrevious: [Double] = []
            var total = 0.0
            let size = Self.batch / shards
            for first in stride(from: 0, to: Self.batch, by: size) {
                func part(_ rows: LinearGame.Rows) -> [Double] { game.scores(Array(rows[first..<first + size])) }
                let shard = slopes(form, part(made), part(real.rows), part(previous))
                total += shard.loss
                dGen += shard.gen
                dReal += shard.real
                dPrevious += shard.previous
            }
            expectClose([try training.scalar("loss")], [Float(total)], within: 1e-5, "loss")
            let moves = [
                game.discriminatorGradient(made, dGen), game.discriminatorGradient(real.rows, dReal),
                game.discriminatorGradient(previous, dPrevious),
            ]
            let generatorMove = game.generatorGradient(z.rows, dGen)
            game.moveDiscriminator(moves)
            game.moveGenerator(generatorMove)
            previous = made
        }
        expectClose(LinearGame.values(of: generator), game.generatorValues, within: 1e-5, "generator")
        expectClose(LinearGame.values(of: discriminator), game.discriminatorValues, within: 1e-5, "discriminator")
    }

    static let deep = (
        generator: """
        [{"type": "linear", "features": 16}, "batchNorm", "leakyReLU", {"type": "linear", "features": 2}]
        """,
        discriminator: """
        [{"type": "linear", "features": 16}, "leakyReLU", {"type": "dropout", "rate": 0.3}, "batchNorm",
         {"type": "linear", "features": 1}]
        """
    )

    @Test func previousImagesAreThoseOfTheLastStep() throws {
        let generator = try network("generator", Self.deep.generator, input: [3])
        let discriminator = try network("discriminator", Self.deep.discriminator, input: [2])
        let setting = try setting(shards: 2, generator: generator, discriminator: discriminator)
        let phase = try #require(try setting.phases().first)
        let previous = try #require(phase.graph.variables.first { $0.name == "previous_images" })
        #expect(previous.role == .loopState && previous.values.allSatisfy { $0 == 0 })
        let before = generator.variables.map(\.values)
        let running = try RunningGraph(phase.graph)
        let z = rows(Self.batch, 3, "z").flat
        running.run(madeUpInputs(phase, running.step).merging(["latent": z]) { $1 })

        // The same images from the weights before the step: batch norm takes each shard's statistics.
        for (variable, values) in zip(generator.variables, before) { variable.values = values }
        let graph = ComputeGraph()
        let latents = graph.input("latent", shape: [Self.batch, 3])
        let halves = try [0, 4].map { start in
            try setting.samples(
                of: generator, from: graph.slice(latents, axis: 0, start: start, count: 4), call: "\(start)", in: graph)
        }
        graph.output("images", graph.concatenate(halves, axis: 0))
        let sampling = try RunningGraph(graph)
        sampling.run(["latent": z])
        expectClose(previous.values, try sampling.values("images"), within: 1e-6, "previous images")
    }

    @Test func previousImagesOfImagesAreExchangedChannelFirst() throws {
        let generator = try network(
            "generator", #"[{"type": "linear", "features": 32}, {"type": "reshape", "shape": [4, 4, 2]}]"#, input: [3])
        let discriminator = try network(
            "discriminator", #"["flatten", {"type": "linear", "features": 1}]"#, input: [4, 4, 2])
        let setting = try AdversarialSetting(
            generator: generator, discriminator: discriminator, imageShape: [4, 4, 2],
            configuration: adversarial(
                #"{"objective": "selfgan", "optimizer": "adam", "batchSize": 5, "latent": {"size": 3}}"#))
        let previous = try #require(try setting.phases()[0].graph.variables.first { $0.role == .loopState })
        #expect(previous.shape == [5, 4, 4, 2] && previous.pyTorchShape == [5, 2, 4, 4])
    }

    @Test func aTrainingIsTheSameOnAnyNumberOfThreads() throws {
        func train(threads: Int) throws -> [[Float]] {
            let generator = try network("generator", Self.deep.generator, input: [3])
            let discriminator = try network("discriminator", Self.deep.discriminator, input: [2])
            let training = try RunningTraining(
                setting(
                    form: "tpu-code", shards: 4, generator: generator, discriminator: discriminator,
                    randomNumbersAreInputs: false), threads: threads)
            for iteration in 0..<5 {
                training.iterate { _, _ in ["real": rows(Self.batch, 2, "real \(iteration)").flat] }
            }
            return (generator.variables + discriminator.variables).map(\.values)
        }
        #expect(try train(threads: 1) == train(threads: 2))
    }

    @Test func bothNetworksAreMovedByOneStepAndKeepTheirState() throws {
        let (generator, discriminator) = try linearNetworks()
        let configuration = try adversarial(
            #"{"objective": "selfgan", "optimizer": "adam", "batchSize": 4, "latent": {"size": 3}}"#)
        let setting = try AdversarialSetting(
            generator: generator, discriminator: discriminator, imageShape: [2], configuration: configuration)
        let phases = try setting.phases()
        #expect(phases.count == 1 && phases[0].repeats == 1 && phases[0].uses(.real))
        let states = phases[0].graph.updateRules.flatMap(\.states).map(\.name)
        var expected: [String] = []
        for parameter in ["generator.0.weight", "generator.0.bias", "discriminator.0.weight", "discriminator.0.bias"] {
            expected += ["optimizer.\(parameter).exp_avg", "optimizer.\(parameter).exp_avg_sq"]
        }
        #expect(states == expected)
        #expect(
            phases[0].graph.outputs.map(\.name) == [
                "loss", "loss.generator", "loss.discriminator", "score.generated", "score.real", "score.previous",
                "weight.generated", "weight.previous",
            ])
    }

    @Test func weightsOfTheTermsAreLogged() throws {
        for (form, names) in [
            (SelfGANForm.gpuCode, ["weight.generated", "weight.previous"]),
            (.tpuCode, ["weight.generated", "weight.real", "weight.previous"]),
        ] {
            let (generator, discriminator) = try linearNetworks()
            let training = try RunningTraining(
                setting(form: form.rawValue, shards: 2, generator: generator, discriminator: discriminator))
            training.iterate()
            #expect(training.outputNames.filter { $0.hasPrefix("weight.") } == names)
            let generated = try training.scalar("score.generated")
            expectClose([try training.scalar("weight.generated")], [1 - generated], within: 1e-6, "\(form)")
            expectClose(
                [try training.scalar("weight.previous")], [try training.scalar("score.previous")], within: 1e-6,
                "\(form)")
        }
    }

    @Test func previousSamplesMayComeOutOfAMemory() throws {
        let setting = try game(
            """
            {"objective": "selfgan", "optimizer": {"type": "sgd", "learningRate": 1e-9}, "batchSize": 4,
             "latent": {"size": 3}, "tricks": {"replay": {"batches": 1, "share": 1, "swap": true}}}
            """)
        let training = try RunningTraining(setting)
        let discriminator = setting.gan.discriminators[0]
        func meanScore(_ points: [Float]) -> Float {
            let (v, c) = (discriminator.variables[0].values, discriminator.variables[1].values[0])
            let scores = (0..<4).map { sigmoid(Double(points[2 * $0] * v[0] + points[2 * $0 + 1] * v[1] + c)) }
            return Float(scores.mean)
        }
        training.iterate()
        training.iterate()
        // The first step's memory is of zeros; from the third on it is of the samples two steps back.
        let twoBack = try training.state("replay.0").values
        #expect(twoBack != [Float](repeating: 0, count: 8))
        training.iterate()
        expectClose([try training.scalar("score.previous")], [meanScore(twoBack)], within: 1e-5, "previous")
    }
}
