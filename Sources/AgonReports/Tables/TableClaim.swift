import AgonConfiguration

/// A published statement, with the rule that the measured values must meet to confirm it, or why it is not tested.
struct TableClaim: ConfigDecodable, Sendable {
    /// When a claim is tested.
    enum Gate: String, CaseIterable, Sendable {
        /// Once the reference rows have converged, or at the published length: a claim about quality.
        case converged
        /// At the published length: a claim about a course of training.
        case length
        /// At any length: a claim about costs or about the beginning.
        case always
    }

    let text: String
    let source: String?
    /// The published figure in words, where the rows' published values do not say it.
    let published: String?
    let gate: Gate
    let check: Check

    enum Check: Sendable {
        case rule(ClaimRule)
        case notTested(why: String)
    }

    var rule: ClaimRule? { if case .rule(let rule) = check { rule } else { nil } }

    init(from reader: ConfigReader) throws {
        text = try reader.string("text", "The statement, in one sentence.")
        source = try reader.optionalString("source", "Where it was published; the table's source if not given.")
        published = try reader.optionalString(
            "published", "The published figure; default: the published values of the rows.")
        gate = try reader.choice(
            "gate", default: .converged,
            "When it is tested: once the reference rows have converged or at the published length, only at the "
                + "published length, or always.")
        let rule = try reader.optionalSection("check", ClaimRule.registry, "The rule that decides the claim.")
        let why = try reader.optionalString("notTested", "Instead of a check: why it is not tested.")
        check = rule.map(Check.rule) ?? .notTested(why: why ?? "")
        guard !reader.isDescribing else { return }
        try reader.require((rule == nil) != (why == nil), "check", "give either 'check' or 'notTested'")
    }
}

/// A rule on values of the table.
indirect enum ClaimRule: Sendable {
    /// In a column, each row is below the next, by more than a share of it.
    case ordered(column: String, rows: [String], reference: String, margin: Double)
    /// A row is worse than the reference by less than a share of it: non-inferiority.
    case atLeastAsGood(column: String, row: String, reference: String, margin: Double)
    /// A row differs from the reference by less than a share of it, either way.
    case equivalent(column: String, row: String, reference: String, margin: Double)
    /// The ratio of two rows is a number, within a share of it.
    case ratio(column: String, row: String, reference: String, expected: Double, margin: Double)
    /// The means of rows lie above, below or between numbers.
    case bound(column: String, rows: [String], above: Double?, below: Double?)
    /// All of several rules.
    case all([ClaimRule])

    static let registry: VariantRegistry<ClaimRule> = {
        let registry = VariantRegistry<ClaimRule>(schemaName: "ClaimRule", noun: "rule")
        registry.register("ordered", "In a column, each of the rows is below the next.") { reader in
            let rows = try reader.strings("rows", count: 2..., "The rows, lowest first.")
            return .ordered(
                column: try column(reader), rows: rows,
                reference: try reader.optionalString(
                    "reference", "The row that must have converged; default: the last one.") ?? rows.last ?? "",
                margin: try reader.number(
                    "margin", in: 0..<1, default: 0,
                    "The share of the next row by which each must be lower: 0.5 for less than half."))
        }
        registry.register(
            "atLeastAsGood", "A row is worse than the reference by less than a share of it (non-inferiority)."
        ) { reader in
            .atLeastAsGood(
                column: try column(reader), row: try row(reader), reference: try reference(reader),
                margin: try margin(reader, "worse"))
        }
        registry.register(
            "equivalent", "A row differs from the reference by less than a share of it (two one-sided tests)."
        ) { reader in
            .equivalent(
                column: try column(reader), row: try row(reader), reference: try reference(reader),
                margin: try margin(reader, "higher or lower"))
        }
        registry.register("ratio", "The ratio of a row to the reference is a number, within a share of it.") { reader in
            .ratio(
                column: try column(reader), row: try row(reader), reference: try reference(reader),
                expected: try reader.number("expected", in: .positive, "The published ratio."),
                margin: try margin(reader, "off"))
        }
        registry.register("bound", "The means of rows lie above, below or between numbers.") { reader in
            let rows = try reader.strings("rows", count: 1..., "The rows.")
            let above = try reader.optionalNumber("above", "The lower bound.")
            let below = try reader.optionalNumber("below", "The upper bound.")
            try reader.require(above != nil || below != nil, "above", "missing: give 'above', 'below', or both")
            if let above, let below, !reader.isDescribing {
                try reader.require(above < below, "above", "\(above) is not below 'below', \(below)")
            }
            return .bound(column: try column(reader), rows: rows, above: above, below: below)
        }
        registry.register("all", "All of several rules.") { reader in
            .all(try reader.array("checks", of: registry, count: 2..., "The rules."))
        }
        return registry
    }()

    private static func column(_ reader: ConfigReader) throws -> String {
        try reader.string("column", "The key of the column.")
    }

    private static func row(_ reader: ConfigReader) throws -> String { try reader.string("row", "The row.") }

    private static func reference(_ reader: ConfigReader) throws -> String {
        try reader.string("reference", "The row that it is measured against.")
    }

    private static func margin(_ reader: ConfigReader, _ way: String) throws -> Double {
        try reader.number(
            "margin", in: .positive, "The share by which it may be \(way): 0.1 allows ratios up to 1.1 or 1 / 1.1.")
    }

    var columns: [String] {
        switch self {
        case .ordered(let column, _, _, _), .atLeastAsGood(let column, _, _, _), .equivalent(let column, _, _, _),
            .ratio(let column, _, _, _, _), .bound(let column, _, _, _):
            [column]
        case .all(let rules): rules.flatMap(\.columns)
        }
    }

    var rows: [String] {
        switch self {
        case .ordered(_, let rows, let reference, _): rows.contains(reference) ? rows : rows + [reference]
        case .bound(_, let rows, _, _): rows
        case .atLeastAsGood(_, let row, let reference, _), .equivalent(_, let row, let reference, _),
            .ratio(_, let row, let reference, _, _):
            [row, reference]
        case .all(let rules): rules.flatMap(\.rows)
        }
    }

    /// The columns that are compared by ratios, for which differences do not do.
    var columnsOfRatios: [String] {
        switch self {
        case .ordered(let column, _, _, let margin): margin > 0 ? [column] : []
        case .atLeastAsGood(let column, _, _, _), .equivalent(let column, _, _, _), .ratio(let column, _, _, _, _):
            [column]
        case .bound: []
        case .all(let rules): rules.flatMap(\.columnsOfRatios)
        }
    }
}
