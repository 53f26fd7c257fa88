import AgonConfiguration
import AgonDatasets
import AgonDiagnostics
import AgonExperiments
import AgonSweeps
import AgonTensors
import Foundation

/// A table at a budget: its sweeps, and the processing from their runs to the table's files.
public struct TableWork: Sendable {
    public let configuration: TableConfiguration
    /// The resolved table file.
    public let resolved: ConfigNode
    /// The table as the user named it.
    public let file: String
    public let budget: String
    public let sweeps: [(sweep: Sweep, folder: SweepFolder)]

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
    public static var names: [String] { Set(folders.flatMap { names(in: $0) }).sorted() }

    /// The folder of tables in the working folder, then those of the project.
    private static var folders: [String] { [standardFolder] + ProjectFiles.places(of: standardFolder) }

    static func names(in folder: String) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.map { String($0.dropLast(5)) }.sorted()
    }

    /// The default folder of results.
    public var standardResults: String { "Results/\(configuration.name)-\(budget)" }

    var note: String? { configuration.budgets.first { $0.name == budget }?.value.note }

    // MARK: From runs to a table

    /// Makes the table from existing runs; without any, of the costs alone.
    ///
    /// - Parameters:
    ///   - threads: the threads to plan costs for; only the workspace depends on them.
    ///   - progress: called with progress messages.
    ///
    /// Throws `ReportsError.nothingRun`, `ConfigError`.
    public func results(
        searchPath: DataSearchPath, threads: Int, commandLine: [String], seconds: Double = 0,
        progress: @escaping (String) -> Void = { _ in }
    ) throws -> TableResults {
        let trials = try recordedTrials()
        let rows =
            configuration.rows.isEmpty ? TableMaking.rows(by: configuration.by, of: trials) : configuration.rows
        let costs = try RowCosts(self, searchPath: searchPath, threads: threads, progress: progress)
        let making = TableMaking(
            columns: configuration.columns, rows: rows, trials: trials, cost: { costs.figures(of: $0, budget: $1) })
        var values = making.values(table: configuration.name, budget: budget)
        let provenance = Provenance(self, trials: trials, commandLine: commandLine, seconds: seconds)
        values.notes += costs.failures
        values.origin = provenance.lines
        return try TableResults(work: self, values: values, rows: rows, runs: (making, provenance))
    }

    /// Makes the table from the values of earlier runs, without the runs.
    ///
    /// Throws `ReportsError.foreignValues`.
    public func results(of values: TableValues) throws -> TableResults {
        guard values.table == configuration.name, values.budget == budget else {
            throw ReportsError.foreignValues(
                "\(values.table) at budget \(values.budget)", wanted: "\(configuration.name) at budget \(budget)")
        }
        let rows =
            configuration.rows.isEmpty
            ? values.rows.map { TableRow(name: $0.name, conditions: []) } : configuration.rows
        var results = try TableResults(work: self, values: values, rows: rows, runs: nil)
        let known = Set(sweeps.flatMap { $0.sweep.trials.map(\.id) })
        let former = values.rows.flatMap(\.trials).count { !known.contains($0.id) }
        if former > 0 {
            results.warnings.append(
                "\(former) of the trials are of configs that have changed since; agon table \(configuration.name) "
                    + "--budget \(budget) runs today's")
        }
        return results
    }

    /// The trials of the sweeps as defined now, as far as there are any; trials of earlier definitions are left out.
    private func recordedTrials() throws -> [RecordedTrial] {
        var trials: [RecordedTrial] = []
        for (sweep, folder) in sweeps {
            guard FileManager.default.fileExists(atPath: folder.listPath) else { continue }
            let recorded = try RecordedSweep(folder).trials
            trials += sweep.trials.compactMap { trial in recorded.first { $0.id == trial.id } }
        }
        // Costs follow from the configs alone.
        let hasCosts = configuration.columns.contains { if case .cost = $0.quantity { true } else { false } }
        guard hasCosts || trials.contains(where: { $0.status.state != .waiting }) else {
            throw ReportsError.nothingRun(
                folder: sweeps[0].folder.path, table: configuration.name, budget: budget)
        }
        return trials
    }

    /// The first trial of a row at a budget, run or not.
    fileprivate func experiment(of row: TableRow, in sweeps: [Sweep]) -> Experiment? {
        for sweep in sweeps {
            let label = RecordedSweep.label(of: sweep.file)
            for trial in sweep.trials {
                let isMember = row.matches { key in
                    RecordedTrial.value(
                        of: key, settings: trial.settings, base: trial.base, sweep: label,
                        config: trial.experiment.resolved)
                }
                if isMember { return trial.experiment }
            }
        }
        return nil
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
    private let threads: Int
    private let progress: (String) -> Void
    private var sweeps: [String: [Sweep]] = [:]
    private var known: [String: CostFigures] = [:]
    private(set) var failures: [String] = []

    /// Throws the errors of reading other budgets' sweeps.
    init(
        _ work: TableWork, searchPath: DataSearchPath, threads: Int, progress: @escaping (String) -> Void
    ) throws {
        self.work = work
        self.searchPath = searchPath
        self.threads = threads
        self.progress = progress
        for column in work.configuration.columns {
            guard case .cost(_, let budget) = column.quantity else { continue }
            let name = budget ?? work.budget
            if sweeps[name] == nil { sweeps[name] = try work.sweeps(at: budget) }
        }
    }

    func figures(of row: TableRow, budget: String?) -> CostFigures? {
        guard let sweeps = sweeps[budget ?? work.budget], let experiment = work.experiment(of: row, in: sweeps) else {
            return nil
        }
        if let figures = known[experiment.digest] { return figures }
        progress("planning \(experiment.configuration.name) (\(row.name))")
        do {
            let figures = CostFigures(try Inspection(experiment, searchPath: searchPath, threads: threads))
            known[experiment.digest] = figures
            return figures
        } catch {
            let note = "\(row.name): cannot be planned: \(error)"
            if !failures.contains(note) { failures.append(note) }
            return nil
        }
    }
}
