/// A table in Markdown.
enum MarkdownTable {
    static func text(_ table: ResultTable) -> String {
        var heading = ["", "seeds"]
        var rules = ["---", "---:"]
        for (index, column) in table.columns.enumerated() {
            if column.hasPublished {
                heading.append("published \(column.heading)")
                rules.append("---:")
            }
            heading.append(column.heading)
            rules.append(table.isOfWords(index) ? "---" : "---:")
        }
        var lines = [heading.map(escaped), rules]
        for row in table.rows {
            var cells = [escaped(row.name), table.trialsText(of: row)]
            for (column, cell) in zip(table.columns, row.cells) {
                if column.hasPublished { cells.append(cell.published.map { escaped($0.text) } ?? "–") }
                cells.append(text(of: cell, column, in: row, table))
            }
            lines.append(cells)
        }
        return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n") + "\n"
    }

    /// - Parameter source: of the table, which is not said again with each claim.
    static func claims(_ judgements: [Judgement], source: String? = nil) -> String {
        guard !judgements.isEmpty else { return "" }
        var lines = ["| claim | verdict | figures |", "| --- | --- | --- |"]
        for judgement in judgements {
            let origin = judgement.source == source ? "" : judgement.source.map { " (\($0))" } ?? ""
            lines.append(
                "| \(escaped(judgement.claim + origin)) | **\(judgement.verdict.rawValue)** | \(escaped(judgement.figures)) |"
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(
        of cell: ResultTable.Cell, _ column: ResultTable.Column, in row: ResultTable.Row, _ table: ResultTable
    ) -> String {
        if let words = cell.words { return escaped(words) }
        let parts = table.texts(of: cell, column, in: row).map { part in
            var text = part.mean + (part.deviation.map { " ± \($0)" } ?? "")
            if let count = part.count { text += " (n = \(count))" }
            if cell.isBest { text = "**\(text)**" }
            return text + (part.mark.map { "<sup>\($0)</sup>" } ?? "")
        }
        return parts.isEmpty ? "–" : parts.joined(separator: "; ")
    }

    /// Text that Markdown takes as it is.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\", "`", "*", "_", "|", "<", ">", "[", "]", "#", "~": escaped += "\\\(character)"
            case "&": escaped += "&amp;"
            case _ where character.isNewline: escaped += " "
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
