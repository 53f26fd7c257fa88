/// A LaTeX table with rules of booktabs. graphicx shrinks a table wider than the text.
enum LaTeXTable {
    /// - Parameter origin: lines of provenance, written as comments.
    static func text(_ table: ResultTable, label: String, origin: [String]) -> String {
        let alignment = table.columns.enumerated().map { index, column in
            (column.hasPublished ? "r" : "") + (table.isOfWords(index) ? "l" : "r")
        }
        var lines = origin.map { "% " + $0.map { $0.isNewline ? " " : String($0) }.joined() }
        lines += [
            "% needs \\usepackage{booktabs,graphicx}", "\\begin{table}", "  \\centering",
            "  \\caption{\(escaped(table.title))}", "  \\label{tab:\(label)}",
            "  \\small\\setlength{\\tabcolsep}{4pt}",
            "  \\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%",
            "  \\begin{tabular}{lr\(alignment.joined())}", "    \\toprule",
        ]
        lines += heading(table) + ["    \\midrule"]
        let format = ResultTable.CellFormat(
            words: escaped, published: { number(escaped($0)) }, part: text, joined: { $0.joined(separator: "; ") },
            none: "--")
        lines += table.rows.map { line(table.cells(of: $0, in: format)) }
        lines += ["    \\bottomrule", "  \\end{tabular}}"]
        if !table.notes.isEmpty {
            lines += ["  \\par\\smallskip", "  \\begin{minipage}{\\linewidth}\\footnotesize"]
            lines +=
                table.notes.map { "    " + escaped($0) + ($0.hasSuffix(".") ? "" : ".") + "\\par" } + [
                    "  \\end{minipage}"
                ]
        }
        return (lines + ["\\end{table}"]).joined(separator: "\n") + "\n"
    }

    /// If a column has published values, its name spans both.
    private static func heading(_ table: ResultTable) -> [String] {
        guard table.columns.contains(where: \.hasPublished) else {
            return [line(["", table.countHeading] + table.columns.map { escaped($0.heading) })]
        }
        var (upper, lower, rules) = (["", ""], ["", table.countHeading], [String]())
        for column in table.columns {
            if column.hasPublished {
                rules.append("\\cmidrule(lr){\(lower.count + 1)-\(lower.count + 2)}")
                upper.append("\\multicolumn{2}{c}{\(escaped(column.heading))}")
                lower += ["published", "measured"]
            } else {
                upper.append("")
                lower.append(escaped(column.heading))
            }
        }
        return [line(upper), "    " + rules.joined(separator: " "), line(lower)]
    }

    static func line(_ cells: [String]) -> String {
        let text = cells.joined(separator: " & ")
        // The end of a line and \midrule take a bracket that follows them as an optional length.
        return "    " + (text.hasPrefix("[") ? "{}" : "") + text + " \\\\"
    }

    private static func text(of part: ResultTable.CellText, isBest: Bool) -> String {
        var text = number(part.mean) + (part.reach.map { " $\\pm$ \(number($0))" } ?? "")
        if let count = part.count { text += " (\(count))" }
        if isBest { text = "\\textbf{\(text)}" }
        return text + (part.mark.map { "\\textsuperscript{\($0)}" } ?? "")
    }

    /// A number with a proper minus sign, and its power of ten as papers write it.
    private static func number(_ text: String) -> String {
        guard Double(text) != nil else { return text }
        if let power = text.firstIndex(of: "e") {
            return "$\(text[..<power])\\times10^{\(text[text.index(after: power)...])}$"
        }
        return text.hasPrefix("-") ? "$-$" + text.dropFirst() : text
    }

    /// Characters that LaTeX's text fonts lack.
    private static let symbols: [Character: String] = [
        "±": "\\pm", "×": "\\times", "·": "\\cdot", "→": "\\to", "≤": "\\le", "≥": "\\ge", "≈": "\\approx",
        "∞": "\\infty",
        "²": "^2", "³": "^3", "α": "\\alpha", "β": "\\beta", "λ": "\\lambda", "μ": "\\mu", "σ": "\\sigma", "−": "-",
    ]

    /// Text escaped for LaTeX.
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
            case "\"": escaped += "''"
            case "–": escaped += "--"
            case _ where symbols[character] != nil: escaped += "$\(symbols[character] ?? "")$"
            case _ where character.isNewline: escaped += " "
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
