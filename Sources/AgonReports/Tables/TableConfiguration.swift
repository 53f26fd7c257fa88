import AgonConfiguration
import AgonSweeps

/// A table as its file states it: sweeps to run, rows, columns, and published results.
public struct TableConfiguration: ConfigDecodable, Sendable {
    /// Names the folder of results.
    public let name: String
    public let title: String
    public let description: String?
    /// The paper or page that published the values, unless a row or claim names another.
    public let source: String?
    /// Empty for a table of existing sweeps.
    public let budgets: [(name: String, value: TableBudget)]
    /// Empty if `by` makes them.
    let rows: [TableRow]
    /// Axes or paths of keys: each combination of their values is a row.
    let by: [String]
    let columns: [TableColumn]
    let figures: [TableFigure]
    let claims: [TableClaim]
    /// When quality can be judged before the published length.
    let convergence: TableConvergence?
    /// The length of the published trainings, unless a row states its own.
    let publishedSteps: Int?

    /// In order of cost.
    public static let budgetNames = ["smoke", "quick", "full"]

    public init(from reader: ConfigReader) throws {
        name = try reader.string("name", "The name of the table and of its results folder.")
        try reader.require(
            name.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9_-]*/) != nil, "name",
            "'\(name)' is not a valid folder name; use letters, digits, '_' and '-'")
        title = try reader.string("title", "The title shown above the table.")
        description = try reader.optionalString("description", "What is compared, in a sentence or two.")
        source = try reader.optionalString(
            "source", "The source of the published values that measured ones are compared with.")
        budgets = try reader.dictionary(
            "budgets", of: TableBudget.self, default: [:],
            "What is run: smoke in minutes, quick in an hour or two, full as published. A table without budgets runs nothing; "
                + "agon table --sweep fills it from an existing sweep.")
        rows = try reader.array("rows", of: TableRow.self, default: [], "The rows, from top to bottom.")
        by = try reader.strings(
            "by", default: [], "Instead of rows: axes or paths of keys of the config; each combination is a row.")
        columns = try reader.array("columns", of: TableColumn.self, count: 1..., "The columns, from left to right.")
        figures = try reader.array("figures", of: TableFigure.self, default: [], "Figures to draw beside the table.")
        claims = try reader.array("claims", of: TableClaim.self, default: [], "Published claims, each with a check.")
        convergence = try reader.optionalSection(
            "convergence",
            "When a claim about quality can be judged before the published length.")
        publishedSteps = try reader.optionalInteger(
            "publishedSteps", in: 1..., "The steps of the published trainings, unless a row states its own.")
        guard !reader.isDescribing else { return }
        for budget in budgets where !Self.budgetNames.contains(budget.name) {
            throw reader.fail(
                "budgets",
                "'\(budget.name)' is not a budget; choose from \(Self.budgetNames.joined(separator: ", "))")
        }
        try reader.require(rows.isEmpty != by.isEmpty, "rows", "give either 'rows' or 'by'")
        try check(reader)
    }

    /// The table of a sweep without a file.
    init(name: String, title: String, rows: [TableRow], columns: [TableColumn]) {
        self.name = name
        self.title = title
        self.rows = rows
        self.columns = columns
        (description, source, convergence, publishedSteps) = (nil, nil, nil, nil)
        (budgets, by, figures, claims) = ([], [], [], [])
    }

    /// Row and column names are unique, and every reference resolves.
    private func check(_ reader: ConfigReader) throws {
        try Self.requireUnique(rows.map(\.name), "rows", reader)
        try Self.requireUnique(columns.map(\.key), "columns", reader)
        try Self.requireUnique(figures.map(\.name), "figures", reader)
        let keys = columns.map(\.key)
        func requireColumn(_ key: String, _ section: String, _ index: Int) throws {
            if !keys.contains(key) {
                throw reader.fail(
                    section, index: index,
                    "'\(key)' is not a column;\(Self.suggestion(key, in: keys))")
            }
        }
        let rowNames = rows.map(\.name)
        func requireRow(_ name: String, _ section: String, _ index: Int) throws {
            // Rows made from the sweep are not known yet.
            if !rows.isEmpty, !rowNames.contains(name) {
                throw reader.fail(
                    section, index: index, "'\(name)' is not a row;\(Self.suggestion(name, in: rowNames))")
            }
        }
        for (index, row) in rows.enumerated() {
            for value in row.published { try requireColumn(value.column, "rows", index) }
        }
        for (index, column) in columns.enumerated() {
            switch column.quantity {
            case .ratio(let other, let row):
                try requireColumn(other, "columns", index)
                try requireRow(row, "columns", index)
            case .cost(_, let budget?) where !budgets.contains { $0.name == budget }:
                throw reader.fail(
                    "columns", index: index,
                    "'\(budget)' is not a budget of this table; it has "
                        + (budgets.isEmpty ? "none" : budgets.map(\.name).joined(separator: ", ")))
            default: break
            }
        }
        for (index, figure) in figures.enumerated() {
            for key in figure.kind.columns { try requireColumn(key, "figures", index) }
            for name in figure.rows ?? [] { try requireRow(name, "figures", index) }
        }
        for (index, claim) in claims.enumerated() {
            guard let rule = claim.rule else { continue }
            for key in rule.columns { try requireColumn(key, "claims", index) }
            for name in rule.rows { try requireRow(name, "claims", index) }
            for key in rule.columns {
                guard case .ratio(let source, _)? = columns.first(where: { $0.key == key })?.quantity else { continue }
                if columns.first(where: { $0.key == source })?.quantity.isCost == true { continue }
                throw reader.fail(
                    "claims", index: index,
                    "'\(key)' is computed from means and has no interval; compare rows of '\(source)'")
            }
            for key in rule.columnsOfRatios where columns.contains(where: { $0.key == key && $0.scale == .linear }) {
                throw reader.fail(
                    "claims", index: index,
                    "a margin is a share, but '\(key)' is compared by differences; give the column 'scale': "
                        + "'logarithmic'")
            }
        }
        if let convergence, !keys.contains(convergence.column) {
            throw reader.fail(
                "convergence",
                "'\(convergence.column)' is not a column;\(Self.suggestion(convergence.column, in: keys))")
        }
    }

    private static func requireUnique(_ names: [String], _ key: String, _ reader: ConfigReader) throws {
        var seen: Set<String> = []
        for (index, name) in names.enumerated() where !seen.insert(name).inserted {
            throw reader.fail(key, index: index, "'\(name)' is listed twice")
        }
    }

    private static func suggestion(_ name: String, in names: [String]) -> String {
        nearestName(to: name, in: names).map { " did you mean '\($0)'?" }
            ?? " choose from \(names.joined(separator: ", "))"
    }

    /// Reads a table's file.
    ///
    /// Throws `ConfigError`.
    init(path: String) throws { self = try ConfigReader.decode(Self.self, from: ConfigNode.load(path: path)).value }

    /// The published JSON Schema of table files.
    public static func schema() throws -> ConfigNode {
        try JSONSchema.describe(Self.self, title: "An Agon table", id: "table-schema.json", partial: true)
    }
}

/// How near to the data the reference rows of a claim must come before quality is judged.
///
/// Early distances rank how fast rows start, not how well they end.
struct TableConvergence: ConfigDecodable, Sendable {
    let column: String
    /// The distance between two sets of real images.
    let floor: Double
    let factor: Double

    init(from reader: ConfigReader) throws {
        column = try reader.string("column", "The key of the column of distances.")
        floor = try reader.number(
            "floor", in: .positive, "The distance between two sets of real images: agon classifier distances.")
        factor = try reader.number("factor", in: 1..., default: 10, "The multiple of the floor that counts as near.")
    }
}

/// The sweeps of a budget.
public struct TableBudget: ConfigDecodable, Sendable {
    let sweeps: [BudgetSweep]
    /// What readers should know about this budget.
    let note: String?

    public init(from reader: ConfigReader) throws {
        sweeps = try reader.array("sweeps", of: BudgetSweep.self, count: 1..., "The sweeps to run.")
        note = try reader.optionalString("note", "What this budget leaves out, in one sentence.")
        guard !reader.isDescribing else { return }
        let labels = sweeps.map(\.label)
        try reader.require(Set(labels).count == labels.count, "sweeps", "two sweep files have the same name")
    }
}

/// A sweep file with overrides.
struct BudgetSweep: ConfigDecodable, Sendable {
    /// The path as the user would type it.
    let file: String
    let seeds: [Int]?
    /// Values for all trials, by paths of keys.
    let set: ConfigObject

    init(from reader: ConfigReader) throws {
        let path = try reader.string(
            "file", "The sweep: a file, relative to this file, or the name of a sweep that comes with Agon.")
        file = SweepPaths.config(reader.source(of: "file").file, path, in: "Configs/sweeps")
        seeds = try reader.optionalIntegers(
            "seeds", count: 1..., in: 0..., "The seeds, instead of those of the sweep's file.")
        let node = try reader.node(
            "set", default: [:],
            "Values for all trials that override the sweep's file, by paths of keys.")
        set = node.object ?? ConfigObject()
        guard !reader.isDescribing else { return }
        try reader.require(node.object != nil, "set", "expected an object, found \(node.summary)")
        for member in set.members where ConfigPath(member.key) == nil {
            throw reader.fail("set", "'\(member.key)' is not a path of keys, such as optimizer.learningRate")
        }
    }

    var label: String { RecordedSweep.label(of: file) }

    /// Overrides of the sweep's file.
    func settings(name: String) -> [ConfigSetting] {
        var settings = [ConfigSetting(path: .root.key("name"), value: ConfigNode(name))]
        if let seeds {
            settings.append(ConfigSetting(path: .root.key("seeds"), value: ConfigNode(seeds.map { ConfigNode($0) })))
        }
        return settings
            + set.members.map { ConfigSetting(path: .root.key("set").key($0.key), value: $0.value) }
    }
}
