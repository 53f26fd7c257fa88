import AgonGraph
import AgonTensors
import Testing

@testable import AgonAdversarial

@Suite struct LabelTrickTests {
    private static func setting(_ labels: String, batchSize: Int, recorded: Bool = false) throws -> AdversarialSetting {
        try game(
            """
            {"objective": "gan", "optimizer": "sgd", "batchSize": \(batchSize), "latent": {"size": 3},
             "tricks": {"labels": \(labels)}}
            """, recorded: recorded)
    }

    /// The labels of a batch in each of some runs.
    private func labels(_ text: String, runs: Int = 1) throws -> [(real: [Float], generated: [Float])] {
        let setting = try Self.setting(text, batchSize: 1000)
        let graph = ComputeGraph()
        let scores = graph.input("scores", shape: [1000, 1])
        let targets = setting.tricks.labels.targets(setting: setting, in: graph)
        for (name, target) in [
            ("real", targets.real(scores, in: graph)), ("generated", targets.generated(scores, in: graph)),
        ] {
            switch target {
            case .constant(let label): graph.output(name, graph.constant(label, shape: [1000, 1]))
            case .perSample(let labels): graph.output(name, labels)
            }
        }
        let running = try RunningGraph(graph)
        return try (0..<runs).map { _ in
            running.run(["scores": [Float](repeating: 0, count: 1000)])
            return (try running.values("real"), try running.values("generated"))
        }
    }

    @Test func withoutTricksLabelsAreOneAndZero() throws {
        let (real, generated) = try labels("{}")[0]
        #expect(real.allSatisfy { $0 == 1 } && generated.allSatisfy { $0 == 0 })
    }

    @Test func smoothedLabelsAreTheSameForAllSamples() throws {
        let (real, generated) = try labels(#"{"real": [0.9], "generated": [0.1]}"#)[0]
        #expect(real.allSatisfy { $0 == 0.9 } && generated.allSatisfy { $0 == 0.1 })
    }

    @Test func noisyLabelsFillTheirRanges() throws {
        let runs = try labels(#"{"real": [0.7, 1.2], "generated": [0, 0.3]}"#, runs: 2)
        #expect(runs[0].real != runs[1].real)
        for (values, range) in [(runs[0].real, Float(0.7)...1.2), (runs[0].generated, 0...0.3)] {
            #expect(values.allSatisfy(range.contains))
            let width = range.upperBound - range.lowerBound
            // A thousand draws come nearer to the ends than a hundredth of the range.
            let (least, most) = (try #require(values.min()), try #require(values.max()))
            #expect(least < range.lowerBound + 0.01 * width && most > range.upperBound - 0.01 * width)
            let middle = Double(range.lowerBound + range.upperBound) / 2
            // Five standard errors.
            #expect(abs(values.map(Double.init).mean - middle) < 5 * Double(width) / (12.0 * 1000).squareRoot())
        }
    }

    @Test func aShareOfLabelsIsFlipped() throws {
        let runs = try labels(#"{"flip": 0.2}"#, runs: 4)
        for (values, other) in [(runs.flatMap(\.real), Float(0)), (runs.flatMap(\.generated), 1)] {
            let share = Double(values.count { $0 == other }) / Double(values.count)
            #expect(values.allSatisfy { $0 == 0 || $0 == 1 })
            #expect(abs(share - 0.2) < 5 * (0.2 * 0.8 / 4000).squareRoot())
        }
    }

    @Test func aFlippedLabelIsDrawnAsTheOthersAre() throws {
        let real = try labels(#"{"real": [0.8, 0.9], "generated": [0.1, 0.2], "flip": 0.5}"#)[0].real
        let flipped = real.filter { $0 < 0.5 }
        #expect(flipped.count > 400 && flipped.allSatisfy((Float(0.1)...0.2).contains))
        #expect(Set(flipped).count > 300)
        #expect(real.filter { $0 >= 0.5 }.allSatisfy((Float(0.8)...0.9).contains))
    }

    /// Labels are judged by their loss: a game whose discriminator's losses are given.
    private func reversal(
        _ text: String, losses: [Float], left: Float = 0
    ) throws -> (active: [Float], real: [Float], left: Float) {
        let setting = try Self.setting(text, batchSize: 2)
        let graph = ComputeGraph()
        let targets = setting.tricks.labels.targets(setting: setting, in: graph)
        guard case .perSample(let labels) = targets.real(graph.input("scores", shape: [2, 1]), in: graph) else {
            Issue.record("labels that are reversed at times differ from update to update")
            return ([], [], 0)
        }
        graph.output("real", graph.slice(labels, axis: 0, start: 0, count: 1))
        targets.observe(discriminatorLoss: graph.reshape(graph.input("loss", shape: [1]), []), in: graph)
        let state = try #require(graph.variables.first { $0.role == .loopState })
        state.values = [left]
        let running = try RunningGraph(graph)
        var active: [Float] = []
        var real: [Float] = []
        for loss in losses {
            running.run(["scores": [0, 0], "loss": [loss]])
            active.append(try running.scalar("labelsReversed"))
            real.append(try running.scalar("real"))
        }
        return (active, real, state.values[0])
    }

    static let reversing = #"{"reversal": {"below": 0.1, "steps": 3}}"#

    @Test func labelsAreReversedForExactlyTheUpdatesAfterAWin() throws {
        // A win during a reversal does not prolong it; the update after it may set off the next.
        let losses: [Float] = [0.5, 0.09, 0.01, 0.01, 0.01, 0.5, 0.05, 0.5, 0.5, 0.5, 0.5]
        let found = try reversal(Self.reversing, losses: losses)
        #expect(found.active == [0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0])
        #expect(found.real == [1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1])
    }

    @Test func aReversalGoesOnWhereItWasLeft() throws {
        let losses: [Float] = [0.01, 0.5, 0.5, 0.5, 0.5]
        let first = try reversal(Self.reversing, losses: Array(losses[..<2]))
        #expect(first.left == 2)
        let second = try reversal(Self.reversing, losses: Array(losses[2...]), left: first.left)
        #expect(try first.active + second.active == reversal(Self.reversing, losses: losses).active)
    }

    @Test func aFlippedLabelAmongReversedOnesIsRight() throws {
        let text = #"{"flip": 1, "reversal": {"below": 0.1, "steps": 2}}"#
        #expect(try reversal(text, losses: [0.01, 0.5, 0.5, 0.5]).real == [0, 1, 1, 0])
    }

    @Test func partsOfABatchHaveLabelsOfTheirOwn() throws {
        let setting = try Self.setting(#"{"real": [0, 1], "flip": 0.5}"#, batchSize: 8)
        let graph = ComputeGraph()
        let targets = setting.tricks.labels.targets(setting: setting, in: graph)
        for (name, start, count) in [("all", 0, 8), ("first", 0, 4), ("second", 4, 4)] {
            let scores = graph.input(name, shape: [count, 2, 2, 1])
            guard case .perSample(let labels) = targets.real(scores, from: start, in: graph) else { continue }
            #expect(labels.shape == [count, 1, 1, 1])
            graph.output("label.\(name)", labels)
        }
        let running = try RunningGraph(graph)
        running.run(["all": madeUp(32), "first": madeUp(16), "second": madeUp(16)])
        #expect(try running.values("label.first") + running.values("label.second") == running.values("label.all"))
    }

    private func madeUp(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }

    @Test func theDiscriminatorLearnsTheLabelsItIsTold() throws {
        let setting = try game(
            """
            {"objective": {"type": "lsgan", "latents": "fresh"}, "batchSize": 5, "latent": {"size": 3},
             "optimizer": {"type": "sgd", "learningRate": 0.1},
             "tricks": {"labels": {"real": [0.5, 1.5], "flip": 0.3}}}
            """, recorded: true)
        let side = setting.gan.sides[0]
        var reference = LinearGame(side.generator, side.discriminators[0], rate: 0.1)
        let training = try RunningTraining(setting)
        var inputs: [String: [Float]] = [:]
        training.iterate {
            inputs = madeUpInputs($0, $1)
            return inputs
        }
        func given(_ name: String) throws -> [Double] { try #require(inputs[name], "no \(name)").map(Double.init) }
        func labels(_ name: String, _ own: [Double], _ other: [Double]) throws -> [Double] {
            zip(try given("flip.\(name)"), zip(own, other)).map { $0 < 0.3 ? $1.1 : $1.0 }
        }
        let (drawn, zeros) = (try given("label.real").map { $0 + 0.5 }, [Double](repeating: 0, count: 5))
        let (realLabels, madeLabels) = (try labels("real", drawn, zeros), try labels("generated", zeros, drawn))
        func points(_ values: [Double], _ columns: Int) -> LinearGame.Rows {
            (0..<5).map { Array(values[$0 * columns..<($0 + 1) * columns]) }
        }
        let z = points(try given("latent.generator"), 3)
        reference.moveGenerator(
            reference.generatorGradient(z, reference.scores(reference.points(z)).map { ($0 - 1) / 5 }))
        let real = points(try given("real"), 2)
        let made = reference.points(points(try given("latent.discriminator"), 3))
        reference.moveDiscriminator([
            reference.discriminatorGradient(real, zip(reference.scores(real), realLabels).map { ($0 - $1) / 5 }),
            reference.discriminatorGradient(made, zip(reference.scores(made), madeLabels).map { ($0 - $1) / 5 }),
        ])
        expectClose(
            LinearGame.values(of: side.discriminators[0]), reference.discriminatorValues, within: 1e-5, "discriminator")
        // The generator's own label stays 1.
        expectClose(LinearGame.values(of: side.generator), reference.generatorValues, within: 1e-5, "generator")
    }
}
