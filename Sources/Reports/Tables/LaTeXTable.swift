/// A table in LaTeX, with the lines of the package booktabs.
enum LaTeXTable {
    /// - Parameter origin: lines that say what made the table, put into comments.
    static func text(_ table: ResultTable, label: String, origin: [String]) -> String {
        var heading = ["", "seeds"]
        for column in table.columns {
            if column.hasPublished { heading.append("published \(column.heading)") }
            heading.append(column.heading)
        }
        var lines = origin.map { "% " + $0.map { $0.isNewline ? " " : String($0) }.joined() }
        lines += [
            "% needs \\usepackage{booktabs}", "\\begin{table}", "  \\centering",
            "  \\caption{\(escaped(table.title))}", "  \\label{tab:\(label)}",
            "  \\begin{tabular}{l\(String(repeating: "r", count: heading.count - 1))}", "    \\toprule",
            line(heading.map(escaped)), "    \\midrule",
        ]
        for row in table.rows {
            var cells = [escaped(row.name), escaped(table.trialsText(of: row))]
            for (column, cell) in zip(table.columns, row.cells) {
                if column.hasPublished { cells.append(cell.published.map { escaped($0.text) } ?? "--") }
                cells.append(text(of: cell, column, in: row, table))
            }
            lines.append(line(cells))
        }
        lines += ["    \\bottomrule", "  \\end{tabular}"]
        if !table.notes.isEmpty {
            lines.append("  \\par\\smallskip\\footnotesize")
            lines += table.notes.map { "  " + escaped($0) + ".\\par" }
        }
        return (lines + ["\\end{table}"]).joined(separator: "\n") + "\n"
    }

    private static func line(_ cells: [String]) -> String { "    " + cells.joined(separator: " & ") + " \\\\" }

    private static func text(
        of cell: ResultTable.Cell, _ column: ResultTable.Column, in row: ResultTable.Row, _ table: ResultTable
    ) -> String {
        if let words = cell.words { return escaped(words) }
        let parts = table.texts(of: cell, column, in: row).map { part in
            var text = number(part.mean) + (part.deviation.map { " $\\pm$ \(number($0))" } ?? "")
            if let count = part.count { text += " ($n = \(count)$)" }
            if cell.isBest { text = "\\textbf{\(text)}" }
            return text + (part.mark.map { "\\textsuperscript{\($0)}" } ?? "")
        }
        return parts.isEmpty ? "--" : parts.joined(separator: "; ")
    }

    /// A number with a minus of the right length.
    private static func number(_ text: String) -> String { text.hasPrefix("-") ? "$-$" + text.dropFirst() : text }

    /// Text that LaTeX takes as it is.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\textbackslash{}"
            case "{", "}", "$", "&", "#", "%", "_": escaped += "\\\(character)"
            case "^": escaped += "\\textasciicircum{}"
            case "~": escaped += "\\textasciitilde{}"
            case "<": escaped += "\\textless{}"
            case ">": escaped += "\\textgreater{}"
            case "|": escaped += "\\textbar{}"
            case "\"": escaped += "\\textquotedbl{}"
            case "±": escaped += "$\\pm$"
            case "×": escaped += "$\\times$"
            case "–": escaped += "--"
            case _ where character.isNewline: escaped += " "
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
