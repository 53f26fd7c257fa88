import AgonAdversarial
import AgonGraph
import AgonTensors
import Testing

/// A training is replayed from recorded random numbers: every stream that objectives, penalties and tricks draw from
/// can be an input of its name.
@Suite struct RandomInputsTests {
    static let games = [
        #"{"objective": "gan", "tricks": {"labels": {"real": [0.7, 1.2], "generated": [0, 0.3], "flip": 0.1}}}"#,
        #"{"objective": {"type": "gan", "latents": "fresh"}, "tricks": {"instanceNoise": {}, "replay": {}}}"#,
        #"{"objective": "lsgan", "penalty": "dragan", "ensemble": {"copies": 2}}"#,
        #"{"objective": "wgan-gp", "ensemble": {"copies": 2, "combination": "loss-delta", "steepestDirection": true}}"#,
        #"{"objective": {"type": "selfgan", "shards": 2}, "penalty": "gradient-penalty", "tricks": {"labels": {"flip": 0.1}, "instanceNoise": {}}}"#,
        #"{"objective": "hinge", "latent": {"size": 3, "distribution": "sphere"}, "tricks": {"updateRule": {"generatorAbove": 0}}}"#,
    ]

    private func phases(_ text: String, recorded: Bool) throws -> [IterationPhase] {
        let latent = text.contains("latent\":") ? "" : #""latent": {"size": 3}, "#
        return try game(
            #"{"optimizer": "sgd", "batchSize": 4, "# + latent + text.dropFirst(), recorded: recorded
        ).phases()
    }

    private func streams(_ phase: IterationPhase) -> [String: Set<Shape>] {
        var found: [String: Set<Shape>] = [:]
        for node in phase.graph.nodes {
            if case .random(_, let stream) = node.operation { found[stream, default: []].insert(node.output.shape) }
        }
        return found
    }

    @Test(arguments: games) func everyStreamMayBeAnInput(text: String) throws {
        let (drawn, recorded) = (try phases(text, recorded: false), try phases(text, recorded: true))
        try #require(drawn.count == recorded.count && !drawn.isEmpty)
        for (drawn, recorded) in zip(drawn, recorded) {
            #expect(streams(recorded).isEmpty)
            let streams = streams(drawn)
            #expect(!streams.isEmpty)
            var inputs: [String: Shape] = [:]
            for node in recorded.graph.nodes {
                if case .input(let name) = node.operation, DataInput(rawValue: name) == nil,
                    name != IterationPhase.iterationInput
                {
                    inputs[name] = node.output.shape
                }
            }
            #expect(Set(inputs.keys) == Set(streams.keys))
            for (name, shape) in inputs { #expect(streams[name] == [shape], "\(name)") }
        }
    }

    @Test func discriminatorsAndShardsDrawNumbersOfTheirOwn() throws {
        let shards = try phases(Self.games[4], recorded: true)[0].graph.nodes.compactMap { node -> String? in
            if case .input(let name) = node.operation, name.hasPrefix("interpolation") { name } else { nil }
        }
        #expect(shards == ["interpolation.0", "interpolation.1"])
        let copies = try phases(Self.games[2], recorded: true)[0].graph.nodes.compactMap { node -> String? in
            if case .input(let name) = node.operation, name.hasPrefix("perturbation") { name } else { nil }
        }
        #expect(copies == ["perturbation.0", "perturbation.1"])
    }
}
