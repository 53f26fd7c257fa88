import AgonConfiguration
import AgonRuns
import AgonSweeps
import AgonTensors
import AgonTestFiles
import Foundation

@testable import AgonReports

/// A recorded run among the fixtures: `run` or `ensemble`.
func fixture(_ name: String) throws -> RecordedRun {
    let path = Bundle.module.path(forResource: "Fixtures", ofType: nil) ?? ""
    return try RecordedRun(RunFolder(path: path + "/" + name))
}

/// A trial as recorded in its folder, with numbers that are easy to check.
struct SyntheticTrial {
    var id: String
    var settings: ConfigObject
    var base = "gan/mlp"
    /// Values of `metric.fid-lenet`, at steps 100, 200 and so on.
    var distances: [Double] = []
    /// The identity of the distances; nil leaves evaluations.jsonl out.
    var identity: ConfigNode? = SyntheticTrial.identity()
    var state = TrialStatus.State.done
    var processor = "Example CPU 9000"
    var reason: String?
    /// Of training, at the last step.
    var seconds = 60.0
    var config: ConfigObject = [:]
    var alarms: [String] = []
    /// The step that `run.json` calls the best.
    var bestCheckpoint: Int?
    /// PNG files by step.
    var samples: [Int] = []

    static func identity(samples: Int = 1000, extractor: String = "lenet", seed: Int = 0) -> ConfigNode {
        [
            "extractor": ConfigNode(extractor),
            "extractorHash": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "resizer": "none", "realSamples": 10000, "generatedSamples": ConfigNode(samples), "split": "test",
            "weights": "raw", "latentSeed": ConfigNode(seed),
        ]
    }

    /// The smallest PNG there is: one grey pixel.
    static let pixel = Data(
        base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")

    /// Writes what a run leaves in its folder. A config that is there stays.
    func write(to folder: TemporaryFolder, _ path: String) throws {
        var config: ConfigObject = ["name": ConfigNode(base), "steps": ConfigNode(100 * max(1, distances.count))]
        for setting in settings.members { config[setting.key] = setting.value }
        for member in self.config.members { config[member.key] = member.value }
        if !folder.holds(path + "/config.json") {
            try folder.write(ConfigNode(config).prettyText, to: path + "/config.json")
        }
        guard state != .waiting else { return }
        let steps = max(1, distances.count)
        var lines: [String] = []
        var evaluations: [String] = []
        for step in 1...steps {
            var line: ConfigObject = [
                "step": ConfigNode(100 * step), "loss.generator": ConfigNode(Double(step)),
                "loss.discriminator": 0.5, "seconds": ConfigNode(seconds * Double(step) / Double(steps)),
            ]
            if distances.indices.contains(step - 1) {
                let value = ConfigNode(distances[step - 1])
                line["metric.fid-lenet"] = value
                let evaluation: ConfigObject = [
                    "step": ConfigNode(100 * step), "metric": "fid-lenet", "value": value,
                    "identity": identity ?? .null,
                ]
                if identity != nil { evaluations.append(ConfigNode(evaluation).lineText) }
            }
            if step == steps, !alarms.isEmpty { line["alarms"] = ConfigNode(alarms.map { ConfigNode($0) }) }
            lines.append(ConfigNode(line).lineText)
        }
        try folder.write(lines.joined(separator: "\n") + "\n", to: path + "/metrics.jsonl")
        if !evaluations.isEmpty {
            try folder.write(evaluations.joined(separator: "\n") + "\n", to: path + "/evaluations.jsonl")
        }
        var record: ConfigObject = [
            "state": ConfigNode(state == .done ? "done" : state == .pruned ? "stopped" : state.rawValue),
            "reason": reason.map { ConfigNode($0) } ?? .null, "step": ConfigNode(100 * steps),
            "steps": ConfigNode(100 * steps), "threads": 1, "seconds": ConfigNode(seconds), "stepsPerSecond": 2.5,
            "peakMemoryBytes": 120_000_000, "started": "2026-01-31T12:00:00Z",
            "processor": ["brand": ConfigNode(processor), "usableCores": 2], "blas": ["coreType": "Zen"],
            "versions": ["agon": "0.1.0", "system": "Example OS"],
            "git": ["commit": "1a82cba13f49191c1434761a3ba8c98a83fabe42", "isDirty": false],
        ]
        if let bestCheckpoint { record["bestCheckpoint"] = ConfigNode(bestCheckpoint) }
        try folder.write(ConfigNode(record).prettyText, to: path + "/run.json")
        if state == .done || state == .pruned {
            let stamp: ConfigNode = [
                "state": ConfigNode(state.rawValue), "reason": reason.map { ConfigNode($0) } ?? .null,
            ]
            try folder.write(stamp.prettyText, to: path + "/done")
        }
        if state == .failed { try folder.write((reason ?? "failed") + "\n", to: path + "/failed") }
        for step in samples {
            let name = "\(path)/samples/step-" + String(format: "%07d", step) + ".png"
            try folder.write("", to: name)
            try Self.pixel?.write(to: URL(fileURLWithPath: folder.path + "/" + name))
        }
    }
}

extension TemporaryFolder {
    /// The folder of a sweep with such trials.
    func sweep(named name: String = "study", axes: [String] = ["size", "seed"], _ trials: [SyntheticTrial]) throws
        -> SweepFolder
    {
        let list: ConfigNode = [
            "sweep": ConfigNode(name), "file": "Configs/sweeps/study.json", "root": ConfigNode(path),
            "axes": ConfigNode(axes.map { ConfigNode($0) }), "stop": .null,
            "trials": ConfigNode(
                trials.map {
                    [
                        "id": ConfigNode($0.id), "base": ConfigNode($0.base), "settings": ConfigNode($0.settings),
                        "steps": ConfigNode(100 * max(1, $0.distances.count)),
                    ]
                }),
        ]
        let folder = "Sweeps/\(name)"
        try write(list.prettyText, to: folder + "/trials.json")
        try write(ConfigNode(["name": ConfigNode(name)] as ConfigObject).prettyText, to: folder + "/sweep.json")
        for trial in trials { try trial.write(to: self, "\(folder)/trials/\(trial.id)") }
        return SweepFolder(path: path + "/" + folder)
    }

    /// Two sizes with three seeds each; the distances' means and deviations are easy to compute.
    func study() throws -> [RecordedTrial] { try RecordedSweep(sweep(Self.studyTrials)).trials }

    static let studyTrials: [SyntheticTrial] = [
        // Best 2, 4, 6: mean 4, deviation 2. Last 3, 4, 8: mean 5, deviation sqrt(7).
        SyntheticTrial(id: "a0", settings: ["size": "small", "seed": 0], distances: [9, 2, 3], seconds: 60),
        SyntheticTrial(id: "a1", settings: ["size": "small", "seed": 1], distances: [9, 5, 4], seconds: 120),
        SyntheticTrial(id: "a2", settings: ["size": "small", "seed": 2], distances: [6, 7, 8], seconds: 180),
        // Best 1, 1.5, 2: mean 1.5, deviation 0.5.
        SyntheticTrial(id: "b0", settings: ["size": "large", "seed": 0], distances: [3, 2, 1], seconds: 60),
        SyntheticTrial(id: "b1", settings: ["size": "large", "seed": 1], distances: [3, 2, 1.5], seconds: 60),
        SyntheticTrial(id: "b2", settings: ["size": "large", "seed": 2], distances: [3, 2, 2.5], seconds: 60),
    ]
}

extension TableConfiguration {
    /// A table of the two sizes, as a file would state it, with more sections.
    static func text(_ more: String = "", name: String = "study") -> String {
        """
        {
          "name": "\(name)",
          "title": "Size & distance_100%",
          "source": "Somebody et al., 2020, Table 1",
          "budgets": {"smoke": {"sweeps": [{"file": "sweep.json"}]}},
          "rows": [
            {"name": "small", "where": {"size": "small"}, "published": {"best": 4.5}},
            {"name": "large", "where": {"size": ["large"]}}
          ],
          "columns": [
            {"key": "best", "title": "best fid-lenet", "best": "minimize", "type": "metric",
             "metric": "metric.fid-lenet", "pick": "best"},
            {"key": "last", "type": "metric", "metric": "metric.fid-lenet"},
            {"key": "minutes", "title": "minutes to best", "type": "timeToBest", "metric": "metric.fid-lenet"},
            {"key": "share", "type": "ratio", "column": "best", "row": "small"}
          ]\(more)
        }
        """
    }

    static func read(_ text: String) throws -> TableConfiguration {
        try ConfigReader.decode(TableConfiguration.self, from: ConfigNode.parse(text, file: "table.json")).value
    }

    /// A table made of trials.
    func making(_ trials: [RecordedTrial]) -> TableMaking {
        TableMaking(columns: columns, rows: rows, trials: trials, figures: figures)
    }

    func table(_ trials: [RecordedTrial]) -> ResultTable {
        making(trials).table(name: name, title: title)
    }
}
