import AgonAdversarial
import AgonGraph
import AgonLayers
import AgonTensors
import Testing

@Suite struct CycleTests {
    static let data = DataShapes(sample: [2, 3, 1], condition: [2, 3, 1])

    private func setting(
        _ objective: String = #""lsgan""#, task: String = #""cycle""#, batchSize: Int = 4, ensemble: String = "{}",
        generator: String = PixelNetwork.generator
    ) throws -> AdversarialSetting {
        try game(
            """
            {"objective": \(objective), "optimizer": {"type": "sgd", "learningRate": 0.01}, "batchSize": \(batchSize),
             "task": \(task), "ensemble": \(ensemble)}
            """, generator: generator, discriminators: [PixelNetwork.generator], data: Self.data)
    }

    private func column(_ values: [Float]) -> [Double] { values.map(Double.init) }

    @Test func eachDirectionHasNetworksOfItsOwn() throws {
        let gan = try setting(ensemble: #"{"copies": 2}"#).gan
        #expect(
            gan.all.map(\.name) == [
                "generator.forward", "generator.backward", "discriminators.forward.0", "discriminators.forward.1",
                "discriminators.backward.0", "discriminators.backward.1",
            ])
        #expect(Set(gan.all.map { $0.variables[0].values }).count == 6)
    }

    @Test func lossesAreThoseComputedByHand() throws {
        let setting = try setting()
        let (forward, backward) = (
            PixelNetwork(setting.gan.generators[0]), PixelNetwork(setting.gan.generators[1])
        )
        let judges = setting.gan.discriminators.map(PixelNetwork.init)
        let (samples, conditions) = (rows(24, 1, "samples").flat, rows(24, 1, "conditions", shift: 1).flat)
        let training = try RunningTraining(setting)
        training.iterate { _, _ in ["real": samples, "condition": conditions] }
        func apply(_ network: PixelNetwork, _ x: [Double]) -> [Double] { network(x.map { [$0] }) }
        let (x, c) = (column(samples), column(conditions))
        let (madeX, madeC) = (apply(forward, c), apply(backward, x))
        let there = meanDistance(apply(backward, madeX), c)
        let back = meanDistance(apply(forward, madeC), x)
        let cycle = 10 * (there + back) / 2
        let identity = 5 * (meanDistance(apply(forward, x), x) + meanDistance(apply(backward, c), c)) / 2
        let believed = [apply(judges[0], madeX), apply(judges[1], madeC)].map {
            $0.map { ($0 - 1) * ($0 - 1) / 2 }.mean
        }
        let scores = [apply(judges[0], x), apply(judges[1], c)].map(\.mean)
        for (name, expected) in [
            ("loss.cycle", cycle), ("loss.identity", identity), ("loss.adversarial", believed.mean),
            ("loss.generator", believed.mean + cycle + identity), ("score.real", scores.mean),
        ] {
            expectClose([try training.scalar(name)], [Float(expected)], within: 1e-5, name)
        }
        let parts = try ["forward", "backward"].map { Double(try training.scalar("loss.discriminator.\($0)")) }
        #expect(abs(Double(try training.scalar("loss.discriminator")) - parts.mean) < 1e-6)
    }

    @Test func scalarsOfSeveralDiscriminatorsHaveNamesOfTheirOwn() throws {
        let training = try RunningTraining(
            setting(ensemble: #"{"copies": 2, "combination": "hypervolume", "steepestDirection": true}"#))
        #expect(Set(training.outputNames).count == training.outputNames.count)
        for name in ["loss.generator.forward.1", "weight.backward.0", "loss.discriminator.backward.1"] {
            #expect(training.outputNames.contains(name))
        }
        training.iterate()
        #expect(training.isFinite)
    }

    @Test func lossesWithoutWeightAreNotComputed() throws {
        let all = try RunningTraining(setting())
        let none = try RunningTraining(setting(task: #"{"type": "cycle", "cycle": 0, "identity": 0}"#))
        #expect(!none.outputNames.contains { $0.hasPrefix("loss.cycle") || $0.hasPrefix("loss.identity") })
        func work(_ training: RunningTraining) -> Int {
            training.phases.reduce(0) { $0 + $1.running.step.floatingPointOperations }
        }
        #expect(work(none) < work(all))
    }

    @Test func theDiscriminatorsUpdateTakesNoCycles() throws {
        // Batch norm would keep its passes alive: each moves the running statistics.
        let generator = #"["batchNorm", {"type": "conv", "channels": 1, "kernel": 1}]"#
        let phases = try game(
            #"{"objective": "lsgan", "optimizer": "sgd", "task": "cycle", "batchSize": 4, "updates": {"generator": 2}}"#,
            generator: generator, discriminators: [PixelNetwork.generator], data: Self.data
        ).phases()
        func writes(_ name: String) throws -> Int {
            try #require(phases.first { $0.name == name }).graph.nodes.count {
                if case .assign = $0.operation { true } else { false }
            }
        }
        // Two statistics of each generator, applied once or three times.
        #expect(try writes("discriminator") == 4 && writes("generator") == 12)
    }

    @Test(arguments: SelfGANForm.allCases.filter { $0 != .tpuKeras }, [1, 2]) func selfGANTrainsAllNetworksAtOnce(
        form: SelfGANForm, shards: Int
    ) throws {
        let setting = try setting(
            #"{"type": "selfgan", "form": "\#(form.rawValue)", "loss": "least-squares", "shards": \#(shards)}"#)
        let before = setting.gan.all.map { $0.variables.map(\.values) }
        let generators = setting.gan.generators.map(PixelNetwork.init)
        let training = try RunningTraining(setting)
        let (samples, conditions) = (rows(24, 1, "samples").flat, rows(24, 1, "conditions", shift: 1).flat)
        training.iterate { _, _ in ["real": samples, "condition": conditions] }
        for (name, generator, source) in [
            ("previous_images.forward", generators[0], conditions),
            ("previous_images.backward", generators[1], samples),
        ] {
            expectClose(
                try training.state(name).values, generator(pixels(source, channels: 1)).map { Float($0) }, within: 1e-5,
                name)
        }
        let (first, distance) = (try training.scalar("loss"), try training.scalar("loss.cycle"))
        for _ in 0..<30 { training.iterate { _, _ in ["real": samples, "condition": conditions] } }
        #expect(training.isFinite)
        #expect(try training.scalar("loss") < first && training.scalar("loss.cycle") < distance)
        for (network, values) in zip(setting.gan.all, before) {
            #expect(network.variables.map(\.values) != values, "\(network.name)")
        }
    }
}
