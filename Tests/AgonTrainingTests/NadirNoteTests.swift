import AgonConfiguration
import AgonExperiments
import AgonTestSupport
import Testing

@testable import AgonTraining

/// Hypervolumes of losses that may touch the nadir point.
@Suite struct NadirNoteTests {
    @Test(arguments: [
        ("hinge", "hypervolume", true), ("wgan-gp", "hypervolume", true), ("gan", "hypervolume", false),
        ("lsgan", "hypervolume", false), ("hinge", "mean", false),
    ]) func lossesThatMayCrossZeroAreNoted(objective: String, combination: String, isNoted: Bool) throws {
        let node = try ConfigNode.parse(TinyExperiment.text, file: "tiny.json").applying([
            "objective=\(objective)", #"ensemble={"copies": 2, "combination": "\#(combination)"}"#,
        ])
        let note = try Experiment(node).stage(after: 0).nadirNote
        #expect((note != nil) == isNoted)
        #expect(note?.contains("the generator's losses of '\(objective)' may cross 0") ?? true)
    }
}
