import AgonConfiguration
import AgonSweeps
import AgonText

/// Completed trials of a table that were run elsewhere, as files of values record them.
struct AddedTrials: Sendable {
    /// By their ids.
    var trials: [String: TableValues.Trial] = [:]
    /// What they come from.
    var origin: [String] = []
    var notes: [String] = []
}

extension TableWork {
    /// Counts the completed trials of a file of values as done: `sweepsToRun` leaves them out, and `results` has their
    /// values. A trial that has been run here too counts as it was run here.
    ///
    /// - Parameter path: names the file in messages.
    /// - Returns: notes for the user: how many trials count, and how many do not.
    ///
    /// Throws `ReportsError.foreignValues`.
    public mutating func add(_ values: TableValues, from path: String) throws -> [String] {
        try check(values)
        let done = values.rows.flatMap(\.trials).filter(\.isDone)
        let known = Set(sweeps.flatMap { $0.sweep.trials.map(\.id) })
        let counted = done.filter { known.contains($0.id) }
        let former = Set(done.map(\.id)).subtracting(known)
        for trial in counted where added.trials[trial.id] == nil { added.trials[trial.id] = trial }
        if !counted.isEmpty {
            added.origin += values.origin.filter { !$0.hasPrefix(Provenance.configsWord) }
            added.notes += values.notes.filter { $0 != Self.figuresNote }
        }
        let count = Set(counted.map(\.id)).count
        return ["\(path): \(CountText.short(count, "completed trial")) counted"]
            + (former.isEmpty
                ? []
                : ["\(path): \(former.count) of its trials are of configs that have changed since, and do not count"])
    }

    /// The sweeps with the trials that belong into their folders: those that were not added, or were completed here.
    public var sweepsToRun: [(sweep: Sweep, folder: SweepFolder)] {
        guard !added.trials.isEmpty else { return sweeps }
        return sweeps.map { sweep, folder in
            let done = Set(SweepRun.statuses(of: sweep, in: folder).filter { $0.state == .done }.map(\.id))
            return (sweep.without(Set(added.trials.keys).subtracting(done)), folder)
        }.filter { !$0.0.trials.isEmpty }
    }

    /// What the sweeps say of the trials that were run here or added, in the sweeps' order.
    func definitions(of trials: [RecordedTrial]) -> [TrialDefinition] {
        guard !added.trials.isEmpty else { return trials.map(\.definition) }
        let ids = Set(trials.map(\.id)).union(added.trials.keys)
        return planned.filter { ids.contains($0.id) }.map(\.definition)
    }

    private static let figuresNote = "figures show the trials of one machine alone; values of others were added"

    private var planned: [(id: String, definition: TrialDefinition)] {
        sweeps.flatMap { sweep, _ in sweep.trials.map { ($0.id, TrialDefinition($0, of: sweep)) } }
    }

    /// Puts added trials into their rows.
    func add(_ added: AddedTrials, to values: inout TableValues, rows: [TableRow]) {
        guard !added.trials.isEmpty else { return }
        let planned = planned
        let ranHere = values.rows.contains { $0.trials.contains { $0.state != .waiting } }
        for (index, row) in rows.enumerated() {
            let members = planned.filter { member in row.matches { member.definition.value(of: $0) } }
            guard members.contains(where: { added.trials[$0.id] != nil }) else { continue }
            let here = values.rows[index].trials
            let joined = members.compactMap { member -> (trial: TableValues.Trial, definition: TrialDefinition)? in
                let ran = here.first { $0.id == member.id }
                let trial = ran.map { $0.isDone ? $0 : added.trials[$0.id] ?? $0 } ?? added.trials[member.id]
                return trial.map { ($0, member.definition) }
            }
            let done = joined.filter(\.trial.isDone).map(\.definition)
            for column in configuration.columns {
                guard case .setting(let path) = column.quantity else { continue }
                values.rows[index].words[column.key] = TableMaking.words(of: path, in: done)
            }
            values.rows[index].pooled = TableMaking.settings(thatDifferAmong: done)
            values.rows[index].trials = joined.map(\.trial)
        }
        values.notes = (values.notes + added.notes).distinct
        values.origin = (ranHere ? values.origin.dropLast() : []) + added.origin.distinct + values.origin.suffix(1)
        if ranHere, !configuration.figures.isEmpty { values.notes.append(Self.figuresNote) }
    }
}
