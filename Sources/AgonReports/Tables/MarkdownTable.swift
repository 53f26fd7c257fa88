import AgonText

/// A table in Markdown.
enum MarkdownTable {
    static func text(_ table: ResultTable) -> String {
        let format = ResultTable.CellFormat(
            words: escaped, published: escaped, part: text, joined: { $0.joined(separator: "; ") }, none: "–")
        let heading = table.heading { "published \($0.heading)" }
        var lines = TextTable(heading.titles.map(escaped))
        for row in table.rows { lines.add(table.cells(of: row, in: format)) }
        return lines.markdown(words: heading.words)
    }

    /// - Parameter source: the table's source, not repeated with each claim.
    static func claims(_ judgements: [Judgement], source: String? = nil) -> String {
        guard !judgements.isEmpty else { return "" }
        var text = TextTable(
            [
                "claim", "published", "verdict", "effect, 95 % interval", "to be confirmed", "seeds",
                "of the published steps",
            ])
        for judgement in judgements {
            let origin = judgement.source == source ? "" : judgement.source.map { " (\($0))" } ?? ""
            text.add([
                escaped(judgement.claim + origin), escaped(judgement.published ?? "–"), verdict(judgement),
                lines(judgement.effects.map(\.text)), lines(judgement.effects.map(\.margin)), judgement.countText,
                judgement.shareText,
            ])
        }
        return text.markdown(words: [0, 1, 2, 3, 4])
    }

    /// The verdict in bold, and why there is none.
    static func verdict(_ judgement: Judgement) -> String {
        if case .notTested(let why) = judgement.verdict { return "**not tested**" + escaped(why) }
        return "**\(judgement.verdict.text)**"
    }

    /// Several texts in a cell.
    static func lines(_ texts: [String]) -> String {
        texts.isEmpty ? "–" : texts.map(escaped).joined(separator: "<br>")
    }

    private static func text(of part: ResultTable.CellText, isBest: Bool) -> String {
        var text = part.mean + (part.reach.map { " ± \($0)" } ?? "")
        if let count = part.count { text += " (\(count))" }
        if isBest { text = "**\(text)**" }
        return text + (part.mark.map { "<sup>\($0)</sup>" } ?? "")
    }

    /// Text escaped for Markdown.
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
