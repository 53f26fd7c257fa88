import AgonConfiguration
import AgonTestSupport
import Foundation

@testable import AgonExperiments
@testable import AgonRunIndex
@testable import AgonRuns
@testable import AgonSweeps

/// A test of runs that are made in a folder without training, and of their index.
protocol TestOfIndexedRuns {
    var folder: TemporaryFolder { get }
}

extension TestOfIndexedRuns {
    var runs: String { folder.path + "/Runs" }

    func index() -> RunIndex { RunIndex(path: folder.path + "/cache/runs.sqlite") }

    @discardableResult
    func makeRun(
        _ name: String, objective: String = "gan", seed: Int = 0, state: String = "done", losses: [Double] = [1, 2],
        fid: [Double] = [], identity: String = "aaaa"
    ) throws -> RunFolder {
        let run = RunFolder(path: runs + "/" + name)
        try run.make()
        let config: ConfigNode = [
            "name": ConfigNode(name), "seed": ConfigNode(seed), "objective": ["type": ConfigNode(objective)],
            "optimizer": ["type": "adam", "learningRate": 2e-4], "dataset": ["name": "mnist"],
            "generator": ["layers": [["type": "linear", "features": 8]]],
        ]
        try config.prettyText.write(toFile: run.configPath, atomically: true, encoding: .utf8)
        let record: ConfigNode = [
            "state": ConfigNode(state), "step": 10, "steps": 10, "seconds": 3.5,
            "started": "2026-01-31T12:00:00Z",
        ]
        try record.prettyText.write(toFile: run.recordPath, atomically: true, encoding: .utf8)
        var lines = ""
        for (index, loss) in losses.enumerated() {
            lines += "{\"step\": \(index + 1), \"loss\": \(loss), \"seconds\": 1}\n"
        }
        try lines.write(toFile: run.metricsPath, atomically: true, encoding: .utf8)
        try run.record(fid.enumerated().map { Self.value(step: $0 + 1, $1, identity) })
        return run
    }

    static func identity(_ extractor: String = "aaaa") -> EvaluationIdentity {
        EvaluationIdentity(["extractorHash": ConfigNode(extractor)])
    }

    static func value(step: Int, _ value: Double, _ extractor: String = "aaaa") -> EvaluationValue {
        EvaluationValue(step: step, metric: "fid-lenet", value: value, identity: identity(extractor))
    }

    func names(_ index: RunIndex, _ query: String? = nil, sort: String? = nil) throws -> [String] {
        try index.runs(
            below: [runs], where: try query.map { try RunQuery($0) }, sort: sort.map(RunSort.init), keys: ["name"]
        ).compactMap { $0["name"] }
    }

    /// The folder of a sweep with a trial for each size.
    func makeSweep(sizes: [String]) throws -> String {
        let sweep = folder.path + "/Sweeps/study"
        let entries = sizes.enumerated().map { number, size -> ConfigNode in
            [
                "id": ConfigNode("t\(number)"), "base": "gan", "steps": 10,
                "settings": ["size": ConfigNode(size), "optimizer.learningRate": 2e-4, "seed": 0],
            ]
        }
        for number in entries.indices { try makeRun("../Sweeps/study/trials/t\(number)", objective: "o\(number)") }
        let list: ConfigNode = [
            "sweep": "study", "file": "study.json", "root": ConfigNode(folder.path),
            "axes": ["size", "optimizer.learningRate", "seed"], "stop": .null, "trials": ConfigNode(entries),
        ]
        try list.prettyText.write(toFile: sweep + "/trials.json", atomically: true, encoding: .utf8)
        return sweep
    }
}
