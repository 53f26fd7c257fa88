import AgonConfiguration
import AgonRuns
import AgonText

/// Makes a table from the runs of its sweeps.
struct TableMaking {
    let columns: [TableColumn]
    let rows: [TableRow]
    let trials: [RecordedTrial]
    /// The cost of a row by its trials' config, at the named budget or the table's own.
    var cost: (_ row: TableRow, _ budget: String?) -> CostFigures? = { _, _ in nil }

    /// The trials of a row, in order.
    func trials(of row: TableRow) -> [RecordedTrial] {
        trials.filter { trial in row.matches { trial.value(of: $0) } }
    }

    /// A row for each combination of the values at axes or paths of keys.
    static func rows(by keys: [String], of trials: [RecordedTrial]) -> [TableRow] {
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

    func table(name: String, title: String) -> ResultTable {
        var table = ResultTable(
            name: name, title: title,
            columns: columns.map {
                ResultTable.Column(
                    key: $0.key, title: $0.title, unit: $0.unit, decimals: $0.decimals, best: $0.best)
            },
            rows: [])
        var identities = [[[EvaluationIdentity?]]](repeating: [], count: columns.count)
        for row in rows {
            let members = trials(of: row)
            let done = members.filter(\.isDone)
            var cells: [ResultTable.Cell] = []
            for (index, column) in columns.enumerated() {
                let (cell, ways) = self.cell(column.quantity, row, done)
                cells.append(cell)
                identities[index].append(ways)
            }
            for published in row.published {
                guard let index = columns.firstIndex(where: { $0.key == published.column }) else { continue }
                cells[index].published = published.value
            }
            table.rows.append(
                ResultTable.Row(name: row.name, trials: members.count, done: done.count, cells: cells))
        }
        for index in columns.indices { settleIdentities(&table, column: index, identities[index]) }
        fillRatios(&table)
        for index in columns.indices {
            settleDecimals(&table, column: index)
            table.columns[index].hasPublished = table.rows.contains { $0.cells[index].published != nil }
            markBest(&table, column: index)
        }
        return table
    }

    // MARK: Cells

    private func cell(
        _ quantity: TableQuantity, _ row: TableRow, _ done: [RecordedTrial]
    ) -> (ResultTable.Cell, [EvaluationIdentity?]) {
        var cell = ResultTable.Cell()
        switch quantity {
        case .cost(let figure, let budget):
            cell.isExact = true
            if let value = cost(row, budget)?[figure], let summary = Summary([value]) {
                cell.groups = [ResultTable.Cell.Group(summary: summary)]
            }
            return (cell, [])
        case .setting(let path):
            let words = (done.isEmpty ? trials(of: row) : done).compactMap { $0.value(of: path)?.plainText }
            var seen: Set<String> = []
            let different = words.filter { seen.insert($0).inserted }
            cell.words = different.isEmpty ? nil : different.joined(separator: ", ")
            return (cell, [])
        case .ratio: return (cell, [])
        case .metric, .timeToBest, .timeToReach, .record:
            let values = done.compactMap { Self.value(quantity, of: $0) }
            var ways: [EvaluationIdentity?] = []
            for value in values where !ways.contains(value.identity) { ways.append(value.identity) }
            cell.groups = ways.compactMap { way in
                Summary(values.filter { $0.identity == way }.map(\.value)).map { ResultTable.Cell.Group(summary: $0) }
            }
            return (cell, ways)
        }
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

    // MARK: Cells computed from others

    private func fillRatios(_ table: inout ResultTable) {
        for (index, column) in columns.enumerated() {
            guard case .ratio(let key, let rowName) = column.quantity,
                let source = columns.firstIndex(where: { $0.key == key }),
                let base = table.rows.first(where: { $0.name == rowName })?.cells[source]
            else { continue }
            for row in table.rows.indices {
                let cell = table.rows[row].cells[source]
                // Values measured in different ways have no ratio.
                if let value = cell.summary?.mean, let unit = base.summary?.mean, unit != 0,
                    cell.groups[0].identity == base.groups[0].identity, let summary = Summary([value / unit])
                {
                    table.rows[row].cells[index].groups = [ResultTable.Cell.Group(summary: summary)]
                    table.rows[row].cells[index].isExact = cell.isExact && base.isExact
                    table.rows[row].cells[index].isDerived = true
                }
                if table.rows[row].cells[index].published == nil, let value = cell.published?.number,
                    let unit = base.published?.number, unit != 0
                {
                    let text = NumberText.significant(value / unit, digits: 3)
                    table.rows[row].cells[index].published = .number(value / unit, text: text)
                }
            }
        }
    }

    /// Gives each group its index among the column's identities, the most frequent first.
    private func settleIdentities(
        _ table: inout ResultTable, column index: Int, _ identities: [[EvaluationIdentity?]]
    ) {
        var order: [EvaluationIdentity?] = []
        var counts: [Int] = []
        for way in identities.joined() {
            if let place = order.firstIndex(of: way) {
                counts[place] += 1
            } else {
                order.append(way)
                counts.append(1)
            }
        }
        let ranked = order.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
        table.columns[index].identities = ranked.map { order[$0] }
        for (row, ways) in identities.enumerated() {
            for (group, way) in ways.enumerated() {
                table.rows[row].cells[index].groups[group].identity =
                    table.columns[index].identities.firstIndex(of: way) ?? 0
            }
        }
    }

    /// One number of decimals for all cells of a column, the one that suits most, so that digits align.
    private func settleDecimals(_ table: inout ResultTable, column index: Int) {
        guard table.columns[index].decimals == nil else { return }
        let values = table.rows.flatMap { row in
            row.cells[index].groups.map { group in
                (mean: group.summary.mean, deviation: row.cells[index].isExact ? nil : group.summary.deviation)
            }
        }
        // Two decimals are enough for a ratio unless it is small.
        if case .ratio = columns[index].quantity, values.allSatisfy({ abs($0.mean) >= 0.095 && abs($0.mean) < 1e4 }) {
            table.columns[index].decimals = 2
        } else {
            table.columns[index].decimals = NumberText.decimals(ofColumn: values)
        }
    }

    /// Marks the best value if all are comparable and not all equal.
    private func markBest(_ table: inout ResultTable, column index: Int) {
        let column = table.columns[index]
        guard let goal = column.best, column.identities.count <= 1 else { return }
        let means = table.rows.compactMap { $0.cells[index].summary?.mean }
        guard let best = goal == .minimize ? means.min() : means.max(), means.contains(where: { $0 != best }) else {
            return
        }
        for row in table.rows.indices where table.rows[row].cells[index].summary?.mean == best {
            table.rows[row].cells[index].isBest = true
        }
    }
}
