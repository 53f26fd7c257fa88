import AgonSweeps
import AgonText

extension TableAssembly {
    /// Notes below the table: how values were measured, which trials are missing, and the rows' own notes.
    func notes(of table: ResultTable) -> [String] {
        var notes: [String] = []
        for column in table.columns {
            let known = column.identities.enumerated()
            if column.identities.count > 1 {
                let ways = known.map { "\(ResultTable.mark($0)): \($1?.text ?? "identity not recorded")" }
                notes.append(
                    "\(column.title): values with different marks were measured in different ways and must not be "
                        + "compared; \(ways.joined(separator: "; "))")
            } else if let way = column.identities.first, let identity = way {
                notes.append("\(column.title): \(identity.text)")
            }
        }
        notes = Self.joined(notes) + values.notes
        let untried = rows.filter { !trials(of: $0).contains(where: \.wasRun) }.map(\.name)
        let isUntried = Set(untried)
        if untried.count == 1 {
            notes.append("\(untried[0]): no trial of this row has been run")
        } else if !untried.isEmpty {
            notes.append("no trial of these rows has been run: \(untried.joined(separator: "; "))")
        }
        for row in rows where !isUntried.contains(row.name) {
            notes += missing(in: row)
            notes += valueless(in: row)
            let pooled = members(of: row).pooled
            if !pooled.isEmpty {
                notes.append(
                    "\(row.name): its trials differ in \(pooled.joined(separator: ", ")), so ± is not over seeds alone")
            }
        }
        for row in rows { if let note = row.note { notes.append("\(row.name): \(note)") } }
        if table.rows.contains(where: { $0.cells.contains { $0.summary.map { $0.count > 1 } ?? false } }) {
            notes.append(
                "mean ± 95 % interval of the mean by Student's t (number of \(table.countHeading))")
        }
        if table.rows.contains(where: { $0.cells.contains(where: \.isMissing) }) {
            notes.append("–: no value")
        }
        return notes
    }

    /// Columns measured in the same way share a note.
    static func joined(_ notes: [String]) -> [String] {
        let parts = notes.compactMap { note in
            note.range(of: ": ").map { (title: note[..<$0.lowerBound], text: note[$0.upperBound...]) }
        }
        return parts.grouped(by: \.text).map { text, members in
            "\(members.map(\.title).distinct.joined(separator: ", ")): \(text)"
        }
    }

    private func trials(of row: TableRow) -> [TableValues.Trial] { members(of: row).trials }

    /// What happened to the trials of a row that do not count; trials with the same fate share a note.
    private func missing(in row: TableRow) -> [String] {
        let members = trials(of: row)
        let fates = members.filter { !$0.isDone }.grouped { trial in
            // Of a trial that waits, the reason says what became of its folder.
            trial.state == .waiting
                ? trial.reason ?? Self.words(trial.state)
                : Self.words(trial.state) + (trial.reason.map { " (\($0))" } ?? "")
        }
        return fates.map { fate, trials in
            if trials.count == 1 {
                let which = members.count == 1 ? "its trial" : trials[0].seed.map { "seed \($0)" } ?? "a trial"
                return "\(row.name): \(which) \(fate) and does not count"
            }
            let seeds = trials.compactMap(\.seed)
            let which =
                seeds.count == trials.count
                ? "seeds " + seeds.map(String.init).joined(separator: ", ") : CountText.short(trials.count, "trial")
            return "\(row.name): \(which) \(Self.plural(fate)) and do not count"
        }
    }

    /// `was stopped`, `is still running` and `has no folder` as said of several trials.
    private static func plural(_ fate: String) -> String {
        for (one, several) in [("was ", "were "), ("is ", "are "), ("has ", "have ")] where fate.hasPrefix(one) {
            return several + fate.dropFirst(one.count)
        }
        return fate
    }

    /// Completed trials without a value that others of the row have: the means leave them out.
    private func valueless(in row: TableRow) -> [String] {
        let done = trials(of: row).filter(\.isDone)
        let notes = columns.compactMap { column -> String? in
            let without = done.filter { $0.measured[column.key] == nil }
            guard !without.isEmpty, without.count < done.count else { return nil }
            let seeds = without.compactMap(\.seed).sorted()
            // Rows that pool settings may have a seed several times.
            let isNamed = seeds.count == without.count && Set(seeds).count == seeds.count
            let names = seeds.map(String.init).joined(separator: ", ")
            let who =
                isNamed ? "\(seeds.count == 1 ? "seed" : "seeds") \(names)" : CountText.short(without.count, "trial")
            let verb = without.count == 1 ? "has" : "have"
            return
                "\(column.title): \(who) \(verb) no value, and the mean is over the other \(done.count - without.count)"
        }
        return Self.joined(notes).map { "\(row.name): \($0)" }
    }

    private static func words(_ state: TrialStatus.State) -> String {
        switch state {
        case .waiting: "was not run"
        case .running: "is still running"
        case .done: "is done"
        case .pruned: "was ended early"
        case .stopped: "was stopped before completion"
        case .failed: "failed"
        case .died: "was killed before completion"
        }
    }
}
