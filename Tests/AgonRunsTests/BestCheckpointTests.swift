import AgonConfiguration
import AgonExperiments
import AgonTestFiles
import Foundation
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

    /// After these values, of which each is kept if it is the best.
    private func best(_ metric: EvaluationMetric, after values: [EvaluationValue]) -> BestEvaluation {
        var best = BestEvaluation(of: metric, kept: nil, in: [])
        for value in values { best.take([value]) }
        return best
    }

    @Test func theLowestDistanceIsBest() {
        var best = best(.frechet, after: [value(2, 9), value(4, 7)])
        #expect(best.step == 4)
        best.take([value(6, 8)])
        #expect(best.step == 4)
        best.take([value(8, 7)])
        #expect(best.step == 8, "the newer of equal values")
        best.take([value(10, 6)])
        #expect(best.step == 10)
        #expect(BestEvaluation(of: .frechet, kept: nil, in: [value(2, 9)]).step == nil)
    }

    @Test func theHighestScoreIsBest() {
        let name = "inception-score-lenet"
        let scores = [value(2, 1.5, metric: name), value(4, 2.5, metric: name), value(6, 2, metric: name)]
        #expect(best(.score, after: scores).step == 4)
    }

    @Test func valuesCountAgainstThoseMeasuredInTheSameWay() {
        var best = BestEvaluation(of: .modes, kept: nil, in: [])
        best.take([value(2, 5, metric: "modes"), value(2, 0.1, metric: "modes-kl")])
        #expect(best.step == 2)
        best.take([value(4, 9, metric: "modes-kl"), value(4, 4, metric: "modes")])
        #expect(best.step == 2)
        // Measured in another way, as in another stage: the first of its kind, whatever those before were.
        best.take([value(6, 3, metric: "modes", samples: 20)])
        #expect(best.step == 6)
    }

    @Test func aResumedTrainingGoesOnFromWhatIsKept() {
        // `agon evaluate` measured step 4 in another way too, and a better value of step 2 has no checkpoint.
        let values = [value(2, 3), value(4, 7), value(4, 1, samples: 20)]
        var best = BestEvaluation(of: .frechet, kept: 4, in: values)
        #expect(best.step == 4)
        best.take([value(6, 6)])
        #expect(best.step == 6)
    }

    @Test func theBestIsKeptAndTheNewest() throws {
        let folder = try TemporaryFolder()
        let run = RunFolder(path: folder.path)
        for step in [2, 4, 6, 8] { try folder.write("", to: "checkpoints/step-000000\(step).safetensors") }
        run.removeOldCheckpoints(keeping: 2, newest: 8, best: 2)
        #expect(try run.checkpointSteps == [2, 6, 8])
        run.removeOldCheckpoints(keeping: 1, newest: 8, best: 8)
        #expect(try run.checkpointSteps == [8])
    }

    @Test func theBestIsWhatTheRecordSays() throws {
        let folder = try TemporaryFolder()
        let run = RunFolder(path: folder.path)
        try folder.write("{}", to: "config.json")
        var record = RunRecord()
        record.bestCheckpoint = 2
        try run.write(record)
        for step in [2, 4] { try folder.write("", to: "checkpoints/step-000000\(step).safetensors") }
        #expect(try run.bestCheckpointStep() == 2 && run.keptBestStep == 2)
        unlink(run.checkpointPath(step: 2))
        #expect(run.keptBestStep == nil)
        #expect(message { try run.bestCheckpointStep() }.contains("or leave --checkpoint out for the newest"))
        try EvaluationLog(path: run.evaluationsPath).append([value(2, 1), value(4, 5)])
        #expect(try run.bestCheckpointStep() == 4, "the lowest distance of those that are there")
    }
}
