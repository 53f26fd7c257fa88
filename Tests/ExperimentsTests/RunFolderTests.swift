import Foundation
import Testing

@testable import Experiments

@Suite struct RunFolderTests {
    @Test func newFoldersAreNumbered() throws {
        let folder = try TemporaryFolder()
        let parent = folder.path + "/Runs"
        #expect(RunFolder.newest(named: "a", parent: parent) == nil)
        let paths = try (0..<3).map { _ in try RunFolder.makeNew(named: "a", parent: parent).path }
        #expect(paths == [parent + "/a", parent + "/a-2", parent + "/a-3"])
        _ = try RunFolder.makeNew(named: "a-b", parent: parent)
        #expect(RunFolder.newest(named: "a", parent: parent)?.path == parent + "/a-3")
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
    func metricsKeepWholeLinesUpToAStep(text: String, step: Int, length: Int) {
        #expect(MetricsLog.extent(of: Array(text.utf8), through: step).length == length)
    }

    @Test func greatCircleKeepsTheLength() {
        let a: [Float] = [3, 0, 0]
        let b: [Float] = [0, 3, 0]
        #expect(Sampling.greatCircle(a, b, 0) == a)
        let middle = Sampling.greatCircle(a, b, 0.5)
        #expect(abs(middle[0] - 2.1213203) < 1e-6 && abs(middle[1] - 2.1213203) < 1e-6 && middle[2] == 0)
        let end = Sampling.greatCircle(a, b, 1)
        #expect(abs(end[0]) < 1e-6 && abs(end[1] - 3) < 1e-6)
        // Where there is no one circle the line serves.
        #expect(Sampling.greatCircle(a, a, 0.3).map { ($0 * 1000).rounded() } == [3000, 0, 0])
        #expect(Sampling.greatCircle([0, 0, 0], b, 0.5) == [0, 1.5, 0])
    }
}
