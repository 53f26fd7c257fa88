import AgonStatistics
import AgonText
import Foundation

/// Judges claims against a table.
///
/// A claim becomes comparisons of means over seeds: confirmed where all lie on the claimed side of the margin at 95 %,
/// refuted where one lies on the other side, with Holm's correction for their number. Quality is judged only where the
/// reference has converged or the training has its published length, and nothing is judged on fewer than five seeds,
/// unless it follows from the configs alone.
struct ClaimJudge {
    let table: ResultTable
    let convergence: TableConvergence?

    /// Below five, an interval by Student's t is wider than most effects, and the normality of the values cannot be
    /// checked.
    static let fewestSeeds = 5
    static let level = 0.95

    /// - Parameter source: the table's source, for claims that state none.
    func judge(_ claim: TableClaim, source: String?) -> Judgement {
        func judgement(_ verdict: Judgement.Verdict) -> Judgement {
            Judgement(claim: claim.text, source: claim.source ?? source, verdict: verdict, published: claim.published)
        }
        switch claim.check {
        case .notTested(let why): return judgement(.notTested(": \(why)"))
        case .rule(let rule):
            let comparisons = rule.comparisons.map(compare)
            let sampled = comparisons.compactMap(\.count)
            let isExact = sampled.isEmpty && comparisons.allSatisfy { $0.fault == nil }
            let length = Length(rule.rows.compactMap { name in table.rows.first { $0.name == name } })
            var found = judgement(
                verdict(comparisons, fewest: sampled.min(), blocked: isExact ? nil : block(claim.gate, rule, length)))
            found.effects = comparisons.compactMap(\.effect)
            found.count = sampled.min()
            found.share = isExact ? nil : length.share
            found.published = claim.published ?? published(rule)
            return found
        }
    }

    private func verdict(_ comparisons: [Comparison], fewest: Int?, blocked: String?) -> Judgement.Verdict {
        if let fault = comparisons.compactMap(\.fault).first { return .notTested(": \(fault)") }
        if let fewest, fewest < Self.fewestSeeds { return .notTested(" (n = \(fewest))") }
        if let blocked { return .notTested(blocked) }
        let tests = comparisons.flatMap(\.tests)
        return tests.isEmpty ? .notTested("") : .decided(StatisticalVerdict(tests, level: Self.level))
    }

    // MARK: When it may be judged

    /// The length of a claim's rows.
    private struct Length {
        /// Of the row with the smallest share.
        let steps: Int?
        let published: Int?
        let share: Double?

        init(_ rows: [ResultTable.Row]) {
            let lengths = rows.compactMap { row in
                row.steps.flatMap { steps in row.publishedSteps.map { (steps, $0, Double(steps) / Double($0)) } }
            }
            let shortest = lengths.count == rows.count ? lengths.min { $0.2 < $1.2 } : nil
            (steps, published, share) = (shortest?.0, shortest?.1, shortest?.2)
        }
    }

    /// Why a claim cannot be judged yet; nil if it can.
    private func block(_ gate: TableClaim.Gate, _ rule: ClaimRule, _ length: Length) -> String? {
        if gate == .always || (length.share ?? 0) >= 1 { return nil }
        let place: String
        if let steps = length.steps, let published = length.published {
            place = " at \(NumberText.grouped(steps)) of \(NumberText.grouped(published)) steps"
        } else {
            place = ": no length is published"
        }
        guard gate == .converged, let convergence, let column = column(convergence.column) else { return place }
        let limit = convergence.factor * convergence.floor
        for name in rule.references {
            guard let row = table.rows.first(where: { $0.name == name }),
                let cell = table.cell(row: name, column: convergence.column), let mean = cell.summary?.mean
            else { return place }
            if let lack = Self.lack(of: row) { return "\(place): \(lack)" }
            guard cell.isComplete else { return "\(place): seeds of \(name) have no \(column.title)" }
            if mean > limit {
                return place + ": \(column.title) of \(name) is \(NumberText.brief(mean, digits: 3)), above "
                    + "\(NumberText.brief(limit, digits: 3)), \(NumberText.brief(convergence.factor)) times the floor"
            }
        }
        return rule.references.isEmpty ? place : nil
    }

    // MARK: Comparisons

    /// What a comparison gives: the tests it stands for, and their text.
    private struct Comparison {
        var tests: [(hypothesis: Hypothesis, difference: MeanDifference)] = []
        var effect: Judgement.Effect?
        /// The fewest seeds; nil for exact numbers.
        var count: Int?
        /// Why there is nothing to test.
        var fault: String?
    }

    private struct Values {
        let row: String
        let numbers: [Double]
        let seeds: [Int?]
        let isExact: Bool
        let identity: Int
    }

    private func compare(_ comparison: ClaimComparison) -> Comparison {
        guard let column = column(comparison.column) else {
            return Comparison(fault: "no column '\(comparison.column)'")
        }
        var found: [Values] = []
        for row in [comparison.first, comparison.second].compactMap({ $0 }) {
            switch values(column, row) {
            case .success(let values): found.append(values)
            case .failure(let fault): return Comparison(fault: "\(column.heading): \(fault.text)")
            }
        }
        if column.isLogarithmic || comparison.statement.isRatio,
            let row = found.first(where: { $0.numbers.contains { $0 <= 0 } })?.row
        {
            return Comparison(fault: "\(column.heading): a value of \(row) is not above 0 and has no logarithm")
        }
        if found.count == 2, found[0].identity != found[1].identity {
            return Comparison(fault: "\(column.heading): the rows were measured in different ways")
        }
        return tested(comparison, column, found)
    }

    private func tested(_ comparison: ClaimComparison, _ column: ResultTable.Column, _ found: [Values]) -> Comparison {
        let isLogarithmic = column.isLogarithmic
        let samples = found.map { values in isLogarithmic ? values.numbers.map { log($0) } : values.numbers }
        let hypothesis = comparison.statement.hypothesis(isLogarithmic: isLogarithmic, goal: column.goal)
        let isExact = found.allSatisfy(\.isExact)
        let mean = samples.map { $0.reduce(0, +) / Double($0.count) }
        let estimate = mean.count == 2 ? mean[0] - mean[1] : mean[0]
        var (difference, manner): (MeanDifference?, String)
        if isExact {
            (difference, manner) = (MeanDifference(exactly: estimate), "exact")
        } else if samples.count == 2 {
            // Rows that pool settings may have a seed several times.
            let mayPair =
                Set(found[0].seeds).count == found[0].seeds.count && !found[0].seeds.contains(nil)
                && found[0].seeds == found[1].seeds
            let compared = SampleComparison(samples[0], samples[1], mayPair: mayPair)
            let what =
                table.rows.contains { row in row.isPooled && found.contains { $0.row == row.name } }
                ? "trials" : "seeds"
            (difference, manner) = (
                compared?.difference, "\(what) \(compared?.isPaired == true ? "in pairs" : "apart")"
            )
        } else {
            (difference, manner) = (MeanDifference(samples[0], from: 0), "")
        }
        // The text of a number on the scale of the values.
        func text(_ number: Double) -> String {
            NumberText.significant(isLogarithmic ? exp(number) : number, digits: 3)
        }
        var words = "\(column.heading): \(comparison.first)"
        if let second = comparison.second { words += (isLogarithmic ? " / " : " - ") + second }
        words += " = " + text(estimate)
        if let difference, !isExact {
            let interval = difference.interval(level: Self.level)
            words += " [\(text(interval.lowerBound)), \(text(interval.upperBound))]"
        }
        if !manner.isEmpty, difference != nil { words += ", " + manner }
        return Comparison(
            tests: difference.map { [(hypothesis, $0)] } ?? [],
            effect: Judgement.Effect(
                text: words, margin: Self.text(of: hypothesis) { NumberText.brief(isLogarithmic ? exp($0) : $0) }),
            count: isExact ? nil : found.filter { !$0.isExact }.map(\.numbers.count).min())
    }

    private static func text(of hypothesis: Hypothesis, _ number: (Double) -> String) -> String {
        switch hypothesis {
        case .below(let bound): "below \(number(bound))"
        case .above(let bound): "above \(number(bound))"
        case .within(let bounds): "\(number(bounds.lowerBound)) to \(number(bounds.upperBound))"
        }
    }

    // MARK: Values

    private struct Fault: Error { let text: String }

    /// In the order of the seeds.
    private func values(_ column: ResultTable.Column, _ name: String) -> Result<Values, Fault> {
        let cell = table.cell(row: name, column: column.key) ?? ResultTable.Cell()
        let named = table.rows.first { $0.name == name }
        guard let row = named, let group = cell.groups.first else {
            // Costs need no runs.
            let begun = named.flatMap { $0.begun > 0 && !cell.isExact ? $0 : nil }
            let what = begun == nil && !cell.isExact ? "run" : "value"
            return .failure(Fault(text: begun.flatMap(Self.lack) ?? "no \(what) of \(name)"))
        }
        guard cell.groups.count == 1 else {
            return .failure(Fault(text: "\(name) was measured in different ways"))
        }
        let count = group.summary.count
        // Runs that failed are often the worst of their row, and a row that is judged before it is complete can be
        // judged again until the verdict pleases.
        if !cell.isExact, let lack = Self.lack(of: row) { return .failure(Fault(text: lack)) }
        // Seeds without a value are those that never got that far: leaving them out would flatter the row.
        guard cell.isExact || cell.isDerived || count == row.done else {
            return .failure(
                Fault(text: "\(row.done - count) of \(CountText.short(row.done, "seed")) of \(name) have none"))
        }
        let seeds = group.seeds.count == count ? group.seeds : [Int?](repeating: nil, count: count)
        let order = seeds.indices.sorted { (seeds[$0] ?? 0, $0) < (seeds[$1] ?? 0, $1) }
        return .success(
            Values(
                row: name, numbers: order.map { group.summary.values[$0] }, seeds: order.map { seeds[$0] },
                isExact: cell.isExact, identity: group.identity))
    }

    /// Which runs a row lacks, in words; nil if it is complete.
    private static func lack(of row: ResultTable.Row) -> String? {
        guard !row.isComplete else { return nil }
        let missing = row.trials - row.done
        let states = [
            (row.failed, "failed"), (row.died, row.died == 1 ? "was killed" : "were killed"),
            (row.pruned, row.pruned == 1 ? "was ended early" : "were ended early"),
        ].filter { $0.0 > 0 }.map { "\($0) \($1)" }
        return "\(missing) of \(CountText.short(row.trials, "run")) of \(row.name) \(missing == 1 ? "is" : "are") "
            + "not complete" + (states.isEmpty ? "" : " (\(states.joined(separator: ", ")))")
    }

    private func column(_ key: String) -> ResultTable.Column? { table.columns.first { $0.key == key } }

    /// The published values of a rule's rows in its columns: `D loss: A 3.9, B 4.4; G loss: A 12.3`.
    private func published(_ rule: ClaimRule) -> String? {
        var keys: [String] = []
        var parts: [String: [String]] = [:]
        for comparison in rule.comparisons {
            let key = comparison.column
            func add(_ part: String) {
                if !keys.contains(key) { keys.append(key) }
                if parts[key]?.contains(part) != true { parts[key, default: []].append(part) }
            }
            if case .ratio(let expected, _) = comparison.statement {
                add(NumberText.shortest(expected))
                continue
            }
            for row in [comparison.first, comparison.second].compactMap({ $0 }) {
                if let value = table.cell(row: row, column: key)?.published { add("\(row) \(value.text)") }
            }
        }
        let texts = keys.map { key in
            let values = (parts[key] ?? []).joined(separator: ", ")
            return keys.count == 1 ? values : "\(column(key)?.title ?? key): \(values)"
        }
        return texts.isEmpty ? nil : texts.joined(separator: "; ")
    }
}
