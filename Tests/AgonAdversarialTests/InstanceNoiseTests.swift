import AgonGraph
import AgonTensors
import Testing

@testable import AgonAdversarial

@Suite struct InstanceNoiseTests {
    private func setting(_ noise: String, objective: String = "gan", copies: Int = 1) throws -> AdversarialSetting {
        try game(
            """
            {"objective": "\(objective)", "optimizer": {"type": "sgd", "learningRate": 1e-9}, "batchSize": 2000, "latent": {"size": 3},
             "ensemble": {"copies": \(copies)}, "tricks": {"instanceNoise": \(noise)}}
            """)
    }

    /// What is added to samples at an iteration.
    private func noise(_ text: String, at iterations: [Float]) throws -> [[Float]] {
        let setting = try setting(text)
        let trick = try #require(setting.tricks.instanceNoise)
        let graph = ComputeGraph()
        let samples = graph.input("samples", shape: [2000, 2])
        graph.output("seen", trick.apply(to: samples, call: "real", setting: setting, in: graph))
        let running = try RunningGraph(graph)
        return try iterations.map { iteration in
            running.run(["samples": [Float](repeating: 0, count: 4000), "iteration": [iteration]])
            return try running.values("seen")
        }
    }

    private func deviation(_ values: [Float]) -> Double { values.map { Double($0) * Double($0) }.mean.squareRoot() }

    /// Five standard errors of a deviation estimated from 4000 numbers, relative.
    static let error = 5 / (2.0 * 4000).squareRoot()

    @Test func theDeviationFallsLinearlyToNothing() throws {
        let found = try noise(#"{"deviation": 0.4, "until": 100}"#, at: [0, 25, 50, 99, 100, 101, 5000])
        for (values, share) in zip(found, [1, 0.75, 0.5, 0.01]) {
            #expect(abs(deviation(values) / (0.4 * share) - 1) < Self.error)
            #expect(abs(values.map(Double.init).mean) < 5 * 0.4 * share / 4000.0.squareRoot())
        }
        for values in found[4...] { #expect(values.allSatisfy { $0 == 0 }) }
    }

    @Test func withoutAnEndItStaysAndIsNewInEachStep() throws {
        let found = try noise(#"{"deviation": 0.4}"#, at: [0, 100_000])
        #expect(found[0] != found[1])
        for values in found { #expect(abs(deviation(values) / 0.4 - 1) < Self.error) }
    }

    @Test(arguments: [
        ("gan", ["noise.generated", "noise.generator", "noise.real"]),
        ("wgan", ["noise.generated", "noise.generator", "noise.real"]),
        ("selfgan", ["noise.generated", "noise.previous", "noise.real"]),
    ]) func everythingThatDiscriminatorsSeeHasNoiseOfItsOwn(objective: String, streams: [String]) throws {
        let phases = try setting(#"{"deviation": 0.4}"#, objective: objective, copies: 2).phases()
        let drawn = phases.flatMap(\.graph.nodes).compactMap { node -> String? in
            if case .random(_, let stream) = node.operation { stream } else { nil }
        }
        // The same noise for both discriminators.
        #expect(Set(drawn.filter { $0.hasPrefix("noise") }).sorted() == streams)
    }

    @Test func scoresAreThoseOfNoisySamples() throws {
        let clean = try setting(#"{"deviation": 1e-6}"#)
        let noisy = try setting(#"{"deviation": 10, "until": 3}"#)
        func scores(_ setting: AdversarialSetting) throws -> [Float] {
            let training = try RunningTraining(setting)
            return try (0..<4).map { _ in
                training.iterate()
                return try training.scalar("score.real")
            }
        }
        let (quiet, loud) = (try scores(clean), try scores(noisy))
        #expect(abs(quiet[0] - loud[0]) > 0.01)
        #expect(abs(quiet[3] - loud[3]) < 1e-5)
    }
}
