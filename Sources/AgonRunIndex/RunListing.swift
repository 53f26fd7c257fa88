import AgonConfiguration
import AgonExperiments
import AgonSweeps
import AgonText
import Foundation

/// A sorted table of the runs that match a query, with the keys in which they differ.
public struct RunListing: Sendable {
    public let rows: [RunIndex.Row]
    /// Keys of facts, in the order of the columns after the run's path.
    public let columns: [String]
    /// Notes for the user: keys that no run has, values that are not comparable.
    public private(set) var notes: [String] = []
    /// Columns whose values were computed in different ways, and the letter for each way.
    private var marks: [String: [String: String]] = [:]

    /// - Parameters:
    ///   - columns: keys; nil for state, step, metrics and differences of the configs.
    public init(
        _ index: RunIndex, below roots: [String], where query: RunQuery? = nil, sort: RunSort? = nil,
        columns wanted: [String]? = nil
    ) throws {
        let known = try index.keys(below: roots)
        let asked = (query?.keys ?? []) + [sort?.key].compactMap { $0 }
        let columns = try wanted ?? Self.usualColumns(index, roots, query, known, asked: asked)
        self.columns = columns
        let identities = columns.filter { $0.hasPrefix("metric.") }.map { Self.metric($0) + ".identity" }
        rows = try index.runs(
            below: roots, where: query, sort: sort, keys: columns + identities + ["run", "size", "state"])
        notes = try index.notes(onUnknown: asked + (wanted ?? []), below: roots)
        markIdentities()
    }

    /// The maximum number of columns of differing keys.
    private static let mostDiffering = 6

    /// State, step, queried keys, metrics, axes of sweeps, and the keys of configs at which
    /// runs differ.
    private static func usualColumns(
        _ index: RunIndex, _ roots: [String], _ query: RunQuery?, _ known: [String], asked: [String]
    ) throws -> [String] {
        let metrics = known.filter { $0.hasPrefix("metric.") && metric($0) == $0 && !$0.contains("@") }.prefix(3)
        let settings = try index.keys(below: roots, settings: true)
        // A section's key alone gives its type.
        let candidates = settings.filter { key in
            isWorthAColumn(key) && !(key.hasSuffix(".type") && settings.contains(String(key.dropLast(5))))
        }
        let axes = try axes(index, roots, query).map { axis in
            known.contains(RunFacts.key(ofAxis: axis)) ? RunFacts.key(ofAxis: axis) : axis
        }
        let runs = try index.runs(below: roots, where: query, keys: candidates + axes)
        // Runs with equal values of a key get the same number.
        func division(by key: String) -> [Int] {
            var numbers: [String: Int] = [:]
            return runs.map { run in
                let value = run[key] ?? ""
                let number = numbers[value] ?? numbers.count
                numbers[value] = number
                return number
            }
        }
        let told = axes.map(division)
        var differing: [String] = []
        for key in candidates where runs.count > 1 && !axes.contains(key) {
            let parts = division(by: key)
            let count = Set(parts).count
            // A key that differs in every run distinguishes them no better than their names do, and a key that follows
            // from an axis no better than the axis.
            let follows = told.contains { axis in Set(zip(axis, parts).map { [$0, $1] }).count == Set(axis).count }
            if count > 1, count < max(3, runs.count) || key == "seed", !follows {
                differing.append(key)
            }
        }
        // Outer keys are the most informative: a section's type before what follows from it.
        differing.sort {
            ($0.filter { $0 == "." || $0 == "[" }.count, $0) < ($1.filter { $0 == "." || $0 == "[" }.count, $1)
        }
        differing = axes + differing.prefix(max(0, mostDiffering - axes.count))
        var columns: [String] = []
        let ends = ["seconds", "size"]
        let named = asked.filter { known.contains($0) && !ends.contains($0) && $0 != "run" }
        for key in ["state", "step"] + named + metrics + differing + ends where !columns.contains(key) {
            columns.append(key)
        }
        return columns
    }

    /// The axes of the runs' sweep, in order; for several sweeps, as many as fit.
    private static func axes(_ index: RunIndex, _ roots: [String], _ query: RunQuery?) throws -> [String] {
        let trials = try index.runs(below: roots, where: query ?? .has("sweep"), keys: ["sweep"])
        let sweeps = trials.filter { $0["sweep"] != nil }.compactMap(\.run.sweep).distinct
        let axes = sweeps.compactMap { try? TrialList($0) }.flatMap(\.axes).distinct
        return sweeps.count == 1 ? axes : Array(axes.prefix(mostDiffering))
    }

    /// Whether a config key distinguishes runs for people; names, saving and monitoring do not.
    private static func isWorthAColumn(_ key: String) -> Bool {
        !hiddenSections.contains { key == $0 || key.hasPrefix($0 + ".") || key.hasPrefix($0 + "[") }
            && !key.contains("layers[")
    }

    private static let hiddenSections =
        ConfigReader.keys(of: ExperimentConfiguration.self, affecting: [.nothing]) + ["alarms", "stages"]

    /// `metric.fid-lenet.last` belongs to `metric.fid-lenet`.
    static func metric(_ key: String) -> String {
        for ending in [".last", ".step", ".identity"] where key.hasSuffix(ending) {
            return String(key.dropLast(ending.count))
        }
        return key
    }

    private mutating func markIdentities() {
        for column in columns
        where column.hasPrefix("metric.") && ![".step", ".identity"].contains(where: column.hasSuffix) {
            let key = Self.metric(column) + ".identity"
            let found = rows.filter { $0[column] != nil }.map { $0[key] ?? "" }.distinct
            guard found.count > 1 else { continue }
            var letters: [String: String] = [:]
            for (number, identity) in found.enumerated() {
                let letter = number < 26 ? String(UnicodeScalar(UInt8(97 + number))) : "\(number)"
                letters[identity] = " (\(letter))"
            }
            marks[column] = letters
            notes.append(
                "\(column): values were computed in different ways (\(key); letters in the table) and are not comparable"
            )
        }
    }

    // MARK: Text

    /// For people: numbers with four digits, letters at values that are not comparable.
    public var table: TextTable {
        var table = TextTable(["run"] + columns)
        for row in rows { table.add([shown(row.run.path).oneLine] + columns.map { cell($0, row) }) }
        return table
    }

    /// For programs: full values, each metric followed by its identity.
    public var values: TextTable {
        let columns = columnsWithIdentities
        var table = TextTable(["run"] + columns)
        for row in rows { table.add([shown(row.run.path)] + columns.map { row[$0] ?? "" }) }
        return table
    }

    /// Total of the runs shown.
    public var size: Int { rows.reduce(0) { $0 + Int($1.numbers["size"] ?? 0) } }

    private func cell(_ column: String, _ row: RunIndex.Row) -> String {
        guard let text = row[column]?.oneLine else { return "" }
        guard let number = row.numbers[column] else { return text.count > 40 ? text.prefix(39) + "…" : text }
        switch column {
        case "size", "peakMemoryBytes": return SizeText.short(Int(number))
        case "seconds": return DurationText.short(number)
        default:
            let short = number == number.rounded() && abs(number) < 1e15 ? text : NumberText.brief(number)
            return short + (marks[column]?[row[Self.metric(column) + ".identity"] ?? ""] ?? "")
        }
    }

    /// A path as the user would type it.
    private func shown(_ path: String) -> String {
        let here = FileManager.default.currentDirectoryPath + "/"
        return path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path
    }

    /// The columns, and after the last of each metric the key of its identity.
    private var columnsWithIdentities: [String] {
        var keys: [String] = []
        for (place, column) in columns.enumerated() {
            keys.append(column)
            guard column.hasPrefix("metric.") else { continue }
            let metric = Self.metric(column)
            let isLast = !columns[(place + 1)...].contains { Self.metric($0) == metric }
            if isLast, !columns.contains(metric + ".identity") { keys.append(metric + ".identity") }
        }
        return keys
    }

    public var node: ConfigNode {
        ConfigNode(
            rows.map { row in
                var object: ConfigObject = ["run": ConfigNode(row.run.path)]
                for column in columnsWithIdentities {
                    object[column] =
                        row.numbers[column].flatMap { $0.isFinite ? ConfigNode($0) : nil }
                        ?? row[column].map { ConfigNode($0) } ?? .null
                }
                return ConfigNode(object)
            })
    }
}
