import AgonConfiguration
import AgonDatasets
import AgonDiagnostics
import AgonExperiments
import AgonSweeps
import AgonTensors
import AgonText
import Foundation

/// A table at a budget: its sweeps, and the processing from their runs to the table's files.
public struct TableWork: Sendable {
    public let configuration: TableConfiguration
    /// The resolved table file.
    public let resolved: ConfigNode
    /// The table as the user named it.
    public let file: String
    /// Empty for a recorded sweep.
    public let budget: String
    /// The sweeps of the budget; empty for a recorded sweep.
    public let sweeps: [(sweep: Sweep, folder: SweepFolder)]
    /// The sweep whose trials are tabulated as they are, instead of those of a budget.
    let recorded: RecordedSweep?
    /// Files of values whose trials count too.
    var added: [AddedValues] = []

    /// The folder of the project's tables.
    public static let standardFolder = "Configs/tables"

    /// Reads a table's file and its sweeps at a budget.
    ///
    /// - Parameters:
    ///   - table: the name of a table in `Configs/tables`, or a file.
    ///   - folder: where the sweep of a name is run.
    ///
    /// Throws `ReportsError`, `ConfigError`, `SweepError`.
    public init(
        table: String, budget: String, folder: (_ sweep: String) -> SweepFolder = { SweepFolder.standard(for: $0) }
    ) throws {
        file = try Self.path(of: table)
        (configuration, resolved) = try ConfigReader.decode(TableConfiguration.self, from: ConfigNode.load(path: file))
        self.budget = budget
        sweeps = try Self.sweeps(of: configuration, budget: budget).map { sweep in
            (sweep, folder(sweep.configuration.name))
        }
        recorded = nil
    }

    /// Reads the folder of a sweep to tabulate its trials as they are.
    ///
    /// - Parameter table: the name or file of the table whose rows and columns are wanted; nil: a row for each point of
    ///   the sweep's axes, and a column for each thing measured.
    ///
    /// Throws `ReportsError`, `ConfigError`, `SweepError`.
    public init(table: String?, recorded folder: SweepFolder) throws {
        let sweep = try RecordedSweep(folder)
        if let table {
            file = try Self.path(of: table)
            (configuration, resolved) = try ConfigReader.decode(
                TableConfiguration.self, from: ConfigNode.load(path: file))
        } else {
            file = ""
            configuration = TableConfiguration(
                name: sweep.list.name, title: sweep.list.name, rows: TableMaking.usualRows(of: sweep),
                columns: TableMaking.usualColumns(of: sweep.trials))
            resolved = [:]
        }
        (budget, sweeps, recorded) = ("", [], sweep)
    }

    /// What is tabulated: a sweep's file, the digest of its settings, its folder, and how many trials it has.
    var sources: [(file: String, config: String, folder: SweepFolder, trials: Int)] {
        guard let recorded else {
            return sweeps.map { ($0.sweep.file, $0.sweep.resolved.digest, $0.folder, $0.sweep.trials.count) }
        }
        let settings = try? ConfigNode.load(path: recorded.folder.sweepPath)
        return [(recorded.list.file, settings?.digest ?? "", recorded.folder, recorded.list.entries.count)]
    }

    /// The command that makes the table.
    var command: String {
        guard let recorded else { return CommandText.shell("agon table \(argument) --budget \(budget)") }
        let sweep = recorded.folder.path
        return file.isEmpty
            ? CommandText.shell("agon table --sweep \(sweep)")
            : CommandText.shell("agon table \(file) --sweep \(sweep)")
    }

    /// Names the table among those of other budgets and sweeps.
    var label: String {
        guard let recorded else { return "\(configuration.name)-\(budget)" }
        return file.isEmpty ? configuration.name : "\(configuration.name)-\(recorded.list.name)"
    }

    private static func sweeps(of configuration: TableConfiguration, budget name: String) throws -> [Sweep] {
        guard let budget = configuration.budgets.first(where: { $0.name == name })?.value else {
            throw ReportsError.unknownBudget(
                name, table: configuration.name, existing: configuration.budgets.map(\.name))
        }
        return try budget.sweeps.map { item in
            let stem = "\(configuration.name)-\(name)"
            return try Sweep(
                file: item.file,
                settings: item.settings(name: budget.sweeps.count == 1 ? stem : "\(stem)-\(item.label)"))
        }
    }

    private static func path(of table: String) throws -> String {
        if table.contains("/") || table.hasSuffix(".json") { return table }
        let names = names
        guard names.contains(table) else {
            throw ReportsError.unknownTable(table, folder: standardFolder, existing: names)
        }
        let places = folders.map { "\($0)/\(table).json" }
        return places.first { FileManager.default.fileExists(atPath: $0) } ?? places[0]
    }

    /// The tables in `Configs/tables`.
    public static var names: [String] { ProjectFiles.jsonNames(in: folders) }

    /// The folder of tables in the working folder, then those of the project.
    private static var folders: [String] { [standardFolder] + ProjectFiles.places(of: standardFolder) }

    /// The default folder of results.
    public var standardResults: String { "Results/\(label)" }

    var note: String? { configuration.budgets.first { $0.name == budget }?.value.note }

    // MARK: From runs to a table

    /// Makes the table from existing runs; without any, of the costs alone.
    ///
    /// - Parameters:
    ///   - progress: called with progress messages.
    ///
    /// Throws `ReportsError.nothingRun`, `ConfigError`.
    public func results(
        searchPath: DataSearchPath, commandLine: [String], seconds: Double = 0,
        progress: @escaping (String) -> Void = { _ in }
    ) throws -> TableResults {
        let trials = try recordedTrials()
        let rows = rows(of: trials)
        let costs = try RowCosts(self, searchPath: searchPath, progress: progress)
        let making = TableMaking(
            columns: configuration.columns, rows: rows, trials: trials, figures: configuration.figures,
            cost: { costs.figures(of: $0, budget: $1) })
        var values = making.values(table: configuration.name, budget: budget)
        let provenance = Provenance(self, trials: trials, commandLine: commandLine, seconds: seconds)
        let missing = unmeasured(in: trials)
        values.notes += costs.failures + (missing.isEmpty ? [] : ["no trial has \(missing.joined(separator: ", "))"])
        values.config = resolved.digest
        values.origin = origin(provenance, trials: trials)
        completeRows(of: &values, making)
        var results = try TableResults(work: self, values: values, rows: rows, runs: (making, provenance))
        results.warnings = remedies(for: missing)
        return results
    }

    /// The table's rows; where its file lists none, those that the trials make.
    func rows(of trials: [RecordedTrial]) -> [TableRow] {
        configuration.rows.isEmpty
            ? TableMaking.rows(by: configuration.by, of: definitions(of: trials)) : configuration.rows
    }

    /// Makes the table from the values of earlier runs, without the runs.
    ///
    /// Throws `ReportsError.foreignValues`.
    public func results(of values: TableValues) throws -> TableResults {
        try check(values)
        let rows =
            configuration.rows.isEmpty
            ? values.rows.map { TableRow(name: $0.name, conditions: []) } : configuration.rows
        var results = try TableResults(work: self, values: values, rows: rows, runs: nil)
        let known = plannedIDs
        let former = values.rows.flatMap(\.trials).count { !known.contains($0.id) }
        if former > 0 {
            results.warnings.append(
                "\(former) of the trials are of configs that have changed since; "
                    + CommandText.agon("table \(argument) --budget \(budget)") + " runs today's")
        } else if let config = values.config, config != resolved.digest {
            results.warnings.append("the values are \(AddedValues.otherVersion)")
        }
        return results
    }

    /// The table as commands name it: by its name if that finds its file.
    private var argument: String {
        let named = (try? Self.path(of: configuration.name)).map(SweepPaths.absolute)
        return named == SweepPaths.absolute(file) ? configuration.name : file
    }

    /// Which claims this budget leaves untested, as it plans too few trials of their rows; nil for none.
    public var noteOnFewSeeds: String? {
        let definitions = definitions
        let planned = RowMembers(definitions) { $0.definition.value(of: $1) }
        let rows =
            configuration.rows.isEmpty
            ? TableMaking.rows(by: configuration.by, of: definitions.map(\.definition)) : configuration.rows
        let few = rows.filter { Set(planned.of($0).map(\.id)).count < ClaimJudge.fewestSeeds }.map(\.name)
        let costs = Set(configuration.columns.filter(\.quantity.isCost).map(\.key))
        let exact = configuration.columns.filter { column in
            if case .ratio(let key, _) = column.quantity { costs.contains(key) } else { costs.contains(column.key) }
        }.map(\.key)
        let untested = configuration.claims.count { claim in
            claim.rule?.comparisons.contains { comparison in
                !exact.contains(comparison.column)
                    && [comparison.first, comparison.second].contains { few.contains($0 ?? "") }
            } ?? false
        }
        guard untested > 0 else { return nil }
        return "budget '\(budget)' leaves \(CountText.short(untested, "claim")) untested: it plans fewer than "
            + "\(ClaimJudge.fewestSeeds) trials of a row"
    }

    /// The trials of the sweeps.
    var plannedIDs: Set<String> {
        Set(recorded?.list.entries.map(\.id) ?? sweeps.flatMap { $0.sweep.trials.map(\.id) })
    }

    /// Throws `ReportsError.foreignValues`.
    func check(_ values: TableValues, file: String? = nil) throws {
        guard values.table == configuration.name, values.budget == budget else {
            throw ReportsError.foreignValues(
                "\(values.table) at budget \(values.budget)", wanted: "\(configuration.name) at budget \(budget)",
                file: file)
        }
    }

    /// The trials of the sweeps as defined now, as far as there are any; trials of earlier definitions are left out.
    func recordedTrials() throws -> [RecordedTrial] {
        if let recorded {
            guard recorded.trials.contains(where: { $0.status.state != .waiting }) else {
                throw ReportsError.nothingRunIn(sweep: recorded.folder.path)
            }
            try checkKeys(of: recorded)
            return recorded.trials
        }
        var trials: [RecordedTrial] = []
        for (sweep, folder) in sweeps {
            guard FileManager.default.fileExists(atPath: folder.listPath) else { continue }
            let found = try RecordedSweep(folder, resumesPruned: folder.resumesPruned(of: sweep)).trials
            let recorded = Dictionary(found.map { ($0.id, $0) }) { first, _ in first }
            trials += sweep.trials.compactMap { recorded[$0.id] }
        }
        // Costs follow from the configs alone.
        let hasCosts = configuration.columns.contains(where: \.quantity.isCost)
        guard
            hasCosts || added.contains(where: { !$0.ids.isEmpty })
                || trials.contains(where: { $0.status.state != .waiting })
        else {
            throw ReportsError.nothingRun(
                folder: sweeps[0].folder.path, table: argument, budget: budget)
        }
        return trials
    }

    /// Reports all keys of rows and settings that no trial of the sweep has.
    ///
    /// Throws `ReportsError.missingKeys`, `ReportsError.noTrialInRows`.
    private func checkKeys(of sweep: RecordedSweep) throws {
        let wanted =
            configuration.rows.flatMap { row in
                // A trial without the key meets the condition that it is null.
                row.conditions.filter { !$0.value.isNull }.map { (key: $0.key, place: "row '\(row.name)'") }
            } + configuration.by.map { ($0, "by") }
            + configuration.columns.compactMap { column in
                if case .setting(let path) = column.quantity { (path, "column '\(column.key)'") } else { nil }
            }
        let existing = sweep.list.axes + sweep.trials.prefix(1).flatMap { $0.run.config.leaves.map(\.description) }
        var missing: [ReportsError.MissingKey] = []
        for (key, place) in wanted where !sweep.trials.contains(where: { $0.value(of: key) != nil }) {
            guard !missing.contains(where: { $0.key == key }) else { continue }
            missing.append(.init(key: key, place: place, nearest: nearestName(to: key, in: existing)))
        }
        guard missing.isEmpty else {
            throw ReportsError.missingKeys(missing, sweep: sweep.folder.path, table: configuration.name)
        }
        let members = RowMembers(sweep.trials) { $0.value(of: $1) }
        guard configuration.rows.isEmpty || configuration.rows.contains(where: { !members.of($0).isEmpty }) else {
            throw ReportsError.noTrialInRows(sweep: sweep.folder.path, table: configuration.name)
        }
    }

    /// The metrics that the table wants and no completed trial of the recorded sweep has.
    private func unmeasured(in trials: [RecordedTrial]) -> [String] {
        guard recorded != nil else { return [] }
        let done = trials.filter(\.isDone)
        let wanted = configuration.columns.compactMap { column -> String? in
            switch column.quantity {
            case .metric(let name, _, _, _, _), .timeToBest(let name, _, _), .timeToReach(let name, _, _, _): name
            default: nil
            }
        }
        guard !done.isEmpty else { return [] }
        return wanted.distinct.filter { name in done.allSatisfy { $0.run.values(of: name).isEmpty } }
    }

    /// The commands that measure metrics, which each take one classifier. They are not in the table's notes: Markdown
    /// would escape them.
    private func remedies(for names: [String]) -> [String] {
        guard let recorded else { return [] }
        func metric(_ name: String) -> String? { EvaluationMetric.ofKey(name)?.rawValue }
        let groups = names.filter { metric($0) != nil }.grouped { $0.contains("-inceptionv3") }
        return groups.map { usesInceptionV3, names -> String in
            var command = CommandText.agon("evaluate \(recorded.folder.trialsFolder)/* --metrics ")
            command += names.compactMap(metric).distinct.joined(separator: ",")
            if usesInceptionV3 { command += " --classifier inception.safetensors" }
            return "measure \(names.joined(separator: ", ")) with: \(command)"
                + (usesInceptionV3 ? " (Documentation/metrics.md tells how to make this file)" : "")
        }
    }

    fileprivate func sweeps(at budget: String?) throws -> [Sweep] {
        try budget.map { $0 == self.budget ? sweeps.map(\.sweep) : try Self.sweeps(of: configuration, budget: $0) }
            ?? sweeps.map(\.sweep)
    }
}

/// The costs of the rows' configs, each built and planned once.
private final class RowCosts {
    private let work: TableWork
    private let searchPath: DataSearchPath
    private let progress: (String) -> Void
    /// The trials of the recorded sweep; nil for those of a budget.
    private let recorded: RowMembers<RecordedTrial>?
    /// The trials of budgets, run or not, by the budget's name.
    private var planned: [String: RowMembers<(definition: TrialDefinition, experiment: Experiment)>] = [:]
    private var known: [String: CostFigures] = [:]
    private(set) var failures: [String] = []

    /// Throws the errors of reading other budgets' sweeps.
    init(
        _ work: TableWork, searchPath: DataSearchPath, progress: @escaping (String) -> Void
    ) throws {
        self.work = work
        self.searchPath = searchPath
        self.progress = progress
        recorded = work.recorded.map { RowMembers($0.trials) { $0.value(of: $1) } }
        for column in work.configuration.columns {
            guard case .cost(_, let budget) = column.quantity else { continue }
            let name = budget ?? work.budget
            guard planned[name] == nil else { continue }
            let trials = try work.sweeps(at: budget).flatMap { sweep in
                sweep.trials.map { (definition: TrialDefinition($0, of: sweep), experiment: $0.experiment) }
            }
            planned[name] = RowMembers(trials) { $0.definition.value(of: $1) }
        }
    }

    /// The config of the first trial of a row.
    private func experiment(of row: TableRow, budget: String?) throws -> Experiment? {
        guard let recorded, budget == nil else { return planned[budget ?? work.budget]?.of(row).first?.experiment }
        return try recorded.of(row).first.map { try Experiment.load(path: $0.run.folder.configPath) }
    }

    func figures(of row: TableRow, budget: String?) -> CostFigures? {
        let experiment: Experiment
        do {
            guard let found = try self.experiment(of: row, budget: budget) else { return nil }
            experiment = found
        } catch {
            fail(row, error)
            return nil
        }
        if let figures = known[experiment.digest] { return figures }
        progress("planning \(experiment.configuration.name) (\(row.name))")
        do {
            // On one thread, so that costs follow from the config alone: each thread has a workspace of its own.
            let figures = CostFigures(try Inspection(experiment, searchPath: searchPath, threads: 1))
            known[experiment.digest] = figures
            return figures
        } catch {
            fail(row, error)
            return nil
        }
    }

    private func fail(_ row: TableRow, _ error: any Error) {
        let note = "\(row.name): cannot be planned: \(error)"
        if !failures.contains(note) { failures.append(note) }
    }
}

extension ConfigNode {
    /// The paths of all values that are neither objects nor arrays.
    fileprivate var leaves: [ConfigPath] {
        if let object {
            return object.members.flatMap { member in member.value.leaves.map { .root.key(member.key).appending($0) } }
        }
        if let array {
            return array.enumerated().flatMap { index, value in value.leaves.map { .root.index(index).appending($0) } }
        }
        return [.root]
    }
}
