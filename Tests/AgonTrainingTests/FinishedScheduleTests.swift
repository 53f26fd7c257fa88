import AgonConfiguration
import AgonExperiments
import AgonTestSupport
import Testing

@testable import AgonTraining

/// Learning rates that reach 0 before a training ends.
@Suite struct FinishedScheduleTests {
    private func notes(_ overrides: String...) throws -> [String] {
        let node = try ConfigNode.parse(TinyExperiment.text, file: "tiny.json").applying(["steps=12"] + overrides)
        return try Experiment(node).stage(after: 0).finishedSchedules
    }

    @Test func aNoteStatesTheUpdateAfterWhichNothingIsLearned() throws {
        let notes = try notes(#"optimizer.schedule={"type": "linear", "end": 8}"#)
        #expect(
            notes == [
                "optimizer.schedule: the learning rate is 0 after 8 updates, and 12 will be made; raise 'end', or set "
                    + "'factor' above 0"
            ])
    }

    @Test func eachNetworkHasItsNote() throws {
        let notes = try notes(
            "objective=gan", "optimizer=null",
            #"optimizers={"generator": "adam", "discriminator": {"type": "adam"}}"#,
            #"optimizers.discriminator.schedule={"type": "cosine", "end": 1}"#
        )
        #expect(notes.count == 1)
        let text = "optimizers.discriminator.schedule: the learning rate is 0 after 1 update,"
        #expect(notes.first?.hasPrefix(text) == true)
    }

    @Test(arguments: [
        #"optimizer.schedule={"type": "linear", "end": 12}"#,
        #"optimizer.schedule={"type": "linear", "end": 8, "factor": 0.1}"#,
        #"optimizer.schedule={"type": "cosine", "end": 100, "warmup": 20}"#, "optimizer.schedule=constant",
        "optimizer.learningRate=0",
    ]) func noNoteIfTheLearningRateStaysAboveZeroOrAlwaysWasZero(setting: String) throws {
        #expect(try notes(setting).isEmpty)
    }
}
