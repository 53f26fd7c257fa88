import AgonConfiguration
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonRuns

/// The fast reader of logs reads what the reader of configs reads.
@Suite struct MetricsScanTests {
    private func read(_ text: String) -> MetricsLine? {
        Array(text.utf8).withUnsafeBytes { MetricsLine(text: $0) }
    }

    private func readWhole(_ text: String) -> MetricsLine? {
        Array(text.utf8).withUnsafeBytes { MetricsLine(wholeText: $0) }
    }

    @Test(arguments: [
        #"{"step": 3, "loss.generator": 0.25, "seconds": 1.5, "imagesPerSecond": 20}"#, #"{"step":3,"a":-1e-9}"#,
        #" { "step" : 3 , "a" : 0 } "#, #"{"step": 3, "a": null, "b": 1}"#, #"{"step": 3, "alarms": ["x"], "a": 1}"#,
        #"{"step": 3, "metric.fid": 1, "a": 1}"#, #"{"step": 3, "a\u0062": 1}"#, #"{"step": 3, "é": 1}"#, "{}", "", "x",
        #"{"step": 3.5}"#, #"{"step": "3"}"#, #"{"step": 3, "a": 01}"#, #"{"step": 3, "a": 1.}"#,
        #"{"step": 3, "a": .5}"#,
        #"{"step": 3, "a": 1e400}"#, #"{"step": 3, "a": NaN}"#, #"{"step": 3, "a": 1} x"#, #"{"step": 3, "a": 1,}"#,
        #"{"step": 3, "a": 123456789012345678901234567890}"#, #"{"step": 3, "a": 0.1234567890123456789}"#,
        #"{"step": 3, "a": 4.9e-324, "b": 1.7976931348623157e308}"#, #"{"step": 3, "a"#, #"{"step": 3, "a": nul"#,
        #"{"step": 2e1}"#, #"{"step": 3, "a": -0.0}"#,
    ])
    func linesAreReadAlike(text: String) {
        let (fast, whole) = (read(text), readWhole(text))
        #expect((fast == nil) == (whole == nil), "\(text)")
        #expect(fast?.step == whole?.step && fast?.seconds == whole?.seconds && fast?.alarms == whole?.alarms)
        #expect(fast?.imagesPerSecond == whole?.imagesPerSecond)
        #expect(fast?.values.map(\.key) ?? [] == whole?.values.map(\.key) ?? [])
        #expect(fast?.values.map(\.value.bitPattern) ?? [] == whole?.values.map(\.value.bitPattern) ?? [], "\(text)")
    }

    @Test func numbersAreTheNearestDoubles() {
        let words = RandomStream(seed: 4, purpose: "numbers").bits(count: 6000)
        for index in 0..<2000 {
            let exponent = Int(words[3 * index] % 60) - 30
            let digits = "\(words[3 * index + 1])" + (index % 2 == 0 ? "" : ".\(words[3 * index + 2])")
            let text = index % 3 == 0 ? digits : digits + "e\(exponent)"
            #expect(read(#"{"step": 1, "a": \#(text)}"#)?.values.first?.value == Double(text), "\(text)")
        }
    }

    @Test func linesLongerThanAPieceAreWhole() throws {
        let folder = try TemporaryFolder()
        let long = String(repeating: "x", count: 700_000)
        let path = try folder.write("a\n\n\(long)\nb\ntorn", to: "log")
        var lines: [Int] = []
        let end = try LogFile.forEachLine(of: path) {
            lines.append($0.count)
            return true
        }
        #expect(lines == [1, 0, 700_000, 1] && end == 700_006)
        lines = []
        #expect(
            try LogFile.forEachLine(of: path, from: 3) {
                lines.append($0.count); return false
            } == 3)
        #expect(lines == [700_000])
        #expect(try LogFile.forEachLine(of: folder.path + "/none") { _ in true } == 0)
        #expect(throws: TensorsError.self) { try LogFile.forEachLine(of: folder.path) { _ in true } }
    }

    @Test func extremesAndCurvesOfAManyLinedLog() throws {
        let folder = try TemporaryFolder()
        let count = 30_000
        var text = ""
        for step in 1...count {
            text +=
                #"{"step": \#(step), "loss": \#(step % 7)"# + (step % 1000 == 0 ? #", "epoch": \#(step / 1000)"# : "")
            text += step == 5000 ? #", "alarms": ["step 5000: \"a\""]}"# : "}"
            text += step == 77 ? "\nrubbish\n" : "\n"
        }
        let path = try folder.write(text, to: "metrics.jsonl")
        let extremes = MetricExtremes(path: path)
        #expect(extremes.curves.map(\.name) == ["loss", "epoch"] && extremes.lastStep == count)
        #expect(extremes.curves.map(\.lowest) == [0, 1] && extremes.curves.map(\.highest) == [6, 30])
        #expect(extremes.curves.map(\.last) == [Double(count % 7), 30])
        let curves = MetricCurves(path: path)
        #expect(curves["loss"].count == count && curves["epoch"].map(\.step).first == 1000)
        var alarms: [String] = []
        _ = MetricsScan.read(path) { alarms += $0.alarms }
        #expect(alarms == [#"step 5000: "a""#])
        // A resumed run cuts it without reading it whole.
        let log = try LineLog<MetricsLine>(path: path, keepingThrough: 60)
        #expect(log.lastLine?.step == 60 && LineReader<MetricsLine>.all(path: path).count == 60)
    }
}
