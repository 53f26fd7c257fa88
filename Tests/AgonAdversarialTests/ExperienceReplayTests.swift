import AgonGraph
import AgonTensors
import Testing

@testable import AgonAdversarial

@Suite struct ExperienceReplayTests {
    static let size = 2000

    private func setting(_ replay: String, batchSize: Int = size) throws -> AdversarialSetting {
        try game(
            """
            {"objective": "gan", "optimizer": "sgd", "batchSize": \(batchSize), "latent": {"size": 3},
             "tricks": {"replay": \(replay)}}
            """)
    }

    /// Samples numbered `[run, place]`, as shown by each run, and the memory after it.
    private func replay(_ text: String, runs: Int) throws -> [(shown: [Int], memory: [[Int]])] {
        let setting = try setting(text)
        let trick = try #require(setting.tricks.replay)
        let graph = ComputeGraph()
        let samples = graph.input("samples", shape: [Self.size, 2])
        graph.output("shown", trick.mix(into: samples, side: 0, setting: setting, in: graph))
        let memory = graph.variables.filter { $0.name != "replay.filled" }
        #expect(memory.map(\.name) == (0..<trick.batches).map { "replay.\($0)" })
        #expect(graph.variables.allSatisfy { $0.role == .loopState })
        let running = try RunningGraph(graph)
        // The run that each sample comes from; a sample that is a mixture of two would not be the number of a run.
        func origins(_ values: [Float]) -> [Int] {
            (0..<Self.size).map { place in
                values[2 * place + 1] == Float(place) ? Int(exactly: values[2 * place]) ?? -1 : -1
            }
        }
        return try (0..<runs).map { run in
            running.run(["samples": (0..<2 * Self.size).map { $0 % 2 == 0 ? Float(run) : Float($0 / 2) }])
            return (origins(try running.values("shown")), memory.map { origins($0.values) })
        }
    }

    private func share(_ values: [Int], where matches: (Int) -> Bool) -> Double {
        Double(values.count(where: matches)) / Double(values.count)
    }

    /// Five standard errors of a share of `count` samples.
    private func error(_ share: Double, count: Int = size) -> Double {
        5 * (share * (1 - share) / Double(count)).squareRoot()
    }

    @Test func theFirstSamplesAreShownAndFillTheMemory() throws {
        let first = try replay("{}", runs: 1)[0]
        #expect(first.shown.allSatisfy { $0 == 0 })
        #expect(first.memory.count == 4 && first.memory.allSatisfy { $0.allSatisfy { $0 == 0 } })
    }

    @Test(arguments: [(1, 0.5, 0.1), (4, 0.5, 0.1), (3, 0.2, 0.9)]) func aShareOfSamplesIsRemembered(
        batches: Int, share: Double, keep: Double
    ) throws {
        let runs = try replay(#"{"batches": \#(batches), "share": \#(share), "keep": \#(keep)}"#, runs: 2)
        let second = runs[1]
        #expect(second.shown.allSatisfy { $0 == 0 || $0 == 1 })
        #expect(abs(self.share(second.shown) { $0 == 0 } - share) < error(share))
        // Each new sample takes the place of one remembered at its place, in any of the batches.
        let kept = (0..<Self.size).map { place in second.memory.count { $0[place] == 1 } }
        #expect(kept.allSatisfy { $0 <= 1 })
        #expect(abs(self.share(kept) { $0 == 1 } - keep) < error(keep))
        for memory in second.memory {
            #expect(abs(self.share(memory) { $0 == 1 } - keep / Double(batches)) < error(keep / Double(batches)))
        }
    }

    @Test func samplesSwapOnceTheMemoryIsFull() throws {
        let runs = try replay(#"{"batches": 2, "share": 0.4, "swap": true}"#, runs: 4)
        for run in 0..<2 {
            #expect(runs[run].shown.allSatisfy { $0 == run }, "new ones are shown while the memory fills")
            #expect(runs[run].memory[run].allSatisfy { $0 == run })
        }
        let (third, before) = (runs[2], runs[1].memory)
        #expect(abs(share(third.shown) { $0 != 2 } - 0.4) < error(0.4))
        for place in 0..<Self.size {
            let kept = (0..<2).filter { third.memory[$0][place] == 2 }
            // One coin: what is shown has left its place to the new sample, and nothing else has changed.
            #expect(kept.count == (third.shown[place] == 2 ? 0 : 1))
            if let slot = kept.first { #expect(third.shown[place] == before[slot][place]) }
        }
        for slot in 0..<2 { #expect(abs(share(third.memory[slot]) { $0 == 2 } - 0.2) < error(0.2)) }
    }

    @Test func allBatchesOfTheMemoryAreShownAlike() throws {
        // With all new samples kept, each in one of three batches, shown samples tell which batch they are from.
        let runs = try replay(#"{"batches": 3, "share": 1, "keep": 1}"#, runs: 3)
        let remembered = runs[1].memory
        let counts = (0..<3).map { batch in
            (0..<Self.size).count { runs[2].shown[$0] == 1 && remembered[batch][$0] == 1 }
        }
        // A place's second sample is in one of three batches, from which one is drawn: 1/9 for each.
        for count in counts { #expect(abs(Double(count) / Double(Self.size) - 1.0 / 9) < error(1.0 / 9)) }
        #expect(!runs[2].shown.contains(-1))
    }

    @Test func onlyDiscriminatorsSeeRememberedSamples() throws {
        let setting = try setting(#"{"batches": 1, "share": 1, "keep": 1}"#, batchSize: 6)
        let training = try RunningTraining(setting)
        let discriminator = setting.gan.discriminators[0]
        func meanScore(_ points: [Float]) -> Double {
            let (v, c) = (discriminator.variables[0].values, discriminator.variables[1].values[0])
            return (0..<6).map { sigmoid(Double(points[2 * $0] * v[0] + points[2 * $0 + 1] * v[1] + c)) }.mean
        }
        training.iterate()
        let remembered = try training.state("replay.0").values
        let expected = meanScore(remembered)
        training.iterate()
        #expect(abs(Double(try training.scalar("score.generated")) - expected) < 1e-6)
        #expect(try training.state("replay.0").values != remembered)
    }

    @Test func eachDirectionOfATranslationHasAMemory() throws {
        let setting = try game(
            #"{"objective": "lsgan", "optimizer": "sgd", "task": "cycle", "batchSize": 2, "tricks": {"replay": {"batches": 1}}}"#,
            generator: #"[{"type": "conv", "channels": 1, "kernel": 1}]"#,
            discriminators: [#"[{"type": "conv", "channels": 1, "kernel": 1}]"#],
            data: DataShapes(sample: [2, 2, 1], condition: [2, 2, 1]))
        let training = try RunningTraining(setting)
        training.iterate()
        let (forward, backward) = (try training.state("replay.forward.0"), try training.state("replay.backward.0"))
        #expect(forward.values != backward.values && forward.pyTorchShape == [2, 1, 2, 2])
    }
}
