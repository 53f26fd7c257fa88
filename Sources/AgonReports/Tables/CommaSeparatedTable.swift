import AgonText

/// Tables as comma-separated values (RFC 4180).
enum CommaSeparatedTable {
    /// The table: for each column its mean, half the width of the mean's 95 % interval,
    /// deviation and number of values and, if present, the published
    /// value and the identity. A row that was measured in several ways has a line for each. Missing values are empty.
    static func text(_ table: ResultTable) -> String {
        var heading = ["row", "trials", "done"]
        let isOfWords = table.columns.indices.map(table.isOfWords)
        for (index, column) in table.columns.enumerated() {
            heading.append(column.key)
            if !isOfWords[index] { heading += [".interval", ".deviation", ".n"].map { column.key + $0 } }
            if hasIdentity(column) { heading.append(column.key + ".identity") }
            if column.hasPublished { heading.append(column.key + ".published") }
        }
        var lines = [heading]
        for row in table.rows {
            for place in 0..<(row.cells.map(\.groups.count).max().map { max(1, $0) } ?? 1) {
                var cells = [row.name, String(row.trials), String(row.done)]
                for (index, (column, cell)) in zip(table.columns, row.cells).enumerated() {
                    let group = cell.groups.indices.contains(place) ? cell.groups[place] : nil
                    if isOfWords[index] {
                        cells.append(place == 0 ? cell.words ?? "" : "")
                    } else {
                        cells.append(group.map { NumberText.shortest($0.summary.mean) } ?? "")
                        let summary = cell.isExact ? nil : group?.summary
                        cells.append(summary?.reach.map(NumberText.shortest) ?? "")
                        cells.append(summary?.deviation.map(NumberText.shortest) ?? "")
                        cells.append(cell.isExact || cell.isDerived ? "" : group.map { String($0.summary.count) } ?? "")
                    }
                    if hasIdentity(column) {
                        cells.append(group.map { column.identities[$0.identity]?.text ?? "not recorded" } ?? "")
                    }
                    if column.hasPublished { cells.append(place == 0 ? cell.published?.text ?? "" : "") }
                }
                lines.append(cells)
            }
        }
        return CommaSeparatedValues.text(lines)
    }

    /// The values of every trial, one line per trial.
    static func trials(_ making: TableMaking, rows: [TableRow]) -> String {
        let columns = making.columns.filter { column in
            switch column.quantity {
            case .metric, .timeToBest, .timeToReach, .record: true
            default: false
            }
        }
        var heading = ["row", "trial", "seed", "state"]
        for column in columns { heading += [column.key, column.key + ".identity"] }
        heading.append("config")
        var lines = [heading]
        for row in rows {
            for trial in making.trials(of: row) {
                var cells = [
                    row.name, trial.id, trial.seed.map { String($0) } ?? "", trial.status.state.rawValue,
                ]
                for column in columns {
                    let value = trial.isDone ? TableMaking.value(column.quantity, of: trial) : nil
                    cells += [value.map { NumberText.shortest($0.value) } ?? "", value?.identity?.text ?? ""]
                }
                lines.append(cells + [trial.run.digest])
            }
        }
        return CommaSeparatedValues.text(lines)
    }

    private static func hasIdentity(_ column: ResultTable.Column) -> Bool { column.identities.contains { $0 != nil } }
}
