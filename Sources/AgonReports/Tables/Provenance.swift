import AgonConfiguration
import AgonRuns
import AgonTensors
import AgonText
import Foundation

/// A table's provenance: the command, the configs, the machines and the times.
public struct Provenance: Sendable {
    let node: ConfigNode
    /// What was run here, in a line, the same whenever the table is made; nil if nothing was.
    let runs: String?
    /// The configs of table and sweeps, in a line.
    let configs: String

    init(_ work: TableWork, trials: [RecordedTrial], commandLine: [String], seconds: Double) {
        let processor = Processor.current
        let made = ISO8601DateFormatter().string(from: Date())
        let machines = trials.compactMap { $0.run.record.flatMap(Machine.init) }.distinct
        let versions = trials.compactMap { $0.run.record?.versions }.distinct
        let commits = trials.compactMap { $0.run.record?.git }.distinct
        let training = trials.reduce(0) { $0 + ($1.run.seconds ?? 0) }
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
            "machines": ConfigNode(machines.map(\.node)), "versions": versions.node, "commits": commits.node,
            "sweeps": ConfigNode(
                work.sources.map {
                    [
                        "file": ConfigNode($0.file), "config": ConfigNode($0.config),
                        "folder": ConfigNode($0.folder.path), "trials": ConfigNode($0.trials),
                    ]
                }),
            "trials": ConfigNode(trials.map(Self.node)),
            "added": ConfigNode(
                work.contributions(besides: trials).map { file, ids in
                    ["file": ConfigNode(file.path), "trials": ConfigNode(ids.sorted().map { ConfigNode($0) })]
                }),
        ]
        let where_ = machines.map(\.text).joined(separator: "; ")
        let ran = trials.count { $0.status.state != .waiting }
        runs =
            ran == 0
            ? nil
            : CountText.short(ran, "trial") + (where_.isEmpty ? "" : " on \(where_)")
                + ", \(DurationText.short(training)) of training in total." + Self.text(of: commits)
        configs =
            "Configs: " + (work.file.isEmpty ? "" : "table \(work.resolved.digest.prefix(12)); ") + "sweeps "
            + work.sources.map { "\($0.file) \($0.config.prefix(12))" }.joined(separator: ", ")
            + "; trials are named by theirs."
    }

    private static func node(_ trial: RecordedTrial) -> ConfigNode {
        var settings = ConfigObject()
        for setting in trial.settings { settings[setting.axis] = setting.value }
        let record = trial.run.record
        return [
            "id": ConfigNode(trial.id), "folder": ConfigNode(trial.run.folder.path), "settings": ConfigNode(settings),
            "config": ConfigNode(trial.run.digest), "state": ConfigNode(trial.status.state.rawValue),
            "step": ConfigNode(trial.run.step), "threads": json(record?.threads),
            "started": json(record?.started), "ended": json(record?.ended), "seconds": json(record?.seconds),
            "resumes": json(record?.resumes),
        ]
    }

    private static func json(_ value: (some RecordValue)?) -> ConfigNode { value?.node ?? .null }

    /// The machine that a run was trained on.
    private struct Machine: Hashable {
        let processor: String
        let usableCores: Int?
        let blas: String?
        let system: String?

        init?(_ record: RunRecord) {
            guard let brand = record.processor?.brand else { return nil }
            processor = brand
            usableCores = record.processor?.usableCores
            blas = record.blas?.coreType
            system = record.versions?.system
        }

        var node: ConfigNode {
            [
                "processor": ConfigNode(processor), "usableCores": Provenance.json(usableCores),
                "blas": Provenance.json(blas), "system": Provenance.json(system),
            ]
        }

        var text: String {
            processor + (usableCores.map { ", " + CountText.short($0, "core") } ?? "")
                + (blas.map { ", OpenBLAS \($0)" } ?? "")
        }
    }

    private static func text(of commits: [GitRevision]) -> String {
        guard !commits.isEmpty else { return "" }
        let words = commits.map { $0.commit.prefix(12) + ($0.isDirty ? " with changes" : "") }
        return " Commit \(words.joined(separator: ", "))."
    }

    /// Arguments quoted for a shell.
    static func shell(_ arguments: [String]) -> String {
        let program = arguments.prefix(1).map { ($0 as NSString).lastPathComponent }
        return (program + arguments.dropFirst()).map(ShellText.word).joined(separator: " ")
    }
}
