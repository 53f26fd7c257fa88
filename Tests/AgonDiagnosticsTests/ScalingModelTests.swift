import AgonGraph
import AgonTestSupport
import Testing

@testable import AgonDiagnostics

@Suite struct ScalingModelTests {
    /// Two tasks that wait for a first one, and a last that waits for both.
    private static let diamond = TaskRecording(
        tasks: [
            .init(kernel: "a", pieces: [.seconds(2)], successors: [1, 2], bytes: 10),
            .init(kernel: "b", pieces: [.seconds(4), .seconds(4)], successors: [3], bytes: 20),
            .init(kernel: "c", pieces: [.seconds(6)], successors: [3], bytes: 30),
            .init(kernel: "a", pieces: [.seconds(2)], successors: [], bytes: 40),
        ], runs: 2)

    @Test func piecesAreScheduledInTheOrderOfTheirTasks() {
        // Two iterations of one run each: times are means over the runs.
        let model = ScalingModel(Self.two(1), iterations: 2, serial: 0, threads: [1, 2, 3, 64])
        #expect(model.seconds == 9 && model.chain == 5 && model.bytes == 100)
        #expect(model.predictions[0].waits.isEmpty)
        #expect(model.predictions[1].waits == [.init(kernel: "c", seconds: 3), .init(kernel: "a", seconds: 2)])
        // On two threads: 1, then 2 and 2 side by side, then 3 alone, then 1.
        #expect(model.predictions.map(\.seconds) == [9, 7, 5, 5])
        #expect(model.predictions.map(\.limit) == [.threads, .threads, .chain, .chain])
        #expect(model.predictions[1].busy == 9.0 / 14)
    }

    @Test func repeatedPhasesAndSerialTimeAreAdded() {
        let model = ScalingModel(Self.two(2), iterations: 1, serial: 0.5, threads: [2])
        #expect(model.seconds == 2 * 2 * 9 + 0.5 && model.predictions[0].seconds == 2 * 2 * 7 + 0.5)
    }

    @Test func memoryBandwidthIsALimit() {
        let model = ScalingModel(Self.two(1), iterations: 2, serial: 0, threads: [2, 3], bandwidth: 100.0 / 6)
        #expect(model.predictions.map(\.seconds) == [7, 6])
        #expect(model.predictions.map(\.limit) == [.threads, .bandwidth])
    }

    /// The recording of a step replays to its own time on one thread.
    @Test func anExperimentIsModelled() throws {
        var options = TinyExperiment.options("/nowhere")
        options.threads = 1
        let benchmark = try Benchmark(
            TinyExperiment.load(), seconds: 0.05, simulatedThreads: [1, 2, 8], options: options)
        let model = try #require(benchmark.scaling)
        #expect(abs(model.predictions[0].speedup - 1) < 1e-9)
        #expect(model.predictions[1].speedup >= 1 && model.predictions[1].speedup <= 2 + 1e-9)
        #expect(model.predictions[2].seconds >= model.chain * (1 - 1e-9) && model.bytes > 0)
        #expect(benchmark.text.contains("limited by"))
    }

    private static func two(_ phases: Int) -> [TaskRecording] {
        [TaskRecording](repeating: diamond, count: phases)
    }
}
