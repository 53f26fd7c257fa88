import AgonConfiguration

/// A published statement, and the rule that the measured values must meet to confirm it.
struct TableClaim: ConfigDecodable, Sendable {
    let text: String
    let source: String?
    let rule: ClaimRule

    init(from reader: ConfigReader) throws {
        text = try reader.string("text", "The statement, in one sentence.")
        source = try reader.optionalString("source", "Where it was published; the table's source if not given.")
        rule = try reader.section("check", ClaimRule.registry, "The rule that decides.")
    }
}

/// A rule on values of the table.
indirect enum ClaimRule: Sendable {
    /// In a column, each row is below the next by more than both deviations together.
    case rising(column: String, rows: [String])
    /// Two rows differ by at most both deviations together, or by at most a fraction of the second.
    case similar(column: String, rows: [String], within: Double)
    /// The ratio of two rows equals a number within a relative tolerance.
    case ratio(column: String, row: String, to: String, expected: Double, within: Double)
    /// Rows lie above or below a number by more than their deviations.
    case bounds(column: String, rows: [String], above: Double?, below: Double?)
    /// All of several rules.
    case all([ClaimRule])

    static let registry: VariantRegistry<ClaimRule> = {
        let registry = VariantRegistry<ClaimRule>(schemaName: "ClaimRule", noun: "rule")
        registry.register(
            "rising", "In a column, each of the rows is below the next by more than both deviations together."
        ) { reader in
            .rising(
                column: try column(reader), rows: try reader.strings("rows", count: 2..., "The rows, lowest first."))
        }
        registry.register(
            "similar", "Two rows differ by at most both deviations together, or by at most a fraction of the second."
        ) { reader in
            .similar(
                column: try column(reader), rows: try reader.strings("rows", count: 2, "The two rows."),
                within: try reader.number(
                    "within", in: 0..., default: 0, "The fraction by which they may always differ."))
        }
        registry.register("ratio", "The ratio of two rows equals a number within a relative tolerance.") { reader in
            .ratio(
                column: try column(reader), row: try reader.string("row", "The row."),
                to: try reader.string("to", "The row of the divisor."),
                expected: try reader.number("expected", in: .positive, "The published ratio."),
                within: try reader.number(
                    "within", in: .positive, default: 0.2, "The relative tolerance."))
        }
        registry.register("bounds", "Rows lie above or below a number by more than their deviations.") { reader in
            let rows = try reader.strings("rows", count: 1..., "The rows.")
            let above = try reader.optionalNumber("above", "The lower bound, exclusive.")
            let below = try reader.optionalNumber("below", "The upper bound, exclusive.")
            try reader.require(above != nil || below != nil, "above", "missing: give 'above', 'below', or both")
            return .bounds(column: try column(reader), rows: rows, above: above, below: below)
        }
        registry.register("all", "All of several rules.") { reader in
            .all(try reader.array("checks", of: registry, count: 2..., "The rules."))
        }
        return registry
    }()

    private static func column(_ reader: ConfigReader) throws -> String {
        try reader.string("column", "The key of the column.")
    }

    var columns: [String] {
        switch self {
        case .rising(let column, _), .similar(let column, _, _), .ratio(let column, _, _, _, _),
            .bounds(let column, _, _, _):
            [column]
        case .all(let rules): rules.flatMap(\.columns)
        }
    }

    var rows: [String] {
        switch self {
        case .rising(_, let rows), .similar(_, let rows, _), .bounds(_, let rows, _, _): rows
        case .ratio(_, let row, let to, _, _): [row, to]
        case .all(let rules): rules.flatMap(\.rows)
        }
    }
}
