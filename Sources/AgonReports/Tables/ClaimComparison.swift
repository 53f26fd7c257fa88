import AgonExperiments
import AgonStatistics
import Foundation

/// A part of a rule: a statement about one row, or about one row against another.
struct ClaimComparison {
    let column: String
    let first: String
    /// Nil for a statement about one row.
    let second: String?
    let statement: Statement

    enum Statement {
        /// The first is below the second by more than a share of it.
        case below(margin: Double)
        case noWorse(margin: Double)
        case equivalent(margin: Double)
        case ratio(Double, margin: Double)
        case bound(above: Double?, below: Double?)

        /// Whether it only makes sense on the logarithmic scale.
        var isRatio: Bool {
            switch self {
            case .below(let margin): margin > 0
            case .noWorse, .equivalent, .ratio: true
            case .bound: false
            }
        }

        /// The hypothesis about the difference of means, or of means of logarithms.
        func hypothesis(isLogarithmic: Bool, goal: MetricGoal) -> Hypothesis {
            switch self {
            case .below(let margin): return .below(margin > 0 ? log(1 - margin) : 0)
            case .noWorse(let margin):
                return goal == .minimize ? .below(log(1 + margin)) : .above(-log(1 + margin))
            case .equivalent(let margin): return .within(-log(1 + margin)...log(1 + margin))
            case .ratio(let expected, let margin):
                return .within((log(expected) - log(1 + margin))...(log(expected) + log(1 + margin)))
            case .bound(let above, let below):
                // All values lie above a bound of 0 or less, which has no logarithm.
                func place(_ bound: Double) -> Double { isLogarithmic ? log(max(bound, 0)) : bound }
                if let above, let below { return .within(place(above)...place(below)) }
                return above.map { .above(place($0)) } ?? .below(place(below ?? .infinity))
            }
        }
    }
}

extension ClaimRule {
    /// The comparisons that must all hold.
    var comparisons: [ClaimComparison] {
        switch self {
        case .ordered(let column, let rows, _, let margin):
            zip(rows, rows.dropFirst()).map {
                ClaimComparison(column: column, first: $0, second: $1, statement: .below(margin: margin))
            }
        case .atLeastAsGood(let column, let row, let reference, let margin):
            [ClaimComparison(column: column, first: row, second: reference, statement: .noWorse(margin: margin))]
        case .equivalent(let column, let row, let reference, let margin):
            [ClaimComparison(column: column, first: row, second: reference, statement: .equivalent(margin: margin))]
        case .ratio(let column, let row, let reference, let expected, let margin):
            [
                ClaimComparison(
                    column: column, first: row, second: reference, statement: .ratio(expected, margin: margin))
            ]
        case .bound(let column, let rows, let above, let below):
            rows.map {
                ClaimComparison(column: column, first: $0, second: nil, statement: .bound(above: above, below: below))
            }
        case .all(let rules): rules.flatMap(\.comparisons)
        }
    }

    /// The rows that must have converged before quality is judged; none for a bound.
    var references: Set<String> {
        switch self {
        case .ordered(_, _, let reference, _), .atLeastAsGood(_, _, let reference, _),
            .equivalent(_, _, let reference, _), .ratio(_, _, let reference, _, _):
            [reference]
        case .bound: []
        case .all(let rules): Set(rules.flatMap(\.references))
        }
    }
}
