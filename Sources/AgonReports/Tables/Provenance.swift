import AgonConfiguration
import AgonRuns
import AgonTensors
import AgonText
import Foundation

/// Where a table comes from: the command, the configs, the machines and the times.
public struct Provenance: Sendable {
    let node: ConfigNode
    /// The same in a few lines.
    let lines: [String]

    init(_ work: TableWork, trials: [RecordedTrial], commandLine: [String], seconds: Double) {
        let processor = Processor.current
        let made = ISO8601DateFormatter().string(from: Date())
        let machines = Self.distinct(trials.compactMap { Self.machine(of: $0.run.record) })
        let versions = Self.distinct(
            trials.compactMap { trial in trial.run.record["versions"].flatMap { $0.isNull ? nil : $0 } })
        let commits = Self.distinct(
            trials.compactMap { trial in trial.run.record["git"].flatMap { $0.isNull ? nil : $0 } })
        let training = trials.reduce(0) { $0 + ($1.run.seconds ?? 0) }
        let command = Self.shell(commandLine)
        node = [
            "table": ConfigNode(work.configuration.name), "budget": ConfigNode(work.budget),
            "file": ConfigNode(work.file), "config": ConfigNode(work.resolved.digest),
            "command": ConfigNode(commandLine.map { ConfigNode($0) }), "made": ConfigNode(made),
            "seconds": ConfigNode((seconds * 10).rounded() / 10),
            "trainingSeconds": ConfigNode((training * 10).rounded() / 10),
            "agon": ConfigNode(AgonVersion.current), "swift": ConfigNode(AgonVersion.swift),
            "madeOn": [
                "processor": ConfigNode(processor.brand), "usableCores": ConfigNode(processor.usableCores),
                "system": ConfigNode(ProcessInfo.processInfo.operatingSystemVersionString),
            ],
            "machines": ConfigNode(machines), "versions": ConfigNode(versions), "commits": ConfigNode(commits),
            "sweeps": ConfigNode(
                work.sweeps.map {
                    [
                        "file": ConfigNode($0.sweep.file), "config": ConfigNode($0.sweep.resolved.digest),
                        "folder": ConfigNode($0.folder.path), "trials": ConfigNode($0.sweep.trials.count),
                    ]
                }),
            "trials": ConfigNode(trials.map(Self.node)),
        ]
        let where_ = machines.map(Self.words).joined(separator: "; ")
        lines = [
            "Made by `\(command)` at \(made), Agon \(AgonVersion.current).",
            CountText.short(trials.count, "trial") + (where_.isEmpty ? "" : " on \(where_)")
                + ", \(DurationText.short(training)) of training in all."
                + Self.commitWords(commits),
            "Configs: table \(work.resolved.digest.prefix(12)); sweeps "
                + work.sweeps.map { "\($0.sweep.file) \($0.sweep.resolved.digest.prefix(12))" }.joined(separator: ", ")
                + "; each trial's stands in provenance.json.",
        ]
    }

    private static func node(_ trial: RecordedTrial) -> ConfigNode {
        var settings = ConfigObject()
        for setting in trial.settings { settings[setting.axis] = setting.value }
        let record = trial.run.record
        return [
            "id": ConfigNode(trial.id), "folder": ConfigNode(trial.run.folder.path), "settings": ConfigNode(settings),
            "config": ConfigNode(trial.run.digest), "state": ConfigNode(trial.status.state.rawValue),
            "step": ConfigNode(trial.run.step), "threads": record["threads"] ?? .null,
            "started": record["started"] ?? .null, "ended": record["ended"] ?? .null,
            "seconds": record["seconds"] ?? .null, "resumes": record["resumes"] ?? .null,
        ]
    }

    /// What a run's record says of the machine that it ran on.
    private static func machine(of record: ConfigNode) -> ConfigNode? {
        guard let processor = record["processor"], let brand = processor["brand"] else { return nil }
        return [
            "processor": brand, "usableCores": processor["usableCores"] ?? .null,
            "blas": record["blas"]?["coreType"] ?? .null, "system": record["versions"]?["system"] ?? .null,
        ]
    }

    private static func words(_ machine: ConfigNode) -> String {
        let cores = machine["usableCores"]?.integer.map { ", " + CountText.short($0, "core") } ?? ""
        let blas = machine["blas"]?.string.map { ", OpenBLAS \($0)" } ?? ""
        return (machine["processor"]?.string ?? "an unknown processor") + cores + blas
    }

    private static func commitWords(_ commits: [ConfigNode]) -> String {
        guard !commits.isEmpty else { return "" }
        let words = commits.map { commit in
            (commit["commit"]?.string.map { String($0.prefix(12)) } ?? "unknown")
                + (commit["isDirty"]?.boolean == true ? " with changes" : "")
        }
        return " Commit \(words.joined(separator: ", "))."
    }

    private static func distinct(_ nodes: [ConfigNode]) -> [ConfigNode] {
        var seen: Set<String> = []
        return nodes.filter { seen.insert($0.canonicalText).inserted }
    }

    /// Arguments as a shell takes them.
    static func shell(_ arguments: [String]) -> String {
        let program = arguments.prefix(1).map { ($0 as NSString).lastPathComponent }
        return (program + arguments.dropFirst()).map(ShellText.word).joined(separator: " ")
    }
}
