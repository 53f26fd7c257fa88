import AgonExperiments
import AgonRuns
import AgonText

/// A table with its values, shared by the Markdown, CSV, LaTeX and HTML writers.
public struct ResultTable: Sendable {
    public struct Column: Sendable {
        let key: String
        let title: String
        let unit: String?
        /// Nil if the values differ so much in size that each has its own.
        var decimals: Int?
        let best: MetricGoal?
        /// Whether claims compare values by ratios.
        var isLogarithmic = false
        /// Which values are better in comparisons.
        var goal = MetricGoal.minimize
        /// Whether the column shows published values beside the measured ones.
        var hasPublished = false
        /// The identities of the values, most frequent first; nil stands for one that was not recorded.
        var identities: [EvaluationIdentity?] = []

        var heading: String { unit.map { "\(title), \($0)" } ?? title }
    }

    public struct Row: Sendable {
        let name: String
        let trials: Int
        /// Completed trials; only their values count.
        let done: Int
        var failed = 0
        /// Trials that a rule ended early.
        var pruned = 0
        /// Trials whose process was killed or crashed.
        var died = 0
        /// Trials that were begun, completed or not.
        var begun = 0
        var cells: [Cell]
        /// The fewest steps of a completed trial.
        var steps: Int?
        /// The length of the published training.
        var publishedSteps: Int?
        /// Whether its trials differ in more than the seed.
        var isPooled = false

        var isComplete: Bool { done == trials }
    }

    public struct Cell: Sendable {
        /// Values of one identity.
        struct Group: Sendable {
            let summary: Summary
            /// The seed of each value.
            var seeds: [Int?] = []
            /// The index among the column's identities.
            var identity = 0
        }

        /// Several if the trials were measured in several ways, which have no common mean.
        var groups: [Group] = []
        /// Whether the number follows from the config alone.
        var isExact = false
        /// Whether it is computed from other cells, so that a count of its values means nothing.
        var isDerived = false
        /// Whether it has a value of every trial of its row, and of the base row if it is a ratio. A cell that lacks
        /// seeds may lack the bad ones.
        var isComplete = false
        var words: String?
        var published: PublishedValue?
        var isBest = false

        /// The summary, if there is exactly one.
        var summary: Summary? { groups.count == 1 ? groups[0].summary : nil }
        var isMissing: Bool { groups.isEmpty && words == nil }
    }

    public let name: String
    public let title: String
    public internal(set) var columns: [Column]
    public internal(set) var rows: [Row]
    /// Notes below the table: identities, missing trials, what a budget leaves out.
    public internal(set) var notes: [String] = []
    public internal(set) var judgements: [Judgement] = []

    func cell(row: String, column: String) -> Cell? {
        guard let row = rows.first(where: { $0.name == row }),
            let index = columns.firstIndex(where: { $0.key == column })
        else { return nil }
        return row.cells[index]
    }

    /// What the numbers of a row's trials count: seeds, unless a row pools different settings.
    var countHeading: String { rows.contains(where: \.isPooled) ? "trials" : "seeds" }

    /// Whether a column holds text instead of numbers.
    func isOfWords(_ index: Int) -> Bool { rows.contains { $0.cells[index].words != nil } }

    // MARK: Texts

    /// The mark of an identity in a column that has several: a, b, c.
    static func mark(_ index: Int) -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz")
        return String(letters[index % letters.count]) + (index < letters.count ? "" : String(index / letters.count))
    }

    /// Parts of a cell's text: mean, half the width of its 95 % interval, number of values, mark of the identity.
    struct CellText {
        let mean: String
        let reach: String?
        /// Nil for numbers that are not means over seeds.
        let count: Int?
        let mark: String?
    }

    func texts(of cell: Cell, _ column: Column, in row: Row) -> [CellText] {
        cell.groups.map { group in
            let (mean, reach) = (group.summary.mean, cell.isExact ? nil : group.summary.reach)
            let decimals = column.decimals ?? NumberText.decimals(mean: mean, deviation: reach)
            return CellText(
                mean: NumberText.cell(mean, decimals: decimals),
                reach: reach.map { NumberText.deviation($0, decimals: decimals) },
                count: cell.isExact || cell.isDerived ? nil : group.summary.count,
                mark: column.identities.count > 1 ? Self.mark(group.identity) : nil)
        }
    }

    /// How a format writes cells.
    struct CellFormat<Text> {
        let words: (String) -> Text
        let published: (String) -> Text
        let part: (_ part: CellText, _ isBest: Bool) -> Text
        let joined: ([Text]) -> Text
        /// The placeholder of a missing value.
        let none: Text
    }

    /// The cells of a row in the order of `heading`: name, trials, and for each column its published value, if it
    /// has any, and its measured one.
    func cells<Text>(of row: Row, in format: CellFormat<Text>) -> [Text] {
        var cells = [format.words(row.name), format.words(trialsText(of: row))]
        for (column, cell) in zip(columns, row.cells) {
            if column.hasPublished { cells.append(cell.published.map { format.published($0.text) } ?? format.none) }
            if let words = cell.words {
                cells.append(format.words(words))
            } else {
                let parts = texts(of: cell, column, in: row).map { format.part($0, cell.isBest) }
                cells.append(parts.isEmpty ? format.none : format.joined(parts))
            }
        }
        return cells
    }

    /// The heading above the cells of each row, and which columns hold text.
    func heading(published: (Column) -> String) -> (titles: [String], words: Set<Int>) {
        var (titles, words) = (["", countHeading], Set([0]))
        for (index, column) in columns.enumerated() {
            if column.hasPublished { titles.append(published(column)) }
            if isOfWords(index) { words.insert(titles.count) }
            titles.append(column.heading)
        }
        return (titles, words)
    }

    /// `2/3` if a trial is missing.
    func trialsText(of row: Row) -> String { row.done == row.trials ? "\(row.done)" : "\(row.done)/\(row.trials)" }
}
