/// A text table for people and for grep: one line per row, two spaces between columns, numbers right-aligned.
public struct TextTable: Sendable {
    private var rows: [[String]]

    public init(_ heading: [String]) { rows = [heading] }

    public mutating func add(_ row: [String]) {
        precondition(row.count == rows[0].count, "a row of \(row.count) cells in a table of \(rows[0].count) columns")
        rows.append(row)
    }

    public var text: String { text(width: nil) }

    /// The table, with the cells of the last column cut so that lines fit a width if the other columns do.
    public func text(width: Int?) -> String {
        guard let width, let last = rows[0].indices.last else { return lines(rows) }
        let others = rows[0].indices.dropLast().reduce(0) { sum, column in
            sum + 2 + (rows.map { $0[column].count }.max() ?? 0)
        }
        let room = max(width - others, rows[0][last].count, 1)
        return lines(
            rows.map { row in row.dropLast() + [row[last].count > room ? row[last].prefix(room - 1) + "…" : row[last]] }
        )
    }

    private func lines(_ rows: [[String]]) -> String {
        let columns = rows[0].indices
        let widths = columns.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let isNumeric = columns.map { column in
            let cells = rows.dropFirst().map { $0[column] }.filter { !$0.isEmpty }
            return !cells.isEmpty && cells.allSatisfy { $0.first?.isNumber == true || "-~?".contains($0.prefix(1)) }
        }
        return rows.map { row in
            var line = ""
            for column in columns {
                let room = String(repeating: " ", count: widths[column] - row[column].count)
                line += isNumeric[column] ? room + row[column] : row[column] + room
                if column + 1 < columns.count { line += "  " }
            }
            return line.trimmingTrailingBlanks
        }.joined(separator: "\n")
    }

    public var commaSeparated: String { rows.map(CommaSeparatedValues.line).joined(separator: "\n") }

    /// A Markdown table; cells are not escaped.
    ///
    /// - Parameter words: the left-aligned columns, which hold text.
    public func markdown(words: Set<Int>) -> String {
        let rule = rows[0].indices.map { words.contains($0) ? "---" : "---:" }
        return ([rows[0], rule] + rows.dropFirst()).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }
}

/// Comma-separated values (RFC 4180).
public enum CommaSeparatedValues {
    /// A file, with the line endings of the standard.
    public static func text(_ lines: [[String]]) -> String { lines.map { line($0) + "\r\n" }.joined() }

    /// A line without its line ending.
    public static func line(_ cells: [String]) -> String { cells.map(quoted).joined(separator: ",") }

    private static func quoted(_ cell: String) -> String {
        guard cell.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return cell }
        return "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

extension String {
    fileprivate var trimmingTrailingBlanks: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
