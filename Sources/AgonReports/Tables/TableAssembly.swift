import AgonRuns
import AgonText

/// Makes a table of values.
struct TableAssembly {
    let columns: [TableColumn]
    let rows: [TableRow]
    let values: TableValues
    /// The published length of rows that state none.
    let publishedSteps: Int?
    /// The values of the rows by the rows' names.
    private let members: [String: TableValues.Row]

    init(columns: [TableColumn], rows: [TableRow], values: TableValues, publishedSteps: Int? = nil) {
        self.columns = columns
        self.rows = rows
        self.values = values
        self.publishedSteps = publishedSteps
        members = Dictionary(values.rows.map { ($0.name, $0) }) { first, _ in first }
    }

    func table(name: String, title: String) -> ResultTable {
        var table = ResultTable(
            name: name, title: title,
            columns: columns.map {
                ResultTable.Column(
                    key: $0.key, title: $0.title, unit: $0.unit, decimals: $0.decimals, best: $0.best,
                    isLogarithmic: $0.scale == .logarithmic, goal: $0.goal)
            },
            rows: [])
        var identities = [[[EvaluationIdentity?]]](repeating: [], count: columns.count)
        for row in rows {
            let found = members(of: row)
            let done = found.trials.filter(\.isDone)
            var cells: [ResultTable.Cell] = []
            for (index, column) in columns.enumerated() {
                var (cell, ways) = Self.cell(column, found, done)
                cell.isComplete = cell.isExact || cell.summary?.count == found.trials.count
                cells.append(cell)
                identities[index].append(ways)
            }
            for published in row.published {
                guard let index = columns.firstIndex(where: { $0.key == published.column }) else { continue }
                cells[index].published = published.value
            }
            table.rows.append(
                ResultTable.Row(
                    name: row.name, trials: found.trials.count, done: done.count,
                    failed: found.trials.count { $0.state == .failed },
                    pruned: found.trials.count { $0.state == .pruned },
                    died: found.trials.count { $0.state == .died }, begun: found.trials.count(where: \.wasRun),
                    cells: cells,
                    steps: done.map(\.steps).min(), publishedSteps: row.publishedSteps ?? publishedSteps,
                    isPooled: !found.pooled.isEmpty))
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

    func members(of row: TableRow) -> TableValues.Row { members[row.name] ?? TableValues.Row(name: row.name) }

    // MARK: Cells

    private static func cell(
        _ column: TableColumn, _ row: TableValues.Row, _ done: [TableValues.Trial]
    ) -> (ResultTable.Cell, [EvaluationIdentity?]) {
        var cell = ResultTable.Cell()
        switch column.quantity {
        case .cost:
            cell.isExact = true
            if let value = row.costs[column.key], let summary = Summary([value]) {
                cell.groups = [ResultTable.Cell.Group(summary: summary)]
            }
            return (cell, [])
        case .setting:
            cell.words = row.words[column.key]
            return (cell, [])
        case .ratio: return (cell, [])
        case .metric, .timeToBest, .timeToReach, .record:
            let measured = done.compactMap { trial in trial.measured[column.key].map { (trial.seed, $0) } }
            let ways = measured.grouped(by: \.1.identity)
            cell.groups = ways.compactMap { _, members in
                Summary(members.map(\.1.value)).map {
                    ResultTable.Cell.Group(summary: $0, seeds: members.map(\.0))
                }
            }
            return (cell, ways.map(\.key))
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
                table.rows[row].cells[index].isExact = cell.isExact && base.isExact
                // Values measured in different ways have no ratio.
                if let value = cell.summary?.mean, let unit = base.summary?.mean, unit != 0,
                    cell.groups[0].identity == base.groups[0].identity, let summary = Summary([value / unit])
                {
                    table.rows[row].cells[index].groups = [ResultTable.Cell.Group(summary: summary)]
                    table.rows[row].cells[index].isDerived = true
                    table.rows[row].cells[index].isComplete = cell.isComplete && base.isComplete
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
        let ways = identities.joined().grouped(by: \.self).enumerated().sorted { first, second in
            (second.element.members.count, first.offset) < (first.element.members.count, second.offset)
        }
        table.columns[index].identities = ways.map(\.element.key)
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
                (mean: group.summary.mean, deviation: row.cells[index].isExact ? nil : group.summary.reach)
            }
        }
        // Two decimals are enough for a ratio unless it is small.
        if case .ratio = columns[index].quantity, values.allSatisfy({ abs($0.mean) >= 0.095 && abs($0.mean) < 1e4 }) {
            table.columns[index].decimals = 2
        } else {
            table.columns[index].decimals = NumberText.decimals(ofColumn: values)
        }
    }

    /// Marks the best of the complete values if all are comparable and not all equal.
    private func markBest(_ table: inout ResultTable, column index: Int) {
        let column = table.columns[index]
        guard let goal = column.best, column.identities.count <= 1 else { return }
        func mean(_ row: ResultTable.Row) -> Double? {
            let cell = row.cells[index]
            return cell.isComplete ? cell.summary?.mean : nil
        }
        let means = table.rows.compactMap(mean)
        guard let best = goal == .minimize ? means.min() : means.max(), means.contains(where: { $0 != best }) else {
            return
        }
        for row in table.rows.indices where mean(table.rows[row]) == best {
            table.rows[row].cells[index].isBest = true
        }
    }
}
