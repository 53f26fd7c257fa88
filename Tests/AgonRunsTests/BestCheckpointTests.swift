import AgonConfiguration
import AgonExperiments
import AgonTestFiles
import Testing

@testable import AgonRuns

/// Which checkpoint has the best value.
@Suite struct BestCheckpointTests {
    private func value(
        _ step: Int, _ value: Double, metric: String = "fid-lenet", samples: Int = 1000
    ) -> EvaluationValue {
        EvaluationValue(
            step: step, metric: metric, value: value,
            identity: EvaluationIdentity(["generatedSamples": ConfigNode(samples)]))
    }

    @Test func theLowestDistanceIsBest() {
        var best = BestEvaluation(of: .frechet, in: [value(2, 9), value(4, 7)])
        #expect(best.steps == [4])
        best.take([value(6, 8)])
        #expect(best.steps == [4])
        best.take([value(8, 7)])
        #expect(best.steps == [4], "the first of equal values")
        best.take([value(10, 6)])
        #expect(best.steps == [10])
    }

    @Test func theHighestScoreIsBest() {
        let scores = [value(2, 1.5, metric: "inception-score-lenet"), value(4, 2.5, metric: "inception-score-lenet")]
        #expect(BestEvaluation(of: .score, in: scores).steps == [4])
    }

    @Test func valuesCountAgainstThoseMeasuredInTheSameWay() {
        var best = BestEvaluation(of: .modes, in: [value(2, 5, metric: "modes"), value(2, 0.1, metric: "modes-kl")])
        #expect(best.steps == [2])
        best.take([value(4, 9, metric: "modes-kl"), value(4, 4, metric: "modes")])
        #expect(best.steps == [2])
        best.take([value(6, 8, metric: "modes", samples: 20)])
        // Measured in another way, as in another stage: the first of its kind, whatever those before were.
        #expect(best.steps == [6])
        #expect(BestEvaluation(of: .frechet, in: []).steps.isEmpty)
    }

    @Test func theBestIsKeptAndTheNewest() throws {
        let folder = try TemporaryFolder()
        let run = RunFolder(path: folder.path)
        for step in [2, 4, 6, 8] { try folder.write("", to: "checkpoints/step-000000\(step).safetensors") }
        run.removeOldCheckpoints(keeping: 2, newest: 8, best: [2])
        #expect(try run.checkpointSteps == [2, 6, 8])
        run.removeOldCheckpoints(keeping: 1, newest: 8, best: [8])
        #expect(try run.checkpointSteps == [8])
    }

    @Test func aRunWithoutValuesHasNoBest() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"checkpoints": {"best": "kid"}}"#, to: "config.json")
        try folder.write("", to: "checkpoints/step-0000002.safetensors")
        let message = message { try RunFolder(path: folder.path).bestCheckpointStep() }
        #expect(message.hasSuffix(": no checkpoint has a value of 'kid'; give a step, or train with checkpoints.best"))
    }
}
