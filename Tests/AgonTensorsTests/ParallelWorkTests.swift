import AgonTensors
import Testing

@Suite struct ParallelWorkTests {
    @Test(arguments: [0, 1, 2, 17])
    func eachPieceRunsOnce(count: Int) {
        var runs = [Int](repeating: 0, count: count)
        runs.withUnsafeMutableBufferPointer { runs in
            nonisolated(unsafe) let runs = runs
            runConcurrently(count) { runs[$0] += 1 }
        }
        #expect(runs == [Int](repeating: 1, count: count))
    }
}
