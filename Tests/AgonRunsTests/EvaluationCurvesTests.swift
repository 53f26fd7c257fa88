import AgonConfiguration
import AgonRuns
import AgonTestSupport
import Foundation
import Testing

@Suite struct EvaluationCurvesTests {
    private let folder: TemporaryFolder
    private let run: RunFolder

    init() throws {
        folder = try TemporaryFolder()
        run = RunFolder(path: folder.path)
    }

    /// Appends values of `fid-x` by step, measured with latents of a seed.
    private func record(_ values: [Int: Double], seed: Int = 0) throws {
        try run.record(
            values.sorted { $0.key < $1.key }.map { step, value in
                EvaluationValue(step: step, metric: "fid-x", value: value, identity: Self.identity(seed: seed))
            })
    }

    private static func identity(seed: Int) -> EvaluationIdentity {
        EvaluationIdentity(["extractor": "x", "latentSeed": ConfigNode(seed)])
    }

    private func curves() -> EvaluationCurves { EvaluationCurves(of: run) }

    @Test func theIdentityWithTheMostValuesLeads() throws {
        try record([10: 3, 20: 2])
        try record([20: 1], seed: 5)
        let all = curves().all("metric.fid-x")
        #expect(all.map(\.identity) == [Self.identity(seed: 0), Self.identity(seed: 5)])
        #expect(all.map { $0.points.map(\.value) } == [[3, 2], [1]])
        let hash = Self.identity(seed: 5).hash
        #expect(curves().named.map(\.key) == ["metric.fid-x", "metric.fid-x@\(hash)"])
        #expect(curves()["metric.fid-x@\(hash)"]?.best(.minimize)?.value == 1)
    }

    @Test func ofEqualsTheNewestLeads() throws {
        try record([10: 3, 20: 2])
        try record([10: 4, 30: 5], seed: 5)
        #expect(curves()["metric.fid-x"]?.identity == Self.identity(seed: 5))
        // Steps say nothing of when a checkpoint was measured.
        try record([10: 3.5])
        #expect(curves()["metric.fid-x"]?.identity == Self.identity(seed: 0))
        #expect(curves()["metric.fid-x"]?.points.map(\.value) == [3.5, 2])
    }

    // MARK: Runs that stand together

    /// The curves of a run with one value for each seed of latents, in this order.
    private func measured(_ name: String, seeds: [Int], trainingMeasures: Bool = false) throws -> EvaluationCurves {
        if trainingMeasures { try folder.write(#"{"evaluate": {"metrics": ["fid"]}}"#, to: "\(name)/config.json") }
        try folder.write("", to: "\(name)/evaluations.jsonl")
        let run = RunFolder(path: folder.path + "/" + name)
        for seed in seeds {
            try run.record([EvaluationValue(step: 10, metric: "fid-x", value: 1, identity: Self.identity(seed: seed))])
        }
        return EvaluationCurves(of: run)
    }

    private func leaders(_ shared: SharedIdentities, _ runs: [EvaluationCurves]) -> [Int?] {
        runs.map { shared.leading(in: $0)["metric.fid-x"]?.identity.node["latentSeed"]?.integer }
    }

    @Test func theMostSharedIdentityLeadsAmongRuns() throws {
        let runs = try [measured("a", seeds: [0, 5]), measured("b", seeds: [0]), measured("c", seeds: [7])]
        #expect(runs[0]["metric.fid-x"]?.identity == Self.identity(seed: 5))
        #expect(leaders(SharedIdentities(runs), runs) == [0, 0, 7])
        // No curve is lost.
        #expect(SharedIdentities(runs).leading(in: runs[0]).all("metric.fid-x").count == 2)
    }

    @Test func amongEquallySharedIdentitiesThatOfTrainingLeadsThenTheNewest() throws {
        let plain = try [measured("a", seeds: [0, 5]), measured("b", seeds: [0, 5])]
        #expect(leaders(SharedIdentities(plain), plain) == [5, 5])
        let trained = try [measured("c", seeds: [0, 5], trainingMeasures: true), measured("d", seeds: [0, 5])]
        #expect(leaders(SharedIdentities(trained), trained) == [0, 0])
    }

    @Test func theNarrowestGroupDecidesBeforeWiderOnes() throws {
        let row = try [measured("a", seeds: [0, 5]), measured("b", seeds: [5])]
        let others = try (0..<4).map { try measured("c\($0)", seeds: [0]) }
        #expect(leaders(SharedIdentities(row, within: SharedIdentities(row + others)), row) == [5, 5])
        let alike = try [measured("d", seeds: [0, 5]), measured("e", seeds: [0, 5])]
        #expect(leaders(SharedIdentities(alike, within: SharedIdentities(alike + others)), alike) == [0, 0])
    }

    @Test func copiesInTheLogOfMetricsAreNotRead() throws {
        try record([10: 3.25])
        let text = "{\"step\": 10, \"loss\": 1, \"metric.fid-x\": 9, \"metric.modes\": 7}\n"
        try text.write(toFile: run.metricsPath, atomically: true, encoding: .utf8)
        #expect(curves().keys == ["metric.fid-x"])
        #expect(curves()["metric.fid-x"]?.points.map(\.value) == [3.25])
        #expect(MetricCurves(path: run.metricsPath).names == ["loss"])
    }

    @Test func curvesAreFoundByTheirIdentity() throws {
        try record([10: 3, 20: 2])
        try record([20: 1], seed: 5)
        #expect(curves().curve("metric.fid-x", identity: Self.identity(seed: 5))?.points.map(\.value) == [1])
        #expect(curves().curve("metric.fid-x", identity: Self.identity(seed: 6))?.metric == nil)
    }

    @Test func identitiesDoNotDependOnTheOrderOfNames() {
        let first = EvaluationIdentity(["weights": "raw", "latentSeed": 1])
        let second = EvaluationIdentity(["latentSeed": 1, "weights": "raw"])
        #expect(first == second && first.hash == second.hash && Set([first, second]).count == 1)
        #expect(first.text == "raw weights, latents of seed 1")
        #expect(first.holds(["latentSeed": 1]) && !first.holds(["latentSeed": 2]))
    }
}
