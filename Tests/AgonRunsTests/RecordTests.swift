import AgonConfiguration
import AgonTestSupport
import Foundation
import Testing

@testable import AgonRuns

/// Records of runs and lines of logs: what is written is read again, and so is what earlier versions wrote.
@Suite struct RecordTests {
    private func read(_ text: String) throws -> RunRecord? {
        RunRecord(node: try ConfigNode.parse(text, file: "run.json"))
    }

    @Test func recordsOfRunsComeBackAsTheyWere() throws {
        let folder = try TemporaryFolder()
        let run = RunFolder(path: folder.path)
        #expect(run.record == nil)
        var record = RunRecord(steps: 24, commandLine: ["agon", "run"], seed: .max, threads: 2)
        record.state = .stopped
        record.reason = "a \"reason\""
        record.step = 7
        record.seconds = 1.2345678
        record.stepsPerSecond = 3.14159
        record.peakMemoryBytes = 1 << 40
        try run.write(record)
        let again = try #require(run.record)
        #expect(again.node.lineText == record.node.lineText)
        #expect(again.seed == .max && again.seconds == 1.235 && again.stepsPerSecond == 3.14 && again.step == 7)
        #expect(again.processor?.brand == record.processor?.brand && again.commandLine == ["agon", "run"])
        // The fields stand in the order of their declaration.
        #expect(
            record.node.object?.keys == [
                "format", "state", "reason", "step", "steps", "seed", "threads", "commandLine", "data", "started",
                "ended", "resumes", "seconds", "stepsPerSecond", "peakMemoryBytes", "versions", "blas", "processor",
                "git",
            ])
        #expect(record.node.object?["ended"]?.isNull == true && record.node.object?["git"]?.isNull == true)
    }

    @Test func recordsWithoutAFormatAreRead() throws {
        let record = try #require(
            try read(
                #"""
                {"state": "done", "reason": null, "step": 300, "steps": 300, "seed": 0, "threads": 2,
                 "commandLine": ["agon"], "started": "2026-01-31T12:00:00Z", "ended": "2026-01-31T12:01:00Z",
                 "resumes": 1, "seconds": 8.6, "stepsPerSecond": 34.9, "peakMemoryBytes": 5,
                 "peakMemoryBytesBeforeEvaluation": 3, "versions": {"agon": "0.1.0", "swift": "6.0"},
                 "git": {"commit": "abc", "isDirty": true}, "unknown": {}}
                """#))
        #expect(record.format == RunRecord.currentFormat && record.state == .done && record.resumes == 1)
        #expect(record.trainingMemoryBytes == 3 && record.git?.commit == "abc" && record.git?.isDirty == true)
        #expect(record.versions?.agon == "0.1.0" && record.versions?.blas == nil && record.processor == nil)
    }

    @Test func fieldsOfOtherKindsCountAsMissing() throws {
        let record = try #require(try read(#"{"state": "asleep", "step": "x", "git": {}, "commandLine": [1, "a"]}"#))
        #expect(record.state == .running && record.step == 0 && record.git == nil && record.commandLine == ["a"])
        #expect(try read("[]") == nil)
        #expect(try read(#"{"peakMemoryBytes": 5}"#)?.trainingMemoryBytes == 5)
    }

    @Test func linesOfMetricsKeepTheirOrderAndDigits() throws {
        var line = MetricsLine(step: 20)
        line.values = [("loss.generator", Double(Float(0.1))), ("epoch", 3), ("epoch.loss", 1e-9)]
        line.metrics = [
            EvaluationValue(step: 20, metric: "fid-x", value: 1.0 / 3, identity: EvaluationIdentity(["weights": "raw"]))
        ]
        line.alarms = ["step 20: alarm x"]
        line.imagesPerSecond = 2104.26
        line.seconds = 0.30449
        #expect(
            line.node.lineText
                == #"{"step": 20, "loss.generator": 0.1, "epoch": 3, "epoch.loss": 1e-09, "metric.fid-x": 0.33333334, "#
                + #""alarms": ["step 20: alarm x"], "imagesPerSecond": 2104.3, "seconds": 0.304}"#)
        let again = try #require(MetricsLine(node: line.node))
        #expect(again.values.map(\.key) == ["loss.generator", "epoch", "epoch.loss"])
        #expect(again.values.map(\.value) == [0.1, 3, 1e-9])
        #expect(again.metrics.isEmpty && again.alarms == line.alarms && again.seconds == 0.304)
        #expect(MetricsLine(node: ["loss": 1]) == nil)
    }

    @Test func linesOfEvaluationsNeedTheirIdentity() throws {
        let value = EvaluationValue(
            step: 3, metric: "fid-x", value: 1.0 / 3, identity: EvaluationIdentity(["weights": "raw"]))
        #expect(EvaluationValue(node: value.node) == value)
        #expect(value.node.object?.keys == ["step", "metric", "value", "identity", "identityHash"])
        for key in ["step", "metric", "value", "identity"] {
            var object = value.node.object ?? [:]
            object[key] = .null
            #expect(EvaluationValue(node: ConfigNode(object)) == nil, "\(key)")
        }
    }

    @Test func readersFollowAGrowingLog() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/metrics.jsonl"
        var reader = LineReader<MetricsLine>(path: path)
        #expect(reader.next().isEmpty)
        try "{\"step\": 1}\nrubbish\n{\"step\": 2}\n{\"st".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(reader.next().map(\.step) == [1, 2])
        #expect(reader.next().isEmpty)
        let log = try LineLog<MetricsLine>(path: path, keepingThrough: 1)
        #expect(log.lastLine?.step == 1)
        try log.append(MetricsLine(step: 5))
        #expect(LineReader<MetricsLine>.all(path: path).map(\.step) == [1, 5])
    }
}
