import AgonGraph
import AgonTensors
import Foundation
import Testing

@testable import AgonAdversarial

@Suite struct CategoricalObjectiveTests {
    static let batch = 7

    private func setting(_ objective: String = #""catgan""#) throws -> AdversarialSetting {
        try game(
            """
            {"objective": \(objective), "optimizer": "sgd", "batchSize": \(Self.batch), "latent": {"size": 3}}
            """, discriminators: [#"[{"type": "linear", "features": 4}]"#], recorded: true)
    }

    private func entropy(_ p: [Double]) -> Double { -p.reduce(0) { $0 + ($1 > 0 ? $1 * log($1) : 0) } }

    private func entropies(_ logits: [[Double]]) -> (conditional: Double, marginal: Double) {
        let p = logits.map(softmax)
        let mean = p[0].indices.map { column in p.map { $0[column] }.mean }
        return (p.map(entropy).mean, entropy(mean))
    }

    @Test func entropiesAreThoseComputedByHand() throws {
        let flat = rows(Self.batch, 4, "logits").rows.map { $0.map { 3 * $0 } }
        // Sure of everything, of one category alone: 0 log 0 is 0.
        let sure = [[Double]](repeating: [400, -400, 0, 0], count: Self.batch)
        let even = [[Double]](repeating: [2, 2, 2, 2], count: Self.batch)
        let graph = ComputeGraph()
        let logits = graph.input("logits", shape: [Self.batch, 4])
        let found = CategoryEntropies(graph, logits: logits)
        graph.output("conditional", found.conditional)
        graph.output("marginal", found.marginal)
        graph.output(
            "gradient",
            try graph.gradients(of: graph.subtract(found.conditional, found.marginal), withRespectTo: [logits])[0])
        let running = try RunningGraph(graph)
        for rows in [flat, sure, even] {
            running.run(["logits": rows.flatMap { $0.map { Float($0) } }])
            let expected = entropies(rows)
            #expect(abs(Double(try running.scalar("conditional")) - expected.conditional) < 1e-5)
            #expect(abs(Double(try running.scalar("marginal")) - expected.marginal) < 1e-5)
            #expect(try running.values("gradient").allSatisfy { $0.isFinite })
        }
        #expect(abs(entropies(even).marginal - log(4.0)) < 1e-12)
    }

    @Test func lossesAreThoseComputedByHand() throws {
        let objective = #"{"type": "catgan", "labelled": {"count": 8, "classes": 4, "batchSize": 5, "weight": 3}}"#
        let setting = try setting(objective)
        #expect(setting.configuration.objective.labelledSamples == LabelledSamples(count: 8, classes: 4, batchSize: 5))
        let side = setting.gan.sides[0]
        let weights = side.discriminators[0].variables.map { $0.values.map(Double.init) }
        func logit(_ x: [Double], _ category: Int) -> Double {
            x[0] * weights[0][category] + x[1] * weights[0][4 + category] + weights[1][category]
        }
        func logits(_ points: LinearGame.Rows) -> [[Double]] {
            points.map { x in (0..<4).map { logit(x, $0) } }
        }
        let z = rows(Self.batch, 3, "z")
        let made = LinearGame(side.generator, side.discriminators[0], rate: 0).points(z.rows)
        let (real, labelled) = (rows(Self.batch, 2, "real", shift: 1), rows(5, 2, "labelled"))
        let training = try RunningTraining(setting)
        training.iterate { _, _ in
            [
                "real": real.flat, "labelled": labelled.flat, "labelled.condition": oneHot(5, classes: 4),
                "latent": z.flat,
            ]
        }
        let (sureOfReal, sureOfMade) = (entropies(logits(real.rows)), entropies(logits(made)))
        let known = logits(labelled.rows).enumerated().map { -log(softmax($1)[$0 % 4]) }.mean
        for (name, expected) in [
            ("entropy.real", sureOfReal.conditional), ("entropy.real.marginal", sureOfReal.marginal),
            ("entropy.generated", sureOfMade.conditional), ("loss.labelled", known),
            (
                "loss.discriminator",
                sureOfReal.conditional - sureOfReal.marginal - sureOfMade.conditional + 3 * known
            ),
        ] {
            expectClose([try training.scalar(name)], [Float(expected)], within: 2e-5, name)
        }
        #expect(!training.outputNames.contains("score.real"))
    }

    @Test func theGeneratorWantsItsSamplesSureAndSpread() throws {
        let graph = ComputeGraph()
        let logits = graph.input("logits", shape: [Self.batch, 4])
        graph.output("loss", CategoricalObjective().generatorLoss(scores: logits, in: graph))
        let running = try RunningGraph(graph)
        let values = rows(Self.batch, 4, "logits")
        running.run(["logits": values.flat])
        let expected = entropies(values.rows)
        expectClose(
            [try running.scalar("loss")], [Float(expected.conditional - expected.marginal)], within: 1e-5, "loss")
    }

    @Test func realSamplesOfTwoKindsAreSortedByThemselves() throws {
        let setting = try game(
            """
            {"objective": "catgan", "optimizer": {"type": "adam", "learningRate": 0.02}, "batchSize": 16,
             "latent": {"size": 3}}
            """, discriminators: [#"[{"type": "linear", "features": 2}]"#])
        let training = try RunningTraining(setting)
        // Around (3, 3) and (-3, -3) in turn.
        let points = (0..<32).map { index -> Float in
            let centre: Float = index / 2 % 2 == 0 ? 3 : -3
            return centre + Float(index % 5) * 0.1
        }
        for _ in 0..<100 { training.iterate { _, _ in ["real": points] } }
        #expect(try training.scalar("entropy.real") < 0.2)
        #expect(try training.scalar("entropy.real.marginal") > 0.6)
    }
}
