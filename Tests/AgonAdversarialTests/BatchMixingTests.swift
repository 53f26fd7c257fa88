import AgonAdversarial
import AgonGraph
import AgonTensors
import Testing

/// A discriminator of batch norm (without weights) and a linear layer tells in which company it saw a sample: a batch
/// that is normalised by itself has the layer's bias as its mean score.
@Suite struct BatchMixingTests {
    static let discriminator = #"[{"type": "batchNorm", "affine": false}, {"type": "linear", "features": 1}]"#

    private func training(_ objective: String, batches: String) throws -> (AdversarialSetting, RunningTraining) {
        let setting = try game(
            """
            {"objective": \(objective), "optimizer": "sgd", "batchSize": 6,
             "latent": {"size": 3}, "tricks": {"batches": "\(batches)"}}
            """, discriminators: [Self.discriminator])
        return (setting, try RunningTraining(setting))
    }

    static let objectives = [
        #"{"type": "lsgan", "latents": "shared", "order": "generator-first"}"#,
        #"{"type": "lsgan", "latents": "shared", "order": "discriminator-first"}"#,
        #"{"type": "lsgan", "latents": "fresh"}"#,
        #"{"type": "selfgan", "loss": "least-squares"}"#,
        #"{"type": "selfgan", "loss": "least-squares", "shards": 2}"#,
    ]

    @Test(arguments: objectives) func separateBatchesAreNormalisedApart(objective: String) throws {
        let (setting, training) = try training(objective, batches: "separate")
        let bias = setting.gan.discriminators[0].parameters[1].values[0]
        training.iterate { _, _ in ["real": rows(6, 2, "real", shift: 5).flat] }
        for name in ["score.real", "score.generated"] { #expect(abs(try training.scalar(name) - bias) < 1e-5) }
    }

    @Test(arguments: objectives) func mixedBatchesAreNormalisedTogether(objective: String) throws {
        let (setting, training) = try training(objective, batches: "mixed")
        let bias = setting.gan.discriminators[0].parameters[1].values[0]
        training.iterate { _, _ in ["real": rows(6, 2, "real", shift: 5).flat] }
        let scores = try ["score.real", "score.generated"].map { try training.scalar($0) - bias }
        #expect(scores.allSatisfy { abs($0) > 1e-3 })
        guard objective.contains("lsgan") else { return }
        // Two batches of one size lie on both sides of their common mean.
        #expect(abs(scores[0] + scores[1]) < 1e-5)
    }

    @Test func mixedScoresAreThoseComputedByHand() throws {
        let (setting, _) = try training(Self.objectives[0], batches: "mixed")
        let discriminator = setting.gan.discriminators[0]
        let graph = ComputeGraph()
        let views = ["real", "generated"].map { DiscriminatorInput(graph.input($0, shape: [6, 2]), call: $0) }
        let judged = try setting.judgements(of: views, by: discriminator, in: graph)
        try #require(judged.count == 2)
        for (view, judgement) in zip(views, judged) { graph.output(view.call, judgement.scores) }
        let running = try RunningGraph(graph)
        let (real, made) = (rows(6, 2, "real", shift: 5), rows(6, 2, "made"))
        running.run(["real": real.flat, "generated": made.flat])

        let (v, c) = (
            discriminator.parameters[0].values.map(Double.init), Double(discriminator.parameters[1].values[0])
        )
        let all = real.rows + made.rows
        let normalised = all.map { row in
            row.indices.map { column in
                let values = all.map { $0[column] }
                let variance = values.map { ($0 - values.mean) * ($0 - values.mean) }.mean
                return (row[column] - values.mean) / (variance + 1e-5).squareRoot()
            }
        }
        let scores = normalised.map { Float($0[0] * v[0] + $0[1] * v[1] + c) }
        expectClose(try running.values("real"), Array(scores[..<6]), within: 1e-5, "real")
        expectClose(try running.values("generated"), Array(scores[6...]), within: 1e-5, "generated")
    }
}
