import AgonConfiguration
import AgonTestSupport
import Foundation
import Testing

@testable import AgonRuns
@testable import AgonSweeps
@testable import AgonTrials

/// The rule of a sweep, applied to a trial while it trains.
@Suite struct RuleWatchTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func value(step: Int, _ value: Double, seed: Int = 0) -> EvaluationValue {
        EvaluationValue(
            step: step, metric: "fid-lenet", value: value,
            identity: EvaluationIdentity(["latentSeed": ConfigNode(seed)])
        )
    }

    private func watch(_ metric: String = "metric.fid-lenet", others: [TrialFolder]) throws -> RuleWatch {
        let text = #"{"metric": "\#(metric)", "trials": 1}"#
        let rule = try ConfigReader.decode(MedianRule.self, from: ConfigNode.parse(text, file: "rule")).value
        return RuleWatch(rule, others: others)
    }

    /// A trial that reached these values at steps 2, 4 and so on.
    private func trial(_ name: String, _ values: [Double], seed: Int = 0, isDone: Bool = true) throws -> TrialFolder {
        let trial = TrialFolder(path: folder.path + "/trials/" + name)
        try RunFolder.makeFolders(trial.path)
        try trial.run.record(values.enumerated().map { Self.value(step: 2 * $0 + 2, $1, seed: seed) })
        if isDone { try end(trial) }
        return trial
    }

    private func end(_ trial: TrialFolder) throws {
        try trial.write(TrialStamp(state: .done, step: 8, reason: nil))
    }

    @Test func valuesThatOthersMeasureMeanwhileDoNotCount() throws {
        var watch = try watch(others: [try trial("a", [9, 5, 5, 5])])
        watch.take([], [Self.value(step: 2, 9)], step: 2)
        watch.take([], [Self.value(step: 4, 4)], step: 4)
        // Another evaluation of the checkpoint at step 4, and one of the same kind of a step that training left out.
        watch.take([], [Self.value(step: 4, 70, seed: 5)], step: 5)
        watch.take([], [Self.value(step: 3, 70)], step: 5)
        #expect(watch.verdict == nil)
        // Its best is 4, although the newest value alone is worse than 5.
        watch.take([], [Self.value(step: 6, 8)], step: 6)
        #expect(watch.verdict == nil && !watch.isEmpty)
    }

    @Test func trialsAreComparedInTheWayOfTheNewestValueOfTraining() throws {
        let others = [try trial("a", [1, 1, 1]), try trial("b", [9, 9, 9], seed: 5)]
        var watch = try watch(others: others)
        // As in a second stage on other data.
        watch.take([], [Self.value(step: 2, 8, seed: 5)], step: 2)
        #expect(watch.verdict == nil)
        watch.take([], [Self.value(step: 4, 8)], step: 4)
        #expect(watch.verdict?.hasSuffix("reached 8 by step 4; the median of 1 finished trials is 1") == true)
    }

    /// Between two values of the metric there is nothing new to judge, and no file to read.
    @Test func otherTrialsAreReadOnlyForANewValue() throws {
        let other = try trial("a", [1, 1, 1], isDone: false)
        var watch = try watch(others: [other])
        watch.take([], [Self.value(step: 2, 8)], step: 2)
        try end(other)
        var line = MetricsLine(step: 3)
        line.values = [("loss.generator", 0.5)]
        watch.take([line], [], step: 3)
        #expect(watch.verdict == nil)
        watch.take([], [Self.value(step: 4, 8)], step: 4)
        #expect(watch.verdict != nil)
    }

    @Test func loggedNumbersAreCompared() throws {
        let other = try trial("a", [])
        try #"{"step": 2, "loss": 1}"#.appending("\n").write(
            toFile: other.run.metricsPath, atomically: true, encoding: .utf8)
        var watch = try watch("loss", others: [other])
        var line = MetricsLine(step: 2)
        line.values = [("loss", 3)]
        watch.take([line], [], step: 2)
        #expect(watch.verdict == "loss reached 3 by step 2; the median of 1 finished trials is 1")
    }
}
