import AgonTestSupport
import Foundation
import Testing

@testable import AgonRuns

@Suite struct RunFolderTests {
    @Test func newFoldersAreNumbered() throws {
        let folder = try TemporaryFolder()
        let parent = folder.path + "/Runs"
        #expect(try RunFolder.newest(named: "a", parent: parent) == nil)
        let paths = try (0..<3).map { _ in try RunFolder.makeNew(named: "a", parent: parent).path }
        #expect(paths == [parent + "/a", parent + "/a-2", parent + "/a-3"])
        _ = try RunFolder.makeNew(named: "a-b", parent: parent)
        #expect(try RunFolder.newest(named: "a", parent: parent)?.path == parent + "/a-3")
    }

    @Test func theRunOfAnotherExperimentIsNotTheNewest() throws {
        let folder = try TemporaryFolder()
        let parent = folder.path + "/Runs"
        try folder.write(#"{"name": "a"}"#, to: "Runs/a/config.json")
        try folder.write(#"{"name": "a-2"}"#, to: "Runs/a-2/config.json")
        #expect(try RunFolder.newest(named: "a", parent: parent)?.path == parent + "/a")
        #expect(try RunFolder.newest(named: "a-2", parent: parent)?.path == parent + "/a-2")
        try folder.write(#"{"name": "a"}"#, to: "Runs/a-3/config.json")
        #expect(try RunFolder.newest(named: "a", parent: parent)?.path == parent + "/a-3")
    }

    @Test func aRunWithoutAProcessHasDied() throws {
        let folder = try TemporaryFolder()
        let run = RunFolder(path: folder.path)
        #expect(run.state(recorded: "running") == "died")
        #expect(run.state(recorded: "done") == "done")
        #expect(run.state(recorded: nil) == "waiting")
        // It has a record that cannot be read.
        try folder.write("{", to: "run.json")
        #expect(run.state(recorded: nil) == "damaged")
        let lock = try run.lock()
        #expect(run.state(recorded: "running") == "running")
        withExtendedLifetime(lock) {}
    }

    @Test func filesAreNumberedBySteps() {
        let folder = RunFolder(path: "Runs/x/")
        #expect(folder.checkpointPath(step: 400) == "Runs/x/checkpoints/step-0000400.safetensors")
        #expect(folder.samplePath(step: 12_345_678) == "Runs/x/samples/step-12345678.png")
    }

    @Test(arguments: [
        ("", 5, 0), ("{\"step\": 1}\n{\"step\": 2}\n", 5, 24), ("{\"step\": 1}\n{\"step\": 2}\n", 1, 12),
        ("{\"step\": 1}\n{\"step\": 2", 5, 12), ("{\"step\": 1}\nrubbish\n{\"step\": 2}\n", 5, 12),
        ("{\"step\": 9}\n", 5, 0),
    ])
    func metricsKeepWholeLinesUpToAStep(text: String, step: Int, length: Int) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(text, to: "metrics.jsonl")
        #expect(try LineLog<MetricsLine>.extent(of: path, through: step).length == length)
    }
}
