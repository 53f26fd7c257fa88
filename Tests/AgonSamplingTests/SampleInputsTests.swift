import AgonConfiguration
import AgonDatasets
import AgonTensors
import AgonTestSupport
import Testing

@testable import AgonSampling

@Suite struct SampleInputsTests {
    private func inputs(_ count: Int, _ overrides: [String] = [], dataset: (any Dataset)? = nil) throws -> SampleInputs?
    {
        let experiment = try TinyDigits().load(overrides)
        let stream = RandomStream(seed: 7, purpose: "test")
        return SampleInputs(
            experiment.configuration.training, count: count, latents: stream, dataset: dataset)
    }

    @Test func aSampleFollowsFromItsNumberAlone() throws {
        let (few, many) = (try #require(try inputs(4)), try #require(try inputs(9)))
        #expect(few.count == 4 && many.count == 9)
        let all = try many.values(0..<9).inputs
        let size = all.count / 9
        #expect(try few.values(0..<4).inputs == Array(all.prefix(4 * size)))
        #expect(try many.values(5..<7).inputs == Array(all[5 * size..<7 * size]))
        #expect(try many.values(5..<7).conditions.isEmpty)
    }

    @Test func oneHotVectorsHaveAOneAtTheLabel() {
        #expect(SampleInputs.oneHot([2, 0], of: 3) == [0, 0, 1, 1, 0, 0])
    }
}
