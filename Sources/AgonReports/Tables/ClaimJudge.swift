import AgonText

/// Judges claims against a table.
///
/// Values over seeds are separated by their deviations: one mean is below another when the gap exceeds both
/// sample deviations together. A single seed shows no spread and decides nothing, unless the values follow from the
/// config alone.
struct ClaimJudge {
    let table: ResultTable
    /// Nil if the budget is long enough to judge.
    let excuse: String?

    func judge(_ claim: TableClaim, source: String?) -> Judgement {
        var (verdict, figures) = judge(claim.rule)
        if let excuse, verdict != .undecided, !isExact(claim.rule) {
            verdict = .undecided
            figures += "; \(excuse)"
        }
        return Judgement(claim: claim.text, source: claim.source ?? source, verdict: verdict, figures: figures)
    }

    private func isExact(_ rule: ClaimRule) -> Bool {
        rule.columns.allSatisfy { column in
            rule.rows.allSatisfy { table.cell(row: $0, column: column)?.isExact ?? false }
        }
    }

    private typealias Finding = (Judgement.Verdict, String)

    private func judge(_ rule: ClaimRule) -> Finding {
        switch rule {
        case .rising(let column, let rows): rising(column, rows)
        case .similar(let column, let rows, let within): similar(column, rows, within)
        case .ratio(let column, let row, let to, let expected, let within): ratio(column, row, to, expected, within)
        case .bounds(let column, let rows, let above, let below): bounds(column, rows, above, below)
        case .all(let rules): Self.worst(rules.map(judge))
        }
    }

    /// Not confirmed if any part is not.
    private static func worst(_ findings: [Finding]) -> Finding {
        let verdicts = findings.map(\.0)
        let verdict: Judgement.Verdict =
            verdicts.contains(.notConfirmed) ? .notConfirmed : verdicts.contains(.undecided) ? .undecided : .confirmed
        return (verdict, findings.map(\.1).joined(separator: "; "))
    }

    // MARK: Rules

    private func rising(_ column: String, _ rows: [String]) -> Finding {
        guard let values = values(column, rows) else { return missing(column, rows) }
        let pairs = zip(values, values.dropFirst()).map { lower, upper -> Judgement.Verdict in
            guard let spread = Self.spread(lower, upper) else { return .undecided }
            let gap = upper.mean - lower.mean
            return gap > spread ? .confirmed : gap < -spread || spread == 0 ? .notConfirmed : .undecided
        }
        let verdict = Self.worst(pairs.map { ($0, "") }).0
        return (verdict, "\(title(column)): " + list(values, column) + Self.oneSeed(values))
    }

    private func similar(_ column: String, _ rows: [String], _ within: Double) -> Finding {
        guard let values = values(column, rows) else { return missing(column, rows) }
        let gap = abs(values[0].mean - values[1].mean)
        let figures = "\(title(column)): " + list(values, column)
        if gap <= within * abs(values[1].mean) { return (.confirmed, figures) }
        guard let spread = Self.spread(values[0], values[1]) else {
            return (.undecided, figures + Self.oneSeed(values))
        }
        return (gap <= spread ? .confirmed : .notConfirmed, figures)
    }

    private func ratio(
        _ column: String, _ row: String, _ to: String, _ expected: Double, _ within: Double
    ) -> Finding {
        guard let values = values(column, [row, to]) else { return missing(column, [row, to]) }
        guard values[1].mean != 0 else { return (.undecided, "\(title(column)) of \(to) is 0") }
        let ratio = values[0].mean / values[1].mean
        let figures =
            "\(title(column)): \(row) / \(to) = \(NumberText.significant(ratio, digits: 3)), published "
            + NumberText.shortest(expected)
        guard values.allSatisfy({ $0.isExact || $0.deviation != nil }) else {
            return (.undecided, figures + Self.oneSeed(values))
        }
        let shares = values.map { value in value.mean == 0 ? 0 : (value.deviation ?? 0) / value.mean }
        let spread = abs(ratio) * (shares[0] * shares[0] + shares[1] * shares[1]).squareRoot()
        let miss = abs(ratio - expected)
        let allowed = within * expected
        return (miss <= allowed ? .confirmed : miss <= allowed + spread ? .undecided : .notConfirmed, figures)
    }

    private func bounds(_ column: String, _ rows: [String], _ above: Double?, _ below: Double?) -> Finding {
        guard let values = values(column, rows) else { return missing(column, rows) }
        var verdicts: [Judgement.Verdict] = []
        for value in values {
            // A bound is a statement about each run, so the value of a single seed decides.
            let spread = value.deviation ?? 0
            if let above {
                verdicts.append(
                    value.mean - spread > above ? .confirmed : value.mean + spread < above ? .notConfirmed : .undecided)
            }
            if let below {
                verdicts.append(
                    value.mean + spread < below ? .confirmed : value.mean - spread > below ? .notConfirmed : .undecided)
            }
        }
        let limits = [
            above.map { "above \(NumberText.shortest($0))" }, below.map { "below \(NumberText.shortest($0))" },
        ]
        let wanted = limits.compactMap { $0 }.joined(separator: " and ")
        return (
            Self.worst(verdicts.map { ($0, "") }).0,
            "\(title(column)), expected \(wanted): " + list(values, column, separator: ", ")
        )
    }

    // MARK: Values

    private struct Value {
        let row: String
        let mean: Double
        let deviation: Double?
        let isExact: Bool
        let identity: Int
        let text: String
    }

    /// Nil if one is missing, or if their identities differ.
    private func values(_ column: String, _ rows: [String]) -> [Value]? {
        guard let index = table.columns.firstIndex(where: { $0.key == column }) else { return nil }
        let values = rows.compactMap { name -> Value? in
            guard let row = table.rows.first(where: { $0.name == name }) else { return nil }
            let cell = row.cells[index]
            guard let summary = cell.summary, let text = table.texts(of: cell, table.columns[index], in: row).first
            else {
                return nil
            }
            return Value(
                row: name, mean: summary.mean, deviation: cell.isExact ? nil : summary.deviation, isExact: cell.isExact,
                identity: cell.groups[0].identity, text: text.mean + (text.deviation.map { " ± \($0)" } ?? ""))
        }
        return values.count == rows.count && Set(values.map(\.identity)).count == 1 ? values : nil
    }

    private func missing(_ column: String, _ rows: [String]) -> Finding {
        let lacking = rows.filter { table.cell(row: $0, column: column)?.summary == nil }
        return (
            .undecided,
            lacking.isEmpty
                ? "\(title(column)): the rows were measured in different ways"
                : "\(title(column)): no value of \(lacking.map { "'\($0)'" }.joined(separator: ", "))"
        )
    }

    /// The sum of both deviations; nil if one is unknown.
    private static func spread(_ first: Value, _ second: Value) -> Double? {
        func spread(_ value: Value) -> Double? { value.isExact ? 0 : value.deviation }
        guard let first = spread(first), let second = spread(second) else { return nil }
        return first + second
    }

    private static func oneSeed(_ values: [Value]) -> String {
        values.contains { !$0.isExact && $0.deviation == nil } ? "; one seed shows no spread" : ""
    }

    private func list(_ values: [Value], _ column: String, separator: String = ", ") -> String {
        values.map { "\($0.row) \($0.text)" }.joined(separator: separator)
    }

    private func title(_ key: String) -> String { table.columns.first { $0.key == key }?.heading ?? key }
}
