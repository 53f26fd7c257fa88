import AgonAdversarial
import AgonGraph
import AgonTensors
import Foundation
import Testing

@Suite struct AuxiliaryClassifierTests {
    static let classes = 3
    static let batch = 6

    private func setting(weight: Double = 2, objective: String = #""gan""#) throws -> AdversarialSetting {
        try game(
            """
            {"objective": \(objective), "optimizer": {"type": "sgd", "learningRate": 0.05}, "batchSize": \(Self.batch), "latent": {"size": 3},
             "task": {"type": "generation", "labels": \(Self.classes)},
             "tricks": {"auxiliaryClassifier": {"weight": \(weight)}}}
            """, generator: #"["condition", {"type": "linear", "features": 2}]"#,
            discriminators: [#"[{"type": "linear", "features": 4}]"#],
            data: DataShapes(sample: [2], condition: [Self.classes]))
    }

    /// The mean of `-log softmax(logits)[label]`, labels in turn.
    private func crossEntropy(_ logits: [[Double]]) -> Double {
        logits.enumerated().map { index, row in
            let largest = row.max() ?? 0
            let sum = row.map { exp($0 - largest) }.reduce(0, +)
            return log(sum) + largest - row[index % Self.classes]
        }.mean
    }

    @Test func crossEntropyIsThatComputedByHand() throws {
        let logits = rows(Self.batch, Self.classes, "logits")
        let graph = ComputeGraph()
        graph.output(
            "loss",
            AgonAdversarial.crossEntropy(
                graph, logits: graph.input("logits", shape: [Self.batch, Self.classes]),
                labels: graph.input("labels", shape: [Self.batch, Self.classes])))
        let running = try RunningGraph(graph)
        running.run(["logits": logits.flat, "labels": oneHot(Self.batch, classes: Self.classes)])
        expectClose([try running.scalar("loss")], [Float(crossEntropy(logits.rows))], within: 1e-6, "loss")
        // A sure discriminator has no infinite loss.
        running.run([
            "logits": [Float](repeating: 300, count: 18).enumerated().map { $0 % 3 == 0 ? -$1 : $1 },
            "labels": oneHot(Self.batch, classes: Self.classes),
        ])
        #expect(try running.scalar("loss").isFinite)
    }

    @Test func classesFollowTheScoreAndCountInBothLosses() throws {
        let setting = try setting()
        let discriminator = setting.gan.discriminators[0]
        let (weights, biases) = (discriminator.variables[0].values, discriminator.variables[1].values)
        let real = rows(Self.batch, 2, "real", shift: 1)
        let training = try RunningTraining(setting)
        training.iterate { _, _ in ["real": real.flat, "condition": oneHot(Self.batch, classes: Self.classes)] }
        func output(_ x: [Double], _ column: Int) -> Double {
            x[0] * Double(weights[column]) + x[1] * Double(weights[4 + column]) + Double(biases[column])
        }
        let outputs = real.rows.map { x in (0..<4).map { output(x, $0) } }
        let classification = crossEntropy(outputs.map { Array($0[1...]) })
        expectClose(
            [try training.scalar("loss.classification.real")], [Float(classification)], within: 1e-5, "real classes")
        expectClose(
            [try training.scalar("score.real")], [Float(outputs.map { sigmoid($0[0]) }.mean)], within: 1e-5, "score")
        let parts = try ["loss.adversarial", "loss.classification"].map { try training.scalar($0) }
        expectClose([try training.scalar("loss.generator")], [parts[0] + parts[1]], within: 1e-6, "generator")
        // Twice the cross-entropy of its samples, which were judged before either network moved.
        let made = try training.scalar("loss.classification.generated")
        expectClose([parts[1]], [2 * made], within: 1e-6, "generator's classes")
        // The mean of both, times the weight, joins the mean of both binary cross-entropies.
        let binary = try #require(
            try self.setting(weight: 1e-9).trained().first { $0.name == "loss.discriminator" }?.value)
        let mean = (Float(classification) + made) / 2
        expectClose([try training.scalar("loss.discriminator")], [binary + 2 * mean], within: 1e-5, "discriminator")
    }

    @Test(arguments: ["lsgan", "hinge", "selfgan"]) func itGoesWithOtherObjectives(objective: String) throws {
        let setting = try setting(objective: "\"\(objective)\"")
        let training = try RunningTraining(setting)
        training.iterate()
        let first = try training.scalar("loss.classification.real")
        for _ in 0..<40 { training.iterate() }
        #expect(try training.scalar("loss.classification.real") < first)
        #expect(training.isFinite)
    }
}

extension AdversarialSetting {
    /// What a first iteration logs.
    fileprivate func trained() throws -> [(name: String, value: Float)] {
        let training = try RunningTraining(self)
        training.iterate { _, _ in
            ["real": rows(6, 2, "real", shift: 1).flat, "condition": oneHot(6, classes: 3)]
        }
        return training.scalars
    }
}
