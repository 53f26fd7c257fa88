import AgonGraph
import AgonTensors
import Testing

@testable import AgonAdversarial

/// Consistency of scores under changes of images. Its values are compared with PyTorch's in `TrajectoryTests`.
@Suite struct ConsistencyTests {
    private func setting(
        _ consistency: String, copies: Int = 1, more: String = "",
        discriminator: String = #"["flatten", {"type": "linear", "features": 1}]"#
    ) throws -> AdversarialSetting {
        try game(
            """
            {"objective": "hinge", "optimizer": {"type": "sgd", "learningRate": 1e-3}, "batchSize": 4,
             "ensemble": {"copies": \(copies)}, "latent": {"size": 3}, "tricks": {"consistency": \(consistency)\(more)}}
            """,
            generator: #"[{"type": "linear", "features": 192}, {"type": "reshape", "shape": [8, 8, 3]}]"#,
            discriminators: [discriminator],
            data: DataShapes(sample: [8, 8, 3]), recorded: true)
    }

    @Test func theLossHasBothTermsWithTheirWeights() throws {
        let both = try RunningTraining(setting(#"{"real": 3, "generated": 5}"#))
        let none = try RunningTraining(setting(#"{"real": 1e-30}"#))
        both.iterate()
        none.iterate()
        let real = try both.scalar("loss.consistency.real")
        let generated = try both.scalar("loss.consistency.generated")
        #expect(real > 0 && generated > 0)
        let (loss, plain) = (try both.scalar("loss.discriminator"), try none.scalar("loss.discriminator"))
        let others = try 10 * none.scalar("loss.consistency.generated")
        #expect(abs(loss - (plain - others + 3 * real + 5 * generated)) < 1e-4 * loss)
    }

    /// A convolution over the whole image gives a score of shape [1, 1, 1].
    @Test func aMapOfOnePositionIsAScore() throws {
        let training = try RunningTraining(
            setting("{}", discriminator: #"[{"type": "conv", "channels": 1, "kernel": 8}]"#))
        training.iterate()
        #expect(try training.scalar("loss.consistency.real") > 0)
    }

    @Test func aWeightOfZeroOmitsTheTermWithItsCopies() throws {
        let plain = try setting(#"{"generated": 0}"#).phases()[0].graph
        #expect(plain.outputs.map(\.name).filter { $0.contains("consistency") } == ["loss.consistency.real"])
        let inputs = plain.nodes.compactMap { node -> String? in
            if case .input(let name) = node.operation, name.hasPrefix("augmentation") { name } else { nil }
        }
        #expect(Set(inputs) == ["augmentation.down/real-copy", "augmentation.right/real-copy"])
    }

    @Test func allDiscriminatorsSeeTheSameCopies() throws {
        func inputs(_ copies: Int) throws -> Set<String> {
            let graph = try setting(#"{"changes": ["color", "cutout"]}"#, copies: copies).phases()[0].graph
            return Set(
                graph.nodes.compactMap { node -> String? in
                    if case .input(let name) = node.operation { name } else { nil }
                })
        }
        #expect(try inputs(1) == inputs(3))
        #expect(try inputs(1).filter { $0.hasPrefix("augmentation") }.count == 10)
    }

    @Test func scoresThatDoNotChangeCostNothing() throws {
        let setting = try setting("{}")
        let weight = try #require(setting.gan.discriminators.first?.parameters.first)
        weight.values = [Float](repeating: 0, count: weight.shape.count)
        let training = try RunningTraining(setting)
        training.iterate()
        #expect(try training.scalar("loss.consistency.real") == 0)
        #expect(try training.scalar("loss.consistency.generated") == 0)
    }
}
