import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonRuns
import AgonTestSupport
import Foundation
import Testing

@testable import AgonSweeps
@testable import AgonTraining

/// A run keeps the checkpoint of its best evaluation besides the newest ones.
@Suite struct BestCheckpointTrainingTests {
    /// Gives the value that is written down for a step.
    private final class ScriptedEvaluation: TrainingEvaluation {
        let every = 4
        let memoryBefore: Int? = nil
        let dataset: any Dataset
        private let metric: String
        private let values: [Int: Double]
        /// Steps from which on values are measured in another way, as in another stage.
        private let change: Int

        init(dataset: any Dataset, metric: String, values: [Int: Double], change: Int) {
            self.change = change
            self.dataset = dataset
            self.metric = metric
            self.values = values
        }

        func measure(step: Int) throws -> [EvaluationValue] {
            let value = try #require(values[step])
            return [
                EvaluationValue(
                    step: step, metric: metric, value: value,
                    identity: EvaluationIdentity(["weights": step < change ? "raw" : "average"]))
            ]
        }
    }

    /// The lowest is of step 8.
    private static let distances: [Int: Double] = [4: 9, 8: 5, 12: 7, 16: 5.5, 20: 6, 24: 8]

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Trains with a checkpoint every 10 steps, of which the newest is kept.
    ///
    /// - Parameters:
    ///   - sign: the factor of all values.
    ///   - last: the step after which the run is stopped; nil: it runs to its end.
    ///   - change: the step from which on values are measured in another way.
    ///   - observe: called at each step, before its checkpoint is written.
    @discardableResult
    private func train(
        _ name: String, metric: String = "fid", sign: Double = 1, resumes: Bool = false, stopsAfter last: Int? = nil,
        change: Int = .max,
        observe: @escaping (RunFolder, Int) -> Void = { _, _ in }
    ) throws -> RunFolder {
        let run = RunFolder(path: folder.path + "/" + name)
        let experiment = try TinyExperiment.load(
            #"checkpoints={"every": 10, "keep": 1, "best": "\#(metric)"}"#,
            #"evaluate={"every": 4, "metrics": ["\#(metric)"]}"#)
        var options = TinyExperiment.options(run.path, resumes: resumes)
        let stop = StopRequest()
        options.stop = stop
        let values = Self.distances.mapValues { sign * $0 }
        _ = try TrainingRun.run(
            experiment, options: options,
            evaluating: { setup, _, _ in
                let dataset = try #require(setup.dataset)
                return ScriptedEvaluation(dataset: dataset, metric: metric + "-x", values: values, change: change)
            },
            report: { event in
                guard case .progress(let progress) = event else { return }
                observe(run, progress.step)
                if progress.step == last { stop.request() }
            })
        return run
    }

    @Test(arguments: [("fid", 1.0), ("inception-score", -1.0)])
    func theBestAndTheNewestStay(metric: String, sign: Double) throws {
        let run = try train("run", metric: metric, sign: sign)
        #expect(run.evaluations.map(\.step) == [4, 8, 12, 16, 20, 24])
        #expect(try run.checkpointSteps == [8, 24])
        #expect(try run.bestCheckpointStep() == 8)
        #expect(run.record?.bestCheckpoint == 8)
    }

    @Test func theBestIsThereUntilABetterOneIs() throws {
        var kept: [Int: [Int]] = [:]
        try train("run") { run, step in kept[step] = try? run.checkpointSteps }
        #expect(kept[4] == [])
        #expect(kept[5] == [4])
        // The value of step 8 is measured, its checkpoint not yet written.
        #expect(kept[8] == [4])
        #expect(kept[9] == [8])
        #expect(kept[11] == [8, 10])
        #expect(kept[17] == [8, 10])
        #expect(kept[21] == [8, 20])
    }

    @Test func aResumedRunKeepsTheSameCheckpoints() throws {
        let whole = try train("whole")
        let parts = try train("parts", stopsAfter: 5)
        #expect(try parts.checkpointSteps == [4, 5])
        try train("parts", resumes: true, stopsAfter: 13)
        #expect(try parts.checkpointSteps == [8, 13])
        // As a kill leaves it: the run goes on from its best checkpoint and measures what followed again.
        try FileManager.default.removeItem(atPath: parts.checkpointPath(step: 13))
        try train("parts", resumes: true)
        #expect(try parts.checkpointSteps == whole.checkpointSteps)
        #expect(try bytes(of: parts.evaluationsPath) == bytes(of: whole.evaluationsPath))
        for step in try whole.checkpointSteps {
            #expect(try bytes(of: parts.checkpointPath(step: step)) == bytes(of: whole.checkpointPath(step: step)))
        }
    }

    /// The reader finds what training kept, though most values were measured in the former way.
    @Test func anotherWayToMeasureStartsAnew() throws {
        let run = try train("run", change: 20)
        #expect(try run.checkpointSteps == [20, 24])
        #expect(try run.bestCheckpointStep() == 20)
    }

    @Test func keepingTheBestMakesNoOtherTrial() throws {
        let evaluate = #"evaluate={"metrics": ["fid"]}"#
        let plain = try TinyExperiment.load(evaluate)
        let keeping = try TinyExperiment.load(evaluate, "checkpoints.best=fid")
        #expect(keeping.configuration.checkpoints.best == .frechet)
        #expect(SweepTrial.identity(of: keeping) == SweepTrial.identity(of: plain))
    }
}
