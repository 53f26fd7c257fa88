import AgonConfiguration
import AgonSweeps
import AgonTestSupport
import Foundation
import Testing

@testable import AgonReports

@Suite struct ReevaluationTests {
    private let folder: TemporaryFolder
    private static let run = "Sweeps/study/trials/a1"
    private static let figure = #"""
        {"name": "again", "title": "Again", "type": "reevaluations", "metric": "metric.fid-lenet", "count": 3,
         "samples": 500}
        """#

    init() throws { folder = try TemporaryFolder() }

    /// Two trials of one row, of which the second kept the checkpoint of its best value, and evaluations of it.
    private func making(seeds: [Int], config: ConfigObject = ["checkpoints": ["best": "fid"]]) throws -> TableMaking {
        let trials = [
            SyntheticTrial(id: "a0", settings: ["size": "small", "seed": 0], distances: [9, 2, 3], config: config),
            SyntheticTrial(id: "a1", settings: ["size": "small", "seed": 1], distances: [9, 4, 5], config: config),
        ]
        _ = try folder.sweep(trials)
        for step in [200, 300] { try folder.write("", to: "\(Self.run)/checkpoints/step-0000\(step).safetensors") }
        try folder.write("", to: "Sweeps/study/trials/a0/checkpoints/unfinished")
        let lines = seeds.map { seed -> String in
            let line: ConfigNode = [
                "step": 200, "metric": "fid-lenet", "value": ConfigNode(10 + Double(seed)),
                "identity": SyntheticTrial.identity(samples: 500, seed: seed),
            ]
            return line.lineText + "\n"
        }
        let path = Self.run + "/evaluations.jsonl"
        try folder.write(folder.text(path) + lines.joined(), to: path)
        let recorded = try RecordedSweep(SweepFolder(path: folder.path + "/Sweeps/study")).trials
        return try TableConfiguration.read(TableConfiguration.text(#", "figures": [\#(Self.figure)]"#)).making(recorded)
    }

    private func reevaluations(_ making: TableMaking) throws -> Reevaluations {
        let figure = try #require(making.figures.first)
        guard case .reevaluations(let reevaluations) = figure.kind else { throw CancellationError() }
        return reevaluations
    }

    @Test func missingEvaluationsOfTheBestCheckpointAreFound() throws {
        let making = try making(seeds: [2])
        let reevaluations = try reevaluations(making)
        let left = try #require(reevaluations.left(row: "small", trials: making.trials(of: making.rows[0])))
        #expect(left.run == folder.path + "/" + Self.run)
        #expect(left.step == 200)
        #expect(left.metric == .frechet && left.samples == 500)
        #expect(left.seeds == [1, 3])
    }

    @Test func allValuesAreShownAndNothingIsLeft() throws {
        let making = try making(seeds: [1, 2, 3, 4])
        let reevaluations = try reevaluations(making)
        let trials = making.trials(of: making.rows[0])
        #expect(reevaluations.left(row: "small", trials: trials) == nil)
        // The fourth is not of this figure.
        #expect(reevaluations.values(of: trials).sorted() == [11, 12, 13])
    }

    @Test func trialsThatKeepNoBestCheckpointAreLeftAlone() throws {
        let making = try making(seeds: [], config: [:])
        #expect(try reevaluations(making).left(row: "small", trials: making.trials(of: making.rows[0])) == nil)
    }

    @Test func columnsDoNotCallTheFiguresValuesUncounted() throws {
        let notes = try making(seeds: [1, 2, 3]).values(table: "study", budget: "").notes
        #expect(!notes.contains { $0.contains("measured in other ways") }, "\(notes)")
        let others = try making(seeds: [4]).values(table: "study", budget: "").notes
        #expect(others.contains { $0.contains("measured in other ways") }, "\(others)")
    }

    @Test func theMetricMustBeOne() {
        let figure = Self.figure.replacingOccurrences(of: "metric.fid-lenet", with: "loss.generator")
        let message = message {
            try TableConfiguration.read(TableConfiguration.text(#", "figures": [\#(figure)]"#))
        }
        #expect(message.contains("'loss.generator' is not the key of a metric"), "\(message)")
    }
}
