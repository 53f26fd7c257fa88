import AgonAdversarial
import AgonGraph
import AgonLayers
import AgonTensors
import Foundation
import Testing

/// What the generator makes of its losses `l_k = -mean(D_k(G(z)))` against linear discriminators, whose gradients are
/// known: `-v_k` by the biases, `-mean(z) v_k'` by the weights.
@Suite struct CombinationTests {
    static let batch = 6
    static let judges: [[Float]] = [[1, 0.5, 0.2], [-0.3, 0.8, -0.4], [0.2, -1.5, 1]]

    private func setting(
        _ combination: String, judges: [[Float]] = Self.judges, steepest: Bool = false
    ) throws -> AdversarialSetting {
        let setting = try game(
            """
            {"objective": {"type": "hinge", "latents": "fresh"}, "batchSize": \(Self.batch), "latent": {"size": 3},
             "optimizers": {"generator": {"type": "sgd", "learningRate": 0.1},
                            "discriminator": {"type": "sgd", "learningRate": 1e-12}},
             "ensemble": {"copies": \(judges.count), "combination": \(combination), "steepestDirection": \(steepest)}}
            """, recorded: true)
        for (network, values) in zip(setting.gan.discriminators, judges) {
            network.variables[0].values = Array(values[..<2])
            network.variables[1].values = [values[2]]
        }
        return setting
    }

    private static let inputs: [String: [Float]] = [
        "real": rows(batch, 2, "real").flat, "latent.generator": rows(batch, 3, "g").flat,
        "latent.discriminator": rows(batch, 3, "d").flat,
        "latent.steepest": rows(batch, 3, "g").flat,
    ]

    private func references(_ setting: AdversarialSetting) -> [LinearGame] {
        setting.gan.discriminators.map { LinearGame(setting.gan.generators[0], $0, rate: 0.1) }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let combination: String
        /// The loss and the factor of each loss's gradient, from losses and their gradients' norms.
        let combined: @Sendable (_ losses: [Double], _ norms: [Double]) -> (loss: Double, factors: [Double])
        var testDescription: String { combination }
    }

    static func weighted(_ weights: [Double], _ losses: [Double]) -> (loss: Double, factors: [Double]) {
        (zip(weights, losses).reduce(0) { $0 + $1.0 * $1.1 }, weights)
    }

    static func hypervolume(_ losses: [Double], slack: Double) -> (loss: Double, factors: [Double]) {
        let largest = losses.max() ?? 0
        let nadir = largest + (slack - 1) * abs(largest) + 1e-8
        return (-losses.reduce(0) { $0 + log(nadir - $1) }, losses.map { 1 / (nadir - $0) })
    }

    static let cases = [
        Case(combination: #""sum""#) { losses, _ in (losses.reduce(0, +), losses.map { _ in 1 }) },
        Case(combination: #""mean""#) { losses, _ in
            (losses.mean, losses.map { _ in 1 / Double(losses.count) })
        },
        Case(combination: #"{"type": "gman", "alpha": 0.8}"#) { losses, _ in
            weighted(softmax(losses.map { 0.8 * $0 }), losses)
        },
        Case(combination: #"{"type": "gman", "alpha": 0}"#) { losses, _ in
            weighted(losses.map { _ in 1 / Double(losses.count) }, losses)
        },
        Case(combination: #"{"type": "gman-grad", "alpha": 2}"#) { losses, norms in
            weighted(softmax(norms.map { 2 * $0 }), losses)
        },
        Case(combination: #"{"type": "loss-delta"}"#) { losses, _ in
            weighted(losses.map { _ in 1 / Double(losses.count) }, losses)
        },
        Case(combination: #"{"type": "hypervolume", "slack": 1.1}"#) { losses, _ in hypervolume(losses, slack: 1.1) },
        Case(combination: #"{"type": "hypervolume", "slack": 2}"#) { losses, _ in hypervolume(losses, slack: 2) },
    ]

    @Test(arguments: cases, [Float(0), -30, 30]) func lossAndMoveAreThoseComputedByHand(
        _ item: Case, shift: Float
    ) throws {
        // Shifted scores make all losses positive or, like a critic's, all negative.
        let setting = try setting(item.combination, judges: Self.judges.map { [$0[0], $0[1], $0[2] - shift] })
        let references = references(setting)
        let training = try RunningTraining(setting)
        training.iterate { _, _ in Self.inputs }
        let z = rows(Self.batch, 3, "g").rows
        let losses = references.map { -$0.scores($0.points(z)).mean }
        let meanLatent = (0..<3).map { column in z.map { $0[column] }.mean }
        let stretch = (1 + meanLatent.reduce(0) { $0 + $1 * $1 }).squareRoot()
        let norms = references.map { stretch * ($0.v[0] * $0.v[0] + $0.v[1] * $0.v[1]).squareRoot() }
        let expected = item.combined(losses, norms)

        for (index, loss) in losses.enumerated() {
            expectClose([try training.scalar("loss.generator.\(index)")], [Float(loss)], within: 1e-5, "loss \(index)")
        }
        expectClose([try training.scalar("loss.generator")], [Float(expected.loss)], within: 1e-4, "loss")
        if training.outputNames.contains("weight.0") {
            let weights = try losses.indices.map { try training.scalar("weight.\($0)") }
            let sum = expected.factors.reduce(0, +)
            expectClose(weights, expected.factors.map { Float($0 / sum) }, within: 1e-4, "weights")
            #expect(abs(weights.reduce(0, +) - 1) < 1e-6)
        } else {
            #expect(["sum", "mean"].contains { item.combination.contains($0) })
        }
        var game = references[0]
        game.v = (0..<2).map { axis in zip(references, expected.factors).reduce(0) { $0 + $1.0.v[axis] * $1.1 } }
        game.moveGenerator(
            game.generatorGradient(z, [Double](repeating: -1 / Double(Self.batch), count: Self.batch)))
        expectClose(
            LinearGame.values(of: setting.gan.generators[0]), game.generatorValues, within: 1e-4, "generator")
    }

    @Test func multipleGradientDescentTakesTheShortestCommonGradient() throws {
        let setting = try setting(#""mgd""#)
        let training = try RunningTraining(setting)
        training.iterate { _, _ in Self.inputs }
        let weights = try (0..<3).map { Double(try training.scalar("weight.\($0)")) }
        #expect(abs(weights.reduce(0, +) - 1) < 1e-6 && weights.allSatisfy { $0 >= 0 })
        // All gradients share one factor, so that the vectors v stand for them.
        let directions = Self.judges.map { v -> [Double] in
            let (x, y) = (Double(v[0]), Double(v[1]))
            return [x, y].map { $0 / (x * x + y * y).squareRoot() }
        }
        let common = (0..<2).map { axis in zip(weights, directions).reduce(0) { $0 + $1.0 * $1.1[axis] } }
        let square = common[0] * common[0] + common[1] * common[1]
        // Optimal: no direction has a shorter component along the common one.
        for direction in directions { #expect(direction[0] * common[0] + direction[1] * common[1] > square - 1e-6) }
    }

    /// The shortest convex combination of the gradients as they are, and the step of the length of the rate.
    @Test func multipleGradientDescentMayStepByADirection() throws {
        let judges: [[Float]] = [[2, 0, 0.2], [0, 1, -0.4]]
        let setting = try setting(
            #"{"type": "mgd", "gradients": "raw", "direction": "normalised"}"#, judges: judges)
        let before = LinearGame.values(of: setting.gan.generators[0])
        let training = try RunningTraining(setting)
        training.iterate { _, _ in Self.inputs }
        // Of (2, 0) and (0, 1) that is (2, 4) / 5, at weights 1/5 and 4/5; all gradients share the rest.
        expectClose(
            [try training.scalar("weight.0"), try training.scalar("weight.1")], [0.2, 0.8], within: 1e-5, "weights")
        let moved = zip(LinearGame.values(of: setting.gan.generators[0]), before).map { $0 - $1 }
        let length = moved.reduce(0) { $0 + $1 * $1 }.squareRoot()
        expectClose([length], [0.1], within: 1e-4, "length")
    }

    @Test func slackGrowsWhileDistancesDoNotFall() throws {
        let growth = SlackGrowth(factor: 1.5, limit: 4, patience: 2)
        var state = growth.initialState(slack: 2)
        var slacks: [Float] = []
        for distance in [9, 8, 8, 8.5, 7, 8, 8, 8, 8] as [Float] {
            state = growth.state(state, afterDistance: distance)
            slacks.append(state[0])
        }
        #expect(slacks == [2, 2, 2, 3, 3, 3, 4, 4, 4])
        #expect(state[1] == 7)

        let setting = try setting(#"{"type": "hypervolume", "slack": 2, "growth": {}}"#)
        let games = references(setting)
        let training = try RunningTraining(setting)
        let variable = try training.state(SlackGrowth.variable)
        #expect(variable.values == [2, .greatestFiniteMagnitude, 0])
        variable.values[0] = 2.5
        training.iterate { _, _ in Self.inputs }
        let z = rows(Self.batch, 3, "g").rows
        let losses = games.map { -$0.scores($0.points(z)).mean }
        expectClose(
            [try training.scalar("loss.generator")], [Float(Self.hypervolume(losses, slack: 2.5).loss)], within: 1e-4,
            "loss")
    }

    @Test func lossDeltaFollowsHowFarEachDiscriminatorWasMoved() throws {
        let setting = try setting(#"{"type": "loss-delta", "alpha": 0.4, "temperature": 15}"#)
        var games = references(setting)
        let training = try RunningTraining(setting)
        let rewards = try training.state("combination.rewards")
        #expect(rewards.role == .loopState && rewards.values == [0, 0, 0])
        let z = rows(Self.batch, 3, "g").rows
        var q = [0.0, 0, 0]
        for iteration in 0..<3 {
            training.iterate { _, _ in Self.inputs }
            let weights = softmax(q.map { 15 * $0 })
            expectClose(
                try (0..<3).map { try training.scalar("weight.\($0)") }, weights.map { Float($0) }, within: 1e-4,
                "weights \(iteration)")
            var move = games[0]
            move.v = (0..<2).map { axis in zip(games, weights).reduce(0) { $0 + $1.0.v[axis] * $1.1 } }
            let old = games.map { $0.scores($0.points(z)).mean }
            move.moveGenerator(
                move.generatorGradient(z, [Double](repeating: -1 / Double(Self.batch), count: Self.batch)))
            for index in games.indices { (games[index].w, games[index].b) = (move.w, move.b) }
            q = games.indices.map { 0.4 * (games[$0].scores(games[$0].points(z)).mean - old[$0]) + 0.6 * q[$0] }
            expectClose(rewards.values, q.map { Float($0) }, within: 1e-4, "rewards \(iteration)")
        }
    }

    @Test func theSteepestCommonDirectionIsThatComputedByHand() throws {
        func norm(_ judges: [[Float]]) throws -> Float {
            let training = try RunningTraining(setting(#""sum""#, judges: judges, steepest: true))
            #expect(training.phases.map(\.phase.schedule).last == .onceAnEpoch)
            training.iterate { _, _ in Self.inputs }
            return try training.scalar("steepestDirection")
        }
        let z = rows(Self.batch, 3, "g").rows
        let meanLatent = (0..<3).map { column in z.map { $0[column] }.mean }
        let stretch = Float((1 + meanLatent.reduce(0) { $0 + $1 * $1 }).squareRoot())
        // The root of a sum that cancels to the last bits of 25.
        #expect(try norm([[3, 4, 0], [-3, -4, 1]]) < 0.01)
        #expect(try norm([[3, 4, 0], [-1.5, -2, 1]]) < 0.01)
        expectClose([try norm([[3, 4, 0], [3, 4, 1]])], [5 * stretch], within: 1e-5, "alike")
        expectClose(
            [try norm([[2, 0, 0], [0, 2, 1]])], [stretch * Float(2).squareRoot()], within: 1e-5, "at right angles")
        expectClose([try norm([[1, 0, 0], [7, 3, 1], [5, -2, 4]])], [stretch], within: 1e-5, "the shortest")
        expectClose([try norm([[3, 4, 0]])], [5 * stretch], within: 1e-5, "one discriminator")
    }

    static let measured: [(text: String, generator: String, discriminator: String, data: DataShapes)] = [
        (
            #"{"objective": "gan", "optimizer": "adam", "batchSize": 4, "latent": {"size": 3}, "#,
            #"["batchNorm", {"type": "linear", "features": 2, "norm": "spectral"}]"#,
            #"["batchNorm", {"type": "linear", "features": 1, "norm": "spectral"}]"#, DataShapes(sample: [2])
        ),
        (
            #"{"objective": "lsgan", "optimizer": "adam", "batchSize": 4, "task": "cycle", "#,
            #"[{"type": "conv", "channels": 1, "kernel": 1, "norm": "spectral"}, "batchNorm"]"#,
            PixelNetwork.generator, CycleTests.data
        ),
        (
            #"{"objective": "lsgan", "optimizer": "adam", "batchSize": 4, "task": "translation", "#,
            #"[{"type": "conv", "channels": 1, "kernel": 1, "norm": "spectral"}, "batchNorm"]"#,
            PixelNetwork.generator, CycleTests.data
        ),
    ]

    @Test(arguments: measured.indices, ["sum", "loss-delta", "mgd"]) func measuringChangesNoVariable(
        index: Int, combination: String
    ) throws {
        let item = Self.measured[index]
        let setting = try game(
            item.text
                + """
                "tricks": {"averaging": {}, "instanceNoise": {"until": 9}},
                "ensemble": {"copies": 2, "combination": "\(combination)", "steepestDirection": true}}
                """, generator: item.generator, discriminators: [item.discriminator], data: item.data)
        let training = try RunningTraining(setting)
        training.iterate()
        let phase = try #require(training.phases.last)
        #expect(phase.phase.isMeasurement && phase.phase.name == "steepestDirection")
        let states =
            training.phases.flatMap { $0.running.step.variables } + setting.gan.all.flatMap(\.variables)
        let before = states.map(\.values)
        for _ in 0..<2 {
            phase.running.run(madeUpInputs(phase.phase, phase.running.step).merging(["iteration": [1]]) { $1 })
        }
        for (variable, values) in zip(states, before) { #expect(variable.values == values, "\(variable.name)") }
        #expect(try phase.running.scalar("steepestDirection") > 0)
    }
}
