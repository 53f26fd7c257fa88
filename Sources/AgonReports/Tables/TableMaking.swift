import AgonConfiguration
import AgonExperiments
import AgonRuns
import AgonText

/// Collects the values of a table from the runs of its sweeps.
struct TableMaking {
    var columns: [TableColumn]
    let rows: [TableRow]
    let trials: [RecordedTrial]
    let figures: [TableFigure]
    /// The cost of a row by its trials' config, at the named budget or the table's own.
    var cost: (_ row: TableRow, _ budget: String?) -> CostFigures?
    /// The trials of the rows by the rows' names.
    private let members: [String: [RecordedTrial]]

    init(
        columns: [TableColumn], rows: [TableRow], trials: [RecordedTrial], figures: [TableFigure] = [],
        cost: @escaping (_ row: TableRow, _ budget: String?) -> CostFigures? = { _, _ in nil }
    ) {
        self.columns = columns
        self.rows = rows
        self.trials = trials
        self.figures = figures
        self.cost = cost
        let members = RowMembers(trials) { $0.value(of: $1) }
        let shared = Self.identities(of: trials)
        let found = rows.map { ($0.name, Self.led(Self.distinct(members.of($0)), by: shared)) }
        self.members = Dictionary(found) { first, _ in first }
    }

    /// One trial of each id, a completed one if there is one, else one that was begun: sweeps that share a trial each
    /// have its run, which is no second sample.
    private static func distinct(_ members: [RecordedTrial]) -> [RecordedTrial] {
        members.grouped(by: \.id).map { _, copies in
            copies.first(where: \.isDone) ?? copies.first { $0.status.state != .waiting } ?? copies[0]
        }
    }

    private static func identities(of trials: [RecordedTrial], within wider: SharedIdentities? = nil)
        -> SharedIdentities
    {
        SharedIdentities(trials.filter(\.isDone).map(\.run.evaluations), within: wider)
    }

    /// The trials of a row, led by the identities that most of them share; on a tie, by those of the table.
    private static func led(_ members: [RecordedTrial], by table: SharedIdentities) -> [RecordedTrial] {
        let shared = identities(of: members, within: table)
        return members.map { member in
            var member = member
            member.run.evaluations = shared.leading(in: member.run.evaluations)
            return member
        }
    }

    /// The trials of a row, in order. If a metric was measured in several ways, the one that most completed trials of
    /// the row share leads; on a tie, the one that most trials of the table share.
    func trials(of row: TableRow) -> [RecordedTrial] { members[row.name] ?? [] }

    /// A row for each combination of the values at axes or paths of keys.
    static func rows(by keys: [String], of trials: [TrialDefinition]) -> [TableRow] {
        var names: Set<String> = []
        return trials.compactMap { trial in
            let conditions = keys.map { ($0, trial.value(of: $0) ?? .null) }
            let parts = conditions.map { key, value in
                keys.count == 1 ? value.plainText : "\(shortName(key)) \(value.plainText)"
            }
            let name = parts.joined(separator: ", ")
            return names.insert(name).inserted ? TableRow(name: name, conditions: conditions) : nil
        }
    }

    /// The last key of a path, or the one before if that is `type`: `ensemble.combination.type` is `combination`.
    static func shortName(_ axis: String) -> String {
        let keys = axis.split(separator: ".")
        let last = keys.last == "type" ? keys.dropLast().last ?? keys.last : keys.last
        return last.map(String.init) ?? axis
    }

    /// What the trials gave, row by row.
    func values(table: String, budget: String) -> TableValues {
        var values = TableValues(
            table: table, budget: budget,
            rows: rows.map { row in
                let members = trials(of: row)
                let done = members.filter(\.isDone)
                var found = TableValues.Row(name: row.name)
                for column in columns {
                    guard case .cost(let figure, let budget) = column.quantity else { continue }
                    found.costs[column.key] = cost(row, budget)?[figure]
                }
                Self.describe(&found, columns: columns, trials: members.map(\.definition), done: done.map(\.definition))
                found.trials = members.map(measured)
                return found
            })
        values.notes = notesOfRuns
        return values
    }

    /// Fills in what the definitions of a row's trials say: its settings, and those in which the trials differ.
    static func describe(
        _ row: inout TableValues.Row, columns: [TableColumn], trials: [TrialDefinition], done: [TrialDefinition]
    ) {
        for column in columns {
            guard case .setting(let path) = column.quantity else { continue }
            let words = (done.isEmpty ? trials : done).compactMap { $0.value(of: path)?.plainText }.distinct
            row.words[column.key] = words.isEmpty ? nil : words.joined(separator: ", ")
        }
        row.pooled = settings(thatDifferAmong: done)
    }

    /// The settings besides the seed in which trials differ: axes, or the paths of keys that change the result.
    static func settings(thatDifferAmong trials: [TrialDefinition]) -> [String] {
        guard let first = trials.first, trials.count > 1 else { return [] }
        let axes = trials.flatMap { $0.variant.map(\.axis) }.distinct
        let differing = axes.filter { axis in Set(trials.map { $0.value(of: axis)?.canonicalText }).count > 1 }
        guard differing.isEmpty else { return differing }
        // Trials of several sweeps may differ where none of these has an axis.
        let free = ConfigReader.keys(of: ExperimentConfiguration.self, affecting: [.nothing, .chance])
        let differences = trials.dropFirst().flatMap { ConfigDifference.between(first.config, $0.config) }
        return differences.map(\.path).filter { path in
            if case .key(let key)? = path.steps.first { !free.contains(key) } else { true }
        }.map(\.description).distinct
    }

    private func measured(_ trial: RecordedTrial) -> TableValues.Trial {
        var measured: [String: TableValues.Measured] = [:]
        if trial.isDone {
            for column in columns {
                guard let found = Self.value(column.quantity, of: trial), found.value.isFinite else { continue }
                measured[column.key] = TableValues.Measured(value: found.value, identity: found.identity)
            }
        }
        return TableValues.Trial(
            id: trial.id, seed: trial.seed, state: trial.status.state, reason: trial.status.reason,
            steps: trial.run.step, measured: measured)
    }

    /// Adds to the rows the trials that the sweeps have and that nobody has run, those whose folders were deleted, and
    /// those of `added`.
    ///
    /// - Parameters:
    ///   - definitions: all trials of the sweeps.
    ///   - added: the values of a trial in a row that were measured elsewhere.
    func complete(
        _ values: inout TableValues, with definitions: [(id: String, definition: TrialDefinition)],
        added: (_ id: String, _ row: String) -> TableValues.Trial? = { _, _ in nil }
    ) {
        let planned = RowMembers(definitions) { $0.definition.value(of: $1) }
        for (index, row) in rows.enumerated() {
            let here = Dictionary(values.rows[index].trials.map { ($0.id, $0) }) { first, _ in first }
            var known: Set<String> = []
            var joined: [(trial: TableValues.Trial, definition: TrialDefinition)] = []
            var isChanged = false
            for (id, definition) in planned.of(row) where definition.knows(row) {
                guard known.insert(id).inserted else { continue }
                let trial = added(id, row.name)
                isChanged = isChanged || trial != nil || here[id] == nil
                joined.append((trial ?? here[id] ?? .waiting(definition, id: id), definition))
            }
            guard isChanged, joined.contains(where: { $0.trial.wasRun }) else { continue }
            Self.describe(
                &values.rows[index], columns: columns, trials: joined.map(\.definition),
                done: joined.filter(\.trial.isDone).map(\.definition))
            values.rows[index].trials = joined.map(\.trial)
        }
        // The notes on rows name the others.
        let inRows = Set(values.rows.flatMap(\.trials).map(\.id))
        values.notes += definitions.filter { $0.definition.isDeleted && !inRows.contains($0.id) }.map {
            "\($0.definition.label): the trial's folder is gone, and it does not count"
        }
    }

    /// The table of the trials' values, with its notes.
    ///
    /// - Parameter definitions: all trials of the sweeps.
    func table(
        name: String, title: String, definitions: [(id: String, definition: TrialDefinition)] = []
    ) -> ResultTable {
        var values = values(table: name, budget: "")
        complete(&values, with: definitions)
        let assembly = TableAssembly(columns: columns, rows: rows, values: values)
        var table = assembly.table(name: name, title: title)
        table.notes = assembly.notes(of: table)
        return table
    }

    /// The value of one trial, with its identity.
    static func value(_ quantity: TableQuantity, of trial: RecordedTrial) -> (
        value: Double, identity: EvaluationIdentity?
    )? {
        let run = trial.run
        switch quantity {
        case .metric(let name, let pick, let goal, let isAbsolute, let identity):
            let values = run.values(of: name, identity: identity).map {
                isAbsolute ? MeasuredValue(step: $0.step, value: abs($0.value), identity: $0.identity) : $0
            }
            switch pick {
            case .first: return values.first.map { ($0.value, $0.identity) }
            case .last: return values.last.map { ($0.value, $0.identity) }
            case .best: return goal.best(of: values).map { ($0.value, $0.identity) }
            case .mean: return Summary(values.map(\.value)).map { ($0.mean, values.last?.identity) }
            }
        case .timeToBest(let name, let goal, let identity):
            guard let best = goal.best(of: run.values(of: name, identity: identity)),
                let seconds = run.history.seconds(at: best.step)
            else { return nil }
            return (seconds / 60, best.identity)
        case .timeToReach(let name, let wanted, let goal, let inSteps):
            guard let reached = run.values(of: name).first(where: { !goal.isBetter(wanted, than: $0.value) }) else {
                return nil
            }
            if inSteps { return (Double(reached.step), reached.identity) }
            return run.history.seconds(at: reached.step).map { ($0 / 60, reached.identity) }
        case .record(let figure):
            switch figure {
            case .minutes: return run.seconds.map { ($0 / 60, nil) }
            case .seconds: return run.seconds.map { ($0, nil) }
            case .stepsPerSecond: return run.record?.stepsPerSecond.map { ($0, nil) }
            case .peakMemory: return run.peakMemoryBytes.map { (Double($0) / 1e6, nil) }
            case .steps: return (Double(run.step), nil)
            case .alarms: return (Double(run.history.alarms.count), nil)
            }
        case .cost, .ratio, .setting: return nil
        }
    }

    // MARK: Notes

    /// What only the runs can tell: values of other identities, and trials without a row.
    private var notesOfRuns: [String] {
        var notes = columns.compactMap { column -> String? in
            let others = trialsWithOtherValues(column.quantity)
            guard others > 0 else { return nil }
            let who = others == 1 ? "1 trial has" : "\(others) trials have"
            return "\(column.title): \(who) values that were measured in other ways too, which are not counted"
        }
        let ids = Set(trials.map(\.id))
        let strays = ids.subtracting(rows.flatMap { trials(of: $0).map(\.id) })
        notes = TableAssembly.joined(notes) + notesOfFigures
        if !strays.isEmpty {
            let verb = strays.count == 1 ? "belongs" : "belong"
            notes.append("\(strays.count) of \(CountText.short(ids.count, "trial")) \(verb) to no row")
        }
        return notes
    }

    /// How many counted trials have values of a metric besides those shown.
    private func trialsWithOtherValues(_ quantity: TableQuantity) -> Int {
        switch quantity {
        case .metric(let name, _, _, _, nil), .timeToBest(let name, _, nil):
            rows.flatMap { trials(of: $0) }.count { trial in
                trial.isDone && trial.run.otherCurves(of: name).contains { !isOfFigure($0, of: trial.run) }
            }
        default: 0
        }
    }

    /// Whether a figure shows the values of a curve that no column counts.
    private func isOfFigure(_ curve: EvaluationCurve, of run: RecordedRun) -> Bool {
        figures.contains { $0.reevaluations?.includes(curve, of: run) ?? false }
    }

    /// Which rows have completed trials, but no evaluations of a best checkpoint for a figure of them.
    private var notesOfFigures: [String] {
        figures.compactMap { figure in
            guard let reevaluations = figure.reevaluations else { return nil }
            let lacking = rows.filter { row in
                let trials = trials(of: row)
                return figure.shows(row) && trials.contains(where: \.isDone) && reevaluations.values(of: trials).isEmpty
            }
            guard !lacking.isEmpty else { return nil }
            let names = lacking.map(\.name).joined(separator: "; ")
            return "figure '\(figure.name)' lacks \(names): no evaluations of a checkpoint kept by checkpoints.best"
        }
    }
}
