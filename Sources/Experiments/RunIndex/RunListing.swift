import Configuration
import Foundation

/// A table of runs: those a query lets through, in an order, with what they differ in.
public struct RunListing: Sendable {
    public let rows: [RunIndex.Row]
    /// Keys of facts, in the order of the columns after the run's path.
    public let columns: [String]
    /// What the user should know: keys that no run has, values that are not comparable.
    public private(set) var notes: [String] = []
    private let roots: [String]
    /// Columns whose values were computed in different ways, and the letter for each way.
    private var marks: [String: [String: String]] = [:]

    /// - Parameters:
    ///   - columns: keys; nil for state, step, metrics and what the configs differ in.
    public init(
        _ index: RunIndex, below roots: [String], where query: RunQuery? = nil, sort: RunSort? = nil,
        columns wanted: [String]? = nil
    ) throws {
        self.roots = roots
        let known = try index.keys(below: roots)
        let asked = (query?.keys ?? []) + [sort?.key].compactMap { $0 }
        let columns = try wanted ?? Self.usualColumns(index, roots, query, known, asked: asked)
        self.columns = columns
        let identities = columns.filter { $0.hasPrefix("metric.") }.map { Self.metric($0) + ".identity" }
        rows = try index.runs(
            below: roots, where: query, sort: sort, keys: columns + identities + ["run", "size", "state"])
        if !known.isEmpty {
            for key in Set(asked + (wanted ?? [])).sorted()
            where !known.contains(key) {
                let near = nearestName(to: key, in: known).map { ". Did you mean '\($0)'?" } ?? ""
                notes.append("no run here has '\(key)'\(near)")
            }
        }
        markIdentities()
    }

    /// State, step, what was asked about, the metrics there are, and the keys of configs at which runs differ.
    private static func usualColumns(
        _ index: RunIndex, _ roots: [String], _ query: RunQuery?, _ known: [String], asked: [String]
    ) throws -> [String] {
        let metrics = known.filter { $0.hasPrefix("metric.") && metric($0) == $0 && !$0.contains("@") }.prefix(3)
        let settings = try index.keys(below: roots, settings: true)
        // A section's key alone says its type.
        let candidates = settings.filter { key in
            isWorthAColumn(key) && !(key.hasSuffix(".type") && settings.contains(String(key.dropLast(5))))
        }
        let runs = try index.runs(below: roots, where: query, keys: candidates)
        var differing: [String] = []
        for key in candidates where runs.count > 1 {
            let values = Set(runs.map { $0[key] ?? "" })
            // What differs in every run tells them apart no better than their names do.
            if values.count > 1, values.count < max(3, runs.count) || key == "seed" { differing.append(key) }
        }
        // The outer keys say most: a section's type over what follows from it.
        differing.sort {
            ($0.filter { $0 == "." || $0 == "[" }.count, $0) < ($1.filter { $0 == "." || $0 == "[" }.count, $1)
        }
        var columns: [String] = []
        let ends = ["seconds", "size"]
        let named = asked.filter { known.contains($0) && !ends.contains($0) && $0 != "run" }
        for key in ["state", "step"] + named + metrics + differing.prefix(6) + ends where !columns.contains(key) {
            columns.append(key)
        }
        return columns
    }

    /// Whether a key of a config tells runs apart for people: not how they are called, saved and watched.
    private static func isWorthAColumn(_ key: String) -> Bool {
        let others = ["name", "description", "checkpoints", "samples", "log", "alarms", "stages"]
        return !others.contains { key == $0 || key.hasPrefix($0 + ".") } && !key.contains("layers[")
    }

    /// `metric.fcd-lenet.last` is about `metric.fcd-lenet`.
    private static func metric(_ key: String) -> String {
        for ending in [".last", ".step", ".identity"] where key.hasSuffix(ending) {
            return String(key.dropLast(ending.count))
        }
        return key
    }

    private mutating func markIdentities() {
        for column in columns where column.hasPrefix("metric.") && !column.hasSuffix(".step") {
            let key = Self.metric(column) + ".identity"
            var found: [String] = []
            for row in rows where row[column] != nil {
                let identity = row[key] ?? ""
                if !found.contains(identity) { found.append(identity) }
            }
            guard found.count > 1 else { continue }
            var letters: [String: String] = [:]
            for (number, identity) in found.enumerated() {
                let letter = number < 26 ? String(UnicodeScalar(UInt8(97 + number))) : "\(number)"
                letters[identity] = " (\(letter))"
            }
            marks[column] = letters
            notes.append(
                "\(column): values with different letters were computed in different ways (\(key)) and are not comparable"
            )
        }
    }

    // MARK: Text

    public var table: TextTable {
        var table = TextTable(["run"] + columns)
        for row in rows { table.add([shown(row.run.path)] + columns.map { cell($0, row) }) }
        return table
    }

    /// Of the runs shown, together.
    public var size: Int { rows.reduce(0) { $0 + Int($1.numbers["size"] ?? 0) } }

    private func cell(_ column: String, _ row: RunIndex.Row) -> String {
        guard let text = row[column] else { return "" }
        guard let number = row.numbers[column] else { return text.count > 40 ? text.prefix(39) + "…" : text }
        switch column {
        case "size", "peakMemoryBytes": return SizeText.short(Int(number))
        case "seconds": return DurationText.short(number)
        default:
            let short = number == number.rounded() && abs(number) < 1e15 ? text : DecimalNumber.shown(number)
            return short + (marks[column]?[row[Self.metric(column) + ".identity"] ?? ""] ?? "")
        }
    }

    /// A path as the user would type it.
    private func shown(_ path: String) -> String {
        let here = FileManager.default.currentDirectoryPath + "/"
        return path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path
    }

    public var node: ConfigNode {
        ConfigNode(
            rows.map { row in
                var object: ConfigObject = ["run": ConfigNode(row.run.path)]
                for column in columns {
                    object[column] =
                        row.numbers[column].flatMap { $0.isFinite ? ConfigNode($0) : nil }
                        ?? row[column].map { ConfigNode($0) } ?? .null
                }
                return ConfigNode(object)
            })
    }
}

extension DecimalNumber {
    /// Four significant digits.
    static func shown(_ value: Double) -> String {
        value.isFinite ? ConfigNode(Double(String(format: "%.4g", value)) ?? value).lineText : "\(value)"
    }
}
