import AgonDatasets
import AgonTestSupport
import Testing

@testable import AgonDiagnostics

@Suite struct InspectionTests {
    @Test func sizesFollowFromTheConfig() throws {
        let inspection = try Inspection(
            TinyExperiment.load(), searchPath: TinyExperiment.options("/nowhere").searchPath, threads: 1)
        // 4 x 16 + 16, batch norm 2 x 16, 16 x 2 + 2; 2 x 16 + 16, 16 + 1.
        #expect(inspection.networks.map(\.parameterCount) == [146, 65])
        #expect(inspection.memory.parameters == 4 * (146 + 65))
        #expect(inspection.memory.statistics == 4 * 32)
        #expect(inspection.memory.optimizerState == 2 * inspection.memory.parameters)
        #expect(inspection.memory.loopState == 4 * 8 * 2)
        #expect(inspection.sampleCount == 200)
        #expect(inspection.phases.map(\.name) == ["step"])
        #expect(inspection.text.contains("generator.1  batchNorm"))
        #expect(inspection.node["memory"]?["parameters"]?.integer == 844)
    }

    @Test func numbersAreGrouped() {
        #expect(Inspection.megabytes(1_500_000) == "1.50")
    }
}
