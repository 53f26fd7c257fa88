import AgonRuns
import AgonSweeps
import Foundation

/// Parts shared by the pages of runs and of sweeps.
enum PageParts {
    struct Tile {
        let name: String
        let value: String
        var note: String?
    }

    static func tiles(_ tiles: [Tile]) -> Markup {
        let parts = tiles.map { tile -> Markup in
            let note: Markup = tile.note.map { "<small>\($0)</small>" } ?? .empty
            // A long key breaks after its dots first.
            let name = tile.name.split(separator: ".", omittingEmptySubsequences: false)
                .map { part -> Markup in "\(part)" }.joined(separator: ".<wbr>")
            return "<div><dt>\(name)</dt><dd>\(tile.value)\(note)</dd></div>"
        }
        return "<dl class=\"tiles\">\(parts.joined(separator: ""))</dl>"
    }

    static func section(_ title: String, _ body: Markup) -> Markup {
        body.isEmpty ? .empty : "<section>\n<h2>\(title)</h2>\n\(body)\n</section>"
    }

    static func state(_ state: String) -> Markup {
        let known = TrialStatus.State.allCases.map(\.rawValue)
        let words = state == "pruned" ? "ended early" : state
        return "<span class=\"state \(known.contains(state) ? state : "")\">\(words)</span>"
    }

    static func notes(_ notes: [String]) -> Markup {
        guard !notes.isEmpty else { return .empty }
        let items = notes.map { note -> Markup in "<li>\(note)</li>" }
        return "<ul class=\"notes\">\(items.joined(separator: ""))</ul>"
    }

    static func listing(_ title: String, _ text: String, isOpen: Bool = false) -> Markup {
        "<details\(isOpen ? " open" : "")><summary>\(title)</summary><pre>\(text)</pre></details>"
    }

    /// `2026-01-31T12:00:00Z` as `2026-01-31 12:00 UTC`; other text unchanged.
    static func time(_ text: String) -> String {
        guard text.utf8.count == 20, text.hasSuffix("Z") else { return text }
        return text.prefix(10) + " " + text.dropFirst(11).prefix(5) + " UTC"
    }

    static var footer: Markup {
        let made = time(ISO8601DateFormatter().string(from: Date()))
        return "<footer>Made by Agon \(AgonVersion.current), \(made).</footer>"
    }

    // MARK: Tables

    /// A table whose first column stays fixed when a wide table scrolls.
    ///
    /// - Parameter words: columns that hold words, after the first.
    static func table(_ heading: [String], _ rows: [[Markup]], words: Set<Int> = [], long: Set<Int> = []) -> Markup {
        func kind(_ column: Int) -> Markup {
            let classes = [words.contains(column) ? "words" : "", long.contains(column) ? "long" : ""].filter {
                !$0.isEmpty
            }
            return classes.isEmpty ? .empty : " class=\"\(classes.joined(separator: " "))\""
        }
        let head = heading.enumerated().map { column, title -> Markup in
            "<th scope=\"col\"\(column == 0 ? " class=\"words\"" as Markup : kind(column))>\(title)</th>"
        }
        let body = rows.map { row -> Markup in
            let cells = row.enumerated().map { column, cell -> Markup in
                column == 0 ? "<th scope=\"row\">\(cell)</th>" : "<td\(kind(column))>\(cell)</td>"
            }
            return "<tr>\(cells.joined(separator: ""))</tr>"
        }
        return """
            <div class="scroll"><table><thead><tr>\(head.joined(separator: ""))</tr></thead>
            <tbody>\(body.joined())</tbody></table></div>
            """
    }

    /// A table of results with its notes.
    static func table(_ table: ResultTable) -> Markup {
        let format = ResultTable.CellFormat<Markup>(
            words: { "\($0)" }, published: { "\($0)" }, part: text, joined: { $0.joined(separator: "; ") },
            none: "<span class=\"none\">–</span>")
        let heading = table.heading { _ in "published" }
        let rows = table.rows.map { table.cells(of: $0, in: format) }
        return self.table(heading.titles, rows, words: heading.words) + notes(table.notes)
    }

    private static func text(of part: ResultTable.CellText, isBest: Bool) -> Markup {
        let mean: Markup = isBest ? "<b>\(part.mean)</b>" : "\(part.mean)"
        let reach: Markup = part.reach.map { " <span class=\"pm\">± \($0)</span>" } ?? .empty
        let count: Markup = part.count.map { " <span class=\"pm\">(\($0))</span>" } ?? .empty
        let mark: Markup = part.mark.map { "<sup>\($0)</sup>" } ?? .empty
        return "\(mean)\(reach)\(count)\(mark)"
    }
}
