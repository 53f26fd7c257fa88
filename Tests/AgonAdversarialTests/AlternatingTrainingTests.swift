import AgonAdversarial
import AgonGraph
import AgonLayers
import AgonTensors
import Testing

/// Alternating trainings of linear networks against the same computed by hand.
@Suite struct AlternatingTrainingTests {
    static let batch = 6
    static let rate = 0.3
    /// Two or three iterations in Float32.
    static let tolerance: Float = 1e-5

    /// Gradients of the losses by the scores: D's for real and generated points, G's for generated ones.
    struct Slopes: Sendable {
        let real: @Sendable (Double) -> Double
        let generated: @Sendable (Double) -> Double
        let generator: @Sendable (Double) -> Double
    }

    static let n = Double(batch)
    static let classic = Slopes(
        real: { -sigmoid(-$0) / (2 * n) }, generated: { sigmoid($0) / (2 * n) }, generator: { -sigmoid(-$0) / n })
    static let summed = Slopes(
        real: { -sigmoid(-$0) / n }, generated: { sigmoid($0) / n }, generator: { -sigmoid($0) / n })
    static let leastSquares = Slopes(real: { ($0 - 1) / n }, generated: { $0 / n }, generator: { ($0 - 1) / n })
    static let hinge = Slopes(
        real: { $0 < 1 ? -1 / n : 0 }, generated: { $0 > -1 ? 1 / n : 0 }, generator: { _ in -1 / n })
    static let leastSquaresSum = Slopes(real: { $0 - 1 }, generated: { $0 }, generator: { $0 - 1 })

    struct Case: Sendable, CustomTestStringConvertible {
        let objective: String
        var updates = "1:1"
        var rate = AlternatingTrainingTests.rate
        let slopes: Slopes
        /// The turns of an iteration: which network moves, on which latents.
        let turns: [Turn]
        var testDescription: String { "\(objective) \(updates)" }
    }

    enum Turn: Sendable {
        case generator(String)
        case discriminator(String)
    }

    static let cases = [
        Case(objective: #""gan""#, slopes: classic, turns: [.generator("latent"), .discriminator("latent")]),
        Case(
            objective: #"{"type": "gan", "generatorLoss": "minimax", "discriminatorLoss": "sum"}"#, slopes: summed,
            turns: [.generator("latent"), .discriminator("latent")]),
        Case(
            objective: #"{"type": "gan", "order": "discriminator-first"}"#, slopes: classic,
            turns: [.discriminator("latent"), .generator("latent")]),
        Case(
            objective: #"{"type": "gan", "latents": "fresh"}"#, slopes: classic,
            turns: [.generator("latent.generator"), .discriminator("latent.discriminator")]),
        Case(
            objective: #"{"type": "gan", "order": "discriminator-first", "latents": "fresh"}"#, slopes: classic,
            turns: [.discriminator("latent.discriminator"), .generator("latent.generator")]),
        Case(
            objective: #"{"type": "gan", "order": "discriminator-first"}"#, updates: "2:3", slopes: classic,
            turns: [
                .discriminator("latent.discriminator"), .discriminator("latent.discriminator"),
                .generator("latent.generator"), .generator("latent.generator"), .generator("latent.generator"),
            ]),
        Case(objective: #""lsgan""#, slopes: leastSquares, turns: [.generator("latent"), .discriminator("latent")]),
        Case(objective: #""hinge""#, slopes: hinge, turns: [.generator("latent"), .discriminator("latent")]),
        Case(
            objective: #"{"type": "hinge", "order": "discriminator-first"}"#, updates: "3:1", rate: 1, slopes: hinge,
            turns: [Turn](repeating: .discriminator("latent.discriminator"), count: 3)
                + [.generator("latent.generator")]),
        Case(
            objective: #"{"type": "lsgan", "reduction": "sum", "order": "discriminator-first"}"#, updates: "1:4",
            rate: 0.02, slopes: leastSquaresSum,
            turns: [.discriminator("latent.discriminator")]
                + [Turn](repeating: .generator("latent.generator"), count: 4)),
    ]

    @Test(arguments: cases) func weightsAreThoseComputedByHand(_ item: Case) throws {
        let generator = try network("generator", #"[{"type": "linear", "features": 2}]"#, input: [3])
        let discriminator = try network("discriminator", #"[{"type": "linear", "features": 1}]"#, input: [2])
        let ratio = item.updates.split(separator: ":")
        let setting = try AdversarialSetting(
            generator: generator, discriminator: discriminator, imageShape: [2],
            configuration: adversarial(
                """
                {"objective": \(item.objective), "batchSize": \(Self.batch), "latent": {"size": 3},
                 "optimizer": {"type": "sgd", "learningRate": \(item.rate)},
                 "updates": {"discriminator": \(ratio[0]), "generator": \(ratio[1])}}
                """),
            randomNumbersAreInputs: true)
        var game = LinearGame(generator, discriminator, rate: item.rate)
        let training = try RunningTraining(setting)

        // Each run of a phase takes latents and points of its own, as the reference's turns do.
        func latents(_ name: String, _ run: Int) -> (flat: [Float], rows: LinearGame.Rows) {
            rows(Self.batch, 3, "\(name) \(run)")
        }
        func points(_ run: Int) -> (flat: [Float], rows: LinearGame.Rows) {
            rows(Self.batch, 2, "real \(run)", shift: 2)
        }
        var runs: [String: Int] = [:]
        var realRuns = 0
        var turns: [String: Int] = [:]
        var realTurns = 0
        for iteration in 0..<3 {
            training.iterate { phase, step in
                let run = runs[phase.name, default: 0]
                runs[phase.name] = run + 1
                var inputs: [String: [Float]] = [:]
                for input in step.inputs where input.name.hasPrefix("latent") {
                    inputs[input.name] = latents(input.name, run).flat
                }
                if phase.uses(.real) {
                    inputs["real"] = points(realRuns).flat
                    realRuns += 1
                }
                return inputs
            }
            // Points made for a shared batch stay as they were before the generator moved.
            var shared: LinearGame.Rows?
            func take(_ name: String) -> (latents: LinearGame.Rows, made: LinearGame.Rows) {
                guard name == "latent" else {
                    let z = latents(name, turns[name, default: 0]).rows
                    turns[name, default: 0] += 1
                    return (z, game.points(z))
                }
                let z = latents(name, iteration).rows
                let made = shared ?? game.points(z)
                shared = made
                return (z, made)
            }
            for turn in item.turns {
                switch turn {
                case .generator(let name):
                    let (z, made) = take(name)
                    game.moveGenerator(game.generatorGradient(z, game.scores(made).map(item.slopes.generator)))
                case .discriminator(let name):
                    let made = take(name).made
                    let real = points(realTurns).rows
                    realTurns += 1
                    game.moveDiscriminator([
                        game.discriminatorGradient(real, game.scores(real).map(item.slopes.real)),
                        game.discriminatorGradient(made, game.scores(made).map(item.slopes.generated)),
                    ])
                }
            }
        }
        expectClose(LinearGame.values(of: generator), game.generatorValues, within: Self.tolerance, "generator")
        expectClose(
            LinearGame.values(of: discriminator), game.discriminatorValues, within: Self.tolerance, "discriminator")
    }

    @Test func criticIsThatComputedByHand() throws {
        let generator = try network("generator", #"[{"type": "linear", "features": 2}]"#, input: [3])
        let discriminator = try network("discriminator", #"[{"type": "linear", "features": 1}]"#, input: [2])
        let setting = try AdversarialSetting(
            generator: generator, discriminator: discriminator, imageShape: [2],
            configuration: adversarial(
                """
                {"objective": "wgan-gp", "batchSize": \(Self.batch), "latent": {"size": 3},
                 "optimizer": {"type": "sgd", "learningRate": 0.01}}
                """),
            randomNumbersAreInputs: true)
        var game = LinearGame(generator, discriminator, rate: 0.01)
        let training = try RunningTraining(setting)
        var run = 0
        training.iterate { phase, _ in
            defer { run += 1 }
            guard phase.uses(.real) else { return ["latent.generator": rows(Self.batch, 3, "g").flat] }
            return [
                "real": rows(Self.batch, 2, "real \(run)").flat,
                "latent.discriminator": rows(Self.batch, 3, "d \(run)").flat,
                "interpolation": RandomStream(seed: 0, purpose: "share \(run)").uniform(count: Self.batch),
            ]
        }
        #expect(run == 6)
        let share = 1 / Self.n
        for run in 0..<5 {
            let real = rows(Self.batch, 2, "real \(run)").rows
            let made = game.points(rows(Self.batch, 3, "d \(run)").rows)
            // A linear critic has the slope v everywhere.
            let slope = game.v.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let penalty = game.v.map { 20 * (slope - 1) * $0 / slope }
            game.moveDiscriminator([
                game.discriminatorGradient(real, real.map { _ in -share }),
                game.discriminatorGradient(made, made.map { _ in share }), (penalty, 0),
            ])
        }
        game.moveGenerator(
            game.generatorGradient(rows(Self.batch, 3, "g").rows, [Double](repeating: -share, count: Self.batch)))
        expectClose(LinearGame.values(of: generator), game.generatorValues, within: Self.tolerance, "generator")
        expectClose(LinearGame.values(of: discriminator), game.discriminatorValues, within: Self.tolerance, "critic")
    }
}
