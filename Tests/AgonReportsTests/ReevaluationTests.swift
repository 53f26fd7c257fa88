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
    ///
    /// - Parameter split: that of the evaluations; training's is `test`.
    private func making(seeds: [Int], split: String = "test", keeps: Bool = true) throws -> TableMaking {
        let config: ConfigObject = ["checkpoints": ["best": "fid"]]
        var trials = [
            SyntheticTrial(id: "a0", settings: ["size": "small", "seed": 0], distances: [9, 2, 3], config: config),
            SyntheticTrial(id: "a1", settings: ["size": "small", "seed": 1], distances: [9, 4, 5], config: config),
        ]
        if keeps { trials[1].bestCheckpoint = 200 }
        _ = try folder.sweep(trials)
        for step in [200, 300] { try folder.write("", to: "\(Self.run)/checkpoints/step-0000\(step).safetensors") }
        let lines = seeds.map { seed -> String in
            var identity = SyntheticTrial.identity(samples: 500, seed: seed).object ?? ConfigObject()
            identity["split"] = ConfigNode(split)
            let line: ConfigNode = [
                "step": 200, "metric": "fid-lenet", "value": ConfigNode(10 + Double(seed)),
                "identity": ConfigNode(identity),
            ]
            return line.lineText + "\n"
        }
        let path = Self.run + "/evaluations.jsonl"
        try folder.write(folder.text(path) + lines.joined(), to: path)
        let recorded = try RecordedSweep(SweepFolder(path: folder.path + "/Sweeps/study")).trials
        return try TableConfiguration.read(TableConfiguration.text(#", "figures": [\#(Self.figure)]"#)).making(recorded)
    }

    private func left(_ making: TableMaking) throws -> MeasurementLeft? {
        let reevaluations = try #require(making.figures.first?.reevaluations)
        return reevaluations.left(row: "small", trials: making.trials(of: making.rows[0]))
    }

    private func values(_ making: TableMaking) throws -> [Double] {
        try #require(making.figures.first?.reevaluations).values(of: making.trials(of: making.rows[0])).sorted()
    }

    @Test func missingEvaluationsOfTheBestCheckpointAreFound() throws {
        let left = try #require(try left(making(seeds: [2])))
        #expect(left.run == folder.path + "/" + Self.run)
        #expect(left.step == 200)
        #expect(left.metric == .frechet && left.samples == 500)
        #expect(left.seeds == [1, 3])
    }

    @Test func allValuesAreShownAndNothingIsLeft() throws {
        let making = try making(seeds: [1, 2, 3, 4])
        #expect(try left(making) == nil)
        // The fourth is not of this figure.
        #expect(try values(making) == [11, 12, 13])
        let heading = try #require(making.figures.first?.reevaluations).heading([[1, 2, 3], [], [1]])
        #expect(heading.hasPrefix("metric.fid-lenet, 1 to 3 evaluations of the best checkpoint"))
    }

    @Test func aDeletedCheckpointIsNotReplacedByAnother() throws {
        let making = try making(seeds: [1, 2])
        try FileManager.default.removeItem(atPath: "\(folder.path)/\(Self.run)/checkpoints/step-0000200.safetensors")
        #expect(try left(making) == nil)
        #expect(try values(making) == [11, 12], "what was measured stays")
    }

    @Test func evaluationsOfAnotherKindAreNotShown() throws {
        let making = try making(seeds: [1, 2, 3], split: "train")
        #expect(try values(making).isEmpty)
        #expect(try left(making)?.seeds == [1, 2, 3])
    }

    @Test func rowsWithoutABestCheckpointAreNoted() throws {
        let making = try making(seeds: [], keeps: false)
        #expect(try left(making) == nil)
        let notes = making.values(table: "study", budget: "").notes
        #expect(
            notes.contains("figure 'again' lacks small: no evaluations of a checkpoint kept by checkpoints.best"),
            "\(notes)")
    }

    @Test func columnsDoNotCallTheFiguresValuesUncounted() throws {
        let notes = try making(seeds: [1, 2, 3]).values(table: "study", budget: "").notes
        #expect(notes.isEmpty, "\(notes)")
        let others = try making(seeds: [4]).values(table: "study", budget: "").notes
        #expect(others.contains { $0.contains("measured in other ways") }, "\(others)")
    }

    @Test(arguments: ["loss.generator", "metric.modes", "metric.ms-ssim"]) func theMetricMustFit(metric: String) {
        let figure = Self.figure.replacingOccurrences(of: "metric.fid-lenet", with: metric)
        let message = message {
            try TableConfiguration.read(TableConfiguration.text(#", "figures": [\#(figure)]"#))
        }
        #expect(message.contains("'\(metric)' is not the key of a Fréchet or kernel distance"), "\(message)")
    }
}
