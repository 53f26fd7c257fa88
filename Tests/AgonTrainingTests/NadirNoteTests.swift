import AgonConfiguration
import AgonExperiments
import AgonTestSupport
import Testing

@testable import AgonTraining

/// Hypervolumes of losses that may touch the nadir point.
@Suite struct NadirNoteTests {
    @Test(arguments: [
        ("hinge", "hypervolume", true), ("wgan-gp", "hypervolume", true), ("gan", "hypervolume", false),
        ("lsgan", "hypervolume", false), ("relativistic", "hypervolume", false), ("hinge", "mean", false),
        ("wgan", "hypervolume", true),
    ]) func lossesThatMayBeNegativeAreNoted(objective: String, combination: String, isNoted: Bool) throws {
        let node = try ConfigNode.parse(TinyExperiment.text, file: "tiny.json").applying([
            "objective=\(objective)", #"ensemble={"copies": 2, "combination": "\#(combination)"}"#,
        ])
        let note = try Experiment(node).stage(after: 0).nadirNote
        #expect((note != nil) == isNoted)
        let minimax = try node.applying([#"objective={"type": "gan", "generatorLoss": "minimax"}"#])
        #expect(try (Experiment(minimax).stage(after: 0).nadirNote != nil) == (combination == "hypervolume"))
        #expect(note?.contains("the generator's losses of '\(objective)' may be 0 or below") ?? true)
    }
}
