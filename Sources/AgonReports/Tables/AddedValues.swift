import AgonConfiguration
import AgonSweeps
import AgonText

/// A file of values whose completed trials count in a table besides those that were run here.
struct AddedValues: Sendable {
    /// The note on values of a table's file that has changed since.
    static let otherVersion = "from another version of the table's file, in which columns may have had other meanings"

    let path: String
    let values: TableValues
    /// The completed trials that today's sweeps have too.
    let ids: Set<String>
    /// The completed trials by their ids, with the names of their rows.
    private let done: [String: [(row: String, trial: TableValues.Trial)]]

    /// - Parameter planned: the trials of today's sweeps.
    init(path: String, values: TableValues, planned: Set<String>) {
        self.path = path
        self.values = values
        let trials = values.rows.flatMap { row in row.trials.map { (row: row.name, trial: $0) } }
        done = Dictionary(grouping: trials.filter(\.trial.isDone)) { $0.trial.id }
        ids = planned.intersection(done.keys)
    }

    /// A trial by its id. A trial in several rows may have values of another identity in each.
    fileprivate func trial(_ id: String, row name: String) -> TableValues.Trial? {
        let found = done[id] ?? []
        return (found.first { $0.row == name } ?? found.first)?.trial
    }

    /// How many completed trials today's sweeps do not have.
    fileprivate var formerCount: Int { done.count - ids.count }

    /// What the trials `used` come from. The last line of an origin names configs.
    fileprivate func origin(of used: Set<String>) -> [String] {
        let lines = values.origin.dropLast()
        guard used.count < done.count else { return Array(lines) }
        return ["\(CountText.short(used.count, "trial")) of these: " + lines.joined(separator: " ")]
    }
}

extension TableWork {
    /// Counts the completed trials of a file of values as done. Of a trial that was completed here too, the values from
    /// here count.
    ///
    /// - Parameter path: names the file in messages.
    /// - Returns: notes for the user.
    ///
    /// Throws `ReportsError.foreignValues`.
    public mutating func add(_ values: TableValues, from path: String) throws -> [String] {
        try check(values, file: path)
        let file = AddedValues(path: path, values: values, planned: plannedIDs)
        let new = file.ids.subtracting(added.flatMap(\.ids)).subtracting(idsDoneHere)
        added.append(file)
        var notes = [
            "\(path): \(CountText.short(new.count, "trial")) counted that \(new.count == 1 ? "was" : "were") run elsewhere"
        ]
        let former = file.formerCount
        if former > 0 {
            notes.append(
                "\(path): \(CountText.short(former, "trial")) not counted, as \(former == 1 ? "its config has" : "their configs have") changed since"
            )
        }
        if let config = values.config, config != resolved.digest {
            notes.append("\(path): \(AddedValues.otherVersion)")
        }
        return notes
    }

    /// The sweeps with the trials that were not added, and those that were completed here. A sweep of which every trial
    /// was added is left out.
    public func sweepsToRun() -> [(sweep: Sweep, folder: SweepFolder)] {
        let elsewhere = Set(added.flatMap(\.ids)).subtracting(idsDoneHere)
        guard !elsewhere.isEmpty else { return sweeps }
        return sweeps.map { ($0.sweep.without(elsewhere), $0.folder) }.filter { !$0.0.trials.isEmpty }
    }

    /// The trials that each added file contributes: those that neither an earlier file nor this machine has.
    func contributions(besides trials: [RecordedTrial]) -> [(file: AddedValues, ids: Set<String>)] {
        var known = Set(trials.filter(\.isDone).map(\.id))
        return added.map { file in
            defer { known.formUnion(file.ids) }
            return (file, file.ids.subtracting(known))
        }.filter { !$0.1.isEmpty }
    }

    /// What the sweeps say about the trials that have a folder or were added, in the sweeps' order.
    func definitions(of trials: [RecordedTrial]) -> [TrialDefinition] {
        guard !added.isEmpty else { return trials.map(\.definition) }
        let ids = Set(trials.map(\.id)).union(added.flatMap(\.ids))
        return definitions.filter { ids.contains($0.id) }.map(\.definition)
    }

    /// Fills the rows with added trials, and with those that the sweeps have and nobody has run.
    ///
    /// Times and memory are those of a machine, so added trials lack them beside trials of another.
    func completeRows(of values: inout TableValues, _ making: TableMaking) {
        let trials = making.trials
        let contributions = contributions(besides: trials)
        let isOneMachine = contributions.count == 1 && !trials.contains(where: \.isDone)
        let machineColumns = isOneMachine ? [] : configuration.columns.filter(\.quantity.dependsOnMachine).map(\.key)
        making.complete(&values, with: definitions) { id, row in
            let file = contributions.first { $0.ids.contains(id) }?.file
            var trial = file?.trial(id, row: row)
            for key in machineColumns { trial?.measured[key] = nil }
            return trial
        }
        if !contributions.isEmpty, trials.contains(where: \.isDone), !configuration.figures.isEmpty {
            values.notes.append("figures show the trials that were run here alone, not those that were added")
        }
    }

    /// What the values come from: the runs here, those of added files, and the configs.
    func origin(_ provenance: Provenance, trials: [RecordedTrial]) -> [String] {
        let added = contributions(besides: trials).flatMap { $0.file.origin(of: $0.ids) }
        let runs = (provenance.runs.map { [$0] } ?? []) + added
        return (runs.isEmpty ? ["No trial was run; costs follow from the configs."] : runs) + [provenance.configs]
    }

    private var idsDoneHere: Set<String> {
        Set(sweeps.flatMap { sweep, folder in sweep.trials.map(\.id).filter { folder.isDone($0) } })
    }

    /// What the sweeps say about their trials, run or not.
    var definitions: [(id: String, definition: TrialDefinition)] {
        recorded?.definitions
            ?? sweeps.flatMap { sweep, _ in sweep.trials.map { ($0.id, TrialDefinition($0, of: sweep)) } }
    }
}

extension TableQuantity {
    /// Whether the same trial has another value on another machine.
    fileprivate var dependsOnMachine: Bool {
        switch self {
        case .record(.minutes), .record(.seconds), .record(.stepsPerSecond), .record(.peakMemory), .timeToBest: true
        case .timeToReach(_, _, _, let inSteps): !inSteps
        default: false
        }
    }
}
