/// Tables as comma-separated values (RFC 4180).
enum CommaSeparatedTable {
    /// The table: for each column its mean, deviation and number of values, and where there are such, the published
    /// value and the identity. A row that was measured in several ways has a line for each. What is missing is empty.
    static func text(_ table: ResultTable) -> String {
        var heading = ["row", "trials", "done"]
        for column in table.columns {
            heading.append(column.key)
            if !isOfWords(column, table) { heading += [column.key + ".deviation", column.key + ".n"] }
            if hasIdentity(column) { heading.append(column.key + ".identity") }
            if column.hasPublished { heading.append(column.key + ".published") }
        }
        var lines = [heading]
        for row in table.rows {
            for place in 0..<(row.cells.map(\.groups.count).max().map { max(1, $0) } ?? 1) {
                var cells = [row.name, String(row.trials), String(row.done)]
                for (column, cell) in zip(table.columns, row.cells) {
                    let group = cell.groups.indices.contains(place) ? cell.groups[place] : nil
                    if isOfWords(column, table) {
                        cells.append(place == 0 ? cell.words ?? "" : "")
                    } else {
                        cells.append(group.map { number($0.summary.mean) } ?? "")
                        cells.append(cell.isExact ? "" : group?.summary.deviation.map(number) ?? "")
                        cells.append(cell.isExact ? "" : group.map { String($0.summary.count) } ?? "")
                    }
                    if hasIdentity(column) {
                        cells.append(group.map { column.identities[$0.identity]?.text ?? "not recorded" } ?? "")
                    }
                    if column.hasPublished { cells.append(place == 0 ? cell.published?.text ?? "" : "") }
                }
                lines.append(cells)
            }
        }
        return joined(lines)
    }

    /// The value of every trial, a line each.
    static func trials(_ making: TableMaking, rows: [TableRow]) -> String {
        let columns = making.columns.filter { column in
            switch column.quantity {
            case .metric, .timeToBest, .record: true
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
                    cells += [value.map { number($0.value) } ?? "", value?.identity?.text ?? ""]
                }
                lines.append(cells + [trial.run.digest])
            }
        }
        return joined(lines)
    }

    private static func isOfWords(_ column: ResultTable.Column, _ table: ResultTable) -> Bool {
        guard let index = table.columns.firstIndex(where: { $0.key == column.key }) else { return false }
        return table.rows.contains { $0.cells[index].words != nil }
    }

    private static func hasIdentity(_ column: ResultTable.Column) -> Bool { column.identities.contains { $0 != nil } }

    /// The shortest digits that read back as the same number.
    private static func number(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    private static func joined(_ lines: [[String]]) -> String {
        lines.map { $0.map(quoted).joined(separator: ",") }.joined(separator: "\r\n") + "\r\n"
    }

    private static func quoted(_ cell: String) -> String {
        guard cell.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return cell }
        return "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
