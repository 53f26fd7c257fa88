import AgonConfiguration
import AgonSweeps
import Foundation

/// A trial of a sweep as recorded in its folder.
public struct RecordedTrial: Sendable {
    public let id: String
    /// The values of the sweep's axes, the seed last.
    public let settings: [(axis: String, value: ConfigNode)]
    /// The config it started from: `gas/original`.
    public let base: String
    /// The sweep's name in rows: its file's name without `.json`.
    public let sweep: String
    public let status: TrialStatus
    public internal(set) var run: RecordedRun

    /// Whether its values count: training completed.
    public var isDone: Bool { status.state == .done }

    var definition: TrialDefinition {
        TrialDefinition(settings: settings, base: base, sweep: sweep, config: run.config)
    }

    /// The settings except the seed, which identify its row.
    public var variant: [(axis: String, value: ConfigNode)] { definition.variant }

    public var seed: Int? { settings.first { $0.axis == "seed" }?.value.integer ?? run.seed }

    /// The value of an axis, a path of config keys, `base` or `sweep`.
    func value(of key: String) -> ConfigNode? { definition.value(of: key) }
}

/// A sweep as recorded in its folder.
public struct RecordedSweep: Sendable {
    public let folder: SweepFolder
    public let list: TrialList
    /// The trials whose folder exists, in the sweep's order.
    public let trials: [RecordedTrial]
    /// The trials whose folders were deleted.
    public let absent: [TrialList.Entry]
    private let label: String

    /// - Parameter resumesPruned: whether trials that a rule ended go on, as the sweep no longer has this rule.
    ///
    /// Throws `SweepError`, `ConfigError`.
    public init(_ folder: SweepFolder, resumesPruned: Bool = false) throws {
        self.folder = folder
        list = try TrialList(folder)
        let label = Self.label(of: list.file)
        self.label = label
        let entries = list.entries.grouped { folder.trial($0.id).run.holdsRun }
        absent = entries.first { !$0.key }?.members ?? []
        trials = try (entries.first(where: \.key)?.members ?? []).map { entry in
            let trial = folder.trial(entry.id)
            return RecordedTrial(
                id: entry.id, settings: entry.settings, base: entry.base, sweep: label,
                status: TrialStatus(trial, entry: entry, resumesPruned: resumesPruned),
                run: try RecordedRun(trial.run))
        }
    }

    /// What the sweep says about its trials, including those whose folders were deleted. If the configs cannot be made
    /// again, these have only the values of the axes.
    var definitions: [(id: String, definition: TrialDefinition)] {
        let made = absent.isEmpty ? nil : try? folder.preparedSweep(of: list)
        let configs = Dictionary((made?.trials ?? []).map { ($0.id, $0.experiment.resolved) }) { first, _ in first }
        let present = Dictionary(trials.map { ($0.id, $0.definition) }) { first, _ in first }
        return list.entries.map { entry in
            let lost = TrialDefinition(
                settings: entry.settings, base: entry.base, sweep: label, config: configs[entry.id] ?? [:],
                isDeleted: true)
            return (entry.id, present[entry.id] ?? lost)
        }
    }

    /// The name of a sweep's file without `.json`.
    static func label(of file: String) -> String {
        let name = (file as NSString).lastPathComponent
        return name.hasSuffix(".json") ? String(name.dropLast(5)) : name
    }
}

extension ConfigNode {
    /// The value as tables show it: strings without quotes, and a word for null.
    var plainText: String { isNull ? "none" : string ?? lineText }
}
