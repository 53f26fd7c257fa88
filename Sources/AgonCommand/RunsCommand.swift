import AgonExperiments
import AgonRunIndex
import AgonRuns
import AgonSampling
import AgonTensors
import AgonText
import ArgumentParser
import Foundation

struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List, compare and prune runs.",
        discussion: """
            Searches the given folders, or Runs and Sweeps, for runs. An index caches
            what was read; the folders remain authoritative. For the query syntax,
            see agon runs list --help.

            EXAMPLES
              agon runs
              agon runs Sweeps/gas --sort metric.fid-lenet
              agon runs --where 'metric.fid-lenet < 10 and objective == selfgan'
              agon runs compare Runs/selfgan-mlp Runs/gan-mlp
              agon runs prune --checkpoints 1 --best metric.fid-lenet --apply
            """,
        subcommands: [
            RunsListCommand.self, RunsCompareCommand.self, RunsPruneCommand.self, RunsReindexCommand.self,
        ],
        defaultSubcommand: RunsListCommand.self)
}

/// Where to look for runs.
struct RunFolders: ParsableArguments {
    @Argument(help: "Folders to search for runs; default: Runs and Sweeps.", completion: .directory)
    var folders: [String] = []

    var roots: [String] { folders.isEmpty ? ["Runs", "Sweeps"] : folders }

    func validate() throws {
        for folder in folders {
            try requireName(folder, "folder", example: "Runs")
            guard FileSystem.isFolder(folder) else {
                let exists = FileManager.default.fileExists(atPath: folder)
                throw ValidationError(exists ? "\(folder): not a folder" : "\(folder): no such folder")
            }
        }
    }
}

/// Which runs to take.
struct RunChoice: ParsableArguments {
    @OptionGroup var folders: RunFolders
    @Option(
        name: .customLong("where"),
        help: ArgumentHelp("Take only runs that match this query; see agon runs list --help.", valueName: "query"))
    var query: String?

    var roots: [String] { folders.roots }

    func parsedQuery() throws -> RunQuery? { try query.map { try RunQuery($0) } }

    /// The index, up to date.
    func index() throws -> RunIndex {
        let index = RunIndex()
        try index.update(roots)
        return index
    }
}

struct RunsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List all runs, or those that match a query.",
        discussion: """
            A query compares keys with numbers or strings using == != < <= > >= and ~
            (contains), joined by and, or, not and parentheses. Keys are those of
            configs (optimizer.learningRate; objective is its type), of records
            (step, seconds, size, started, sweep; state, which is running, done,
            stopped, failed, died, damaged, or pruned by a sweep), of metrics
            (metric.fid-lenet is the best value, .last the latest, .step the step of
            the best, .identity how it was measured; metric.fid-lenet@IDENTITY is
            a value measured another way) and of other curves (loss.generator is
            the latest value, .minimize and .maximize the extremes). Of a metric that
            a run measured in several ways, the way counts that most runs in the
            folders share; among equals that of training, then the one with the most
            values, then the newest.

            EXAMPLES
              agon runs --where 'state == done and not sweep ~ smoke'
              agon runs Sweeps/gas --sort metric.fid-lenet --columns metric.fid-lenet,seed
              agon runs --sort -size --csv
              agon runs --keys
            """)

    @OptionGroup var choice: RunChoice
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Sort by this key, ascending; -KEY sorts descending.", valueName: "key"))
    var sort: String?
    @Option(
        help: ArgumentHelp(
            "The columns to show; default: the keys in which the runs differ.", valueName: "key,..."))
    var columns: String?
    @Flag(help: "List the keys that the runs have.")
    var keys = false
    @Flag(help: "Print comma-separated values.")
    var csv = false
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if csv, json { throw ValidationError("--csv and --json cannot be combined") }
        let others = [
            ("--sort", sort != nil), ("--columns", columns != nil), ("--csv", csv), ("--json", json),
        ].filter(\.1).map(\.0)
        if keys, let other = others.first { throw ValidationError("--keys and \(other) cannot be combined") }
    }

    func run() throws {
        let query = try choice.parsedQuery()
        let index = try choice.index()
        if keys {
            for key in try index.keys(below: choice.roots) { print(key) }
            return
        }
        let listing = try RunListing(
            index, below: choice.roots, where: query, sort: sort.map(RunSort.init),
            columns: columns.map { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } })
        if json {
            print(listing.node.prettyText, terminator: "")
        } else if csv {
            print(listing.values.commaSeparated)
        } else if listing.rows.isEmpty {
            print("no runs")
        } else {
            print(listing.table.text)
            print("\(CountText.short(listing.rows.count, "run")), \(SizeText.short(listing.size))")
        }
        for note in listing.notes { Console.say("note: \(note)") }
    }
}

struct RunsCompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Show runs side by side: configs, metrics and curves.",
        discussion: """
            Shows a column for each run: the settings in which the runs differ, and
            the best and last value of each metric, with how it was measured. For two
            runs, also their curves.

            EXAMPLES
              agon runs compare Runs/selfgan-mlp Runs/gan-mlp
              agon runs compare Runs/gan-dcgan Runs/lsgan-dcgan Runs/wgan-dcgan
              agon runs compare A B --curves loss.generator,metric.fid-lenet --rows 50
            """)

    @Argument(help: ArgumentHelp("The folders of two or more runs.", valueName: "run"), completion: .directory)
    var folders: [String]
    @Option(help: ArgumentHelp("For two runs: the curves to show; default: losses and metrics.", valueName: "key,..."))
    var curves: String?
    @Option(parsing: .unconditional, help: "For two runs: the maximum number of steps to show; default: 20.")
    var rows: Int?

    func validate() throws {
        for folder in folders { try requireName(folder, "run", example: "Runs/quickstart") }
        guard folders.count > 1 else { throw ValidationError("give the folders of two or more runs") }
        if folders.count > 2, curves != nil || rows != nil {
            throw ValidationError("--curves and --rows are for two runs")
        }
        if let rows, rows < 1 { throw ValidationError("--rows \(rows): expected 1 or more") }
    }

    func run() throws {
        for folder in folders {
            try SamplingModel.requireRun(folder, remedy: "compare runs; list them with: \(CommandText.agon("runs"))")
        }
        let runs = folders.map { RunFolder(path: $0) }
        guard runs.count == 2 else { return print(try RunsSideBySide(runs).text) }
        let comparison = try RunComparison(
            runs[0], runs[1], curves: curves?.split(separator: ",").map(String.init))
        print(comparison.text(rows: rows ?? 20))
    }
}

struct RunsPruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Delete old checkpoints, or all but the best or latest runs.",
        discussion: """
            Shows what would be deleted; --apply deletes it. Skips runs in progress
            and runs without the metric of --best. The newest checkpoint of a run is
            always kept, as is the one that checkpoints.best keeps. The next
            agon sweep run, or make in the sweep's folder, trains deleted trials again.

            EXAMPLES
              agon runs prune --checkpoints 1
              agon runs prune Sweeps/gas --checkpoints 1 --best metric.fid-lenet --apply
              agon runs prune Runs --runs 5 --best metric.fid-lenet --where 'name ~ mlp'
              agon runs prune Runs --runs 10
            """)

    @OptionGroup var choice: RunChoice
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Keep this many of the newest checkpoints of each run.", valueName: "count"))
    var checkpoints: Int?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Keep only this many runs: the best by --best, or without it the latest.",
            valueName: "count"))
    var runs: Int?
    @Option(
        help: ArgumentHelp(
            "With --runs, rank runs by this metric. With --checkpoints, also keep the checkpoint of its best value.",
            valueName: "key"))
    var best: String?
    @Option(help: "Whether to minimize or maximize the metric of --best; default: as usual for the metric.")
    var goal: String?
    @Flag(help: "Delete instead of only showing what would be deleted.")
    var apply = false

    func validate() throws {
        guard (checkpoints == nil) != (runs == nil) else { throw ValidationError("give --checkpoints or --runs") }
        try check("--checkpoints", checkpoints, in: 1...Int.max, "1 or more")
        try check("--runs", runs, in: 1...Int.max, "1 or more")
        if let best, goal == nil, MetricGoal.known(best) == nil {
            throw ValidationError(
                "--best \(best): unknown metric; give --goal minimize or maximize")
        }
        if let goal, MetricGoal(rawValue: goal) == nil {
            throw ValidationError("--goal \(goal): expected minimize or maximize")
        }
        if goal != nil, best == nil { throw ValidationError("--goal is for --best") }
    }

    func run() throws {
        let query = try choice.parsedQuery()
        let index = try choice.index()
        let keys = ["state", "started"] + (best.map { [$0, RunPruning.identityKey(of: $0)] } ?? [])
        let rows = try index.runs(below: choice.roots, where: query, keys: keys)
        let goal = goal.flatMap(MetricGoal.init(rawValue:))
        let pruning: RunPruning
        if let runs {
            pruning =
                best.map { RunPruning(rows, keepBest: runs, by: $0, goal: goal) } ?? RunPruning(rows, keepLast: runs)
        } else {
            pruning = RunPruning(checkpointsOf: rows.map(\.run), keepLast: checkpoints ?? 1, best: best, goal: goal)
        }
        for item in pruning.items { print("\(SizeText.short(item.bytes))  \(item.path)") }
        let asked = (query?.keys ?? []) + [best].compactMap { $0 }
        let unknown = try index.notes(onUnknown: asked, below: choice.roots)
        // A misspelt key matches no run, or with 'not' every run.
        if apply, let first = unknown.first { throw ValidationError("\(first) Nothing was deleted") }
        for note in unknown + pruning.notes { print("note: \(note)") }
        let noun = runs == nil ? "checkpoint" : "run"
        guard apply else {
            print(
                "would delete \(CountText.short(pruning.items.count, noun)), \(SizeText.short(pruning.bytes)); --apply deletes them"
            )
            return
        }
        let applied = try pruning.apply()
        for note in applied.notes { print("note: \(note)") }
        print("deleted \(CountText.short(applied.deleted, noun)), \(SizeText.short(applied.bytes)) freed")
        try index.update(choice.roots)
    }
}

struct RunsReindexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reindex", abstract: "Rebuild the index from all runs.",
        discussion: """
            Normally not needed: the index follows the folders by itself.

            EXAMPLES
              agon runs reindex
            """)

    @OptionGroup var folders: RunFolders

    func run() throws {
        let start = ContinuousClock.now
        let changes = try RunIndex().update(folders.roots, rebuilds: true)
        let seconds = NumberText.fixed((ContinuousClock.now - start) / .seconds(1), decimals: 2)
        let gone = changes.removed == 1 ? "was" : "were"
        print("\(CountText.short(changes.read, "run")) read in \(seconds) s, \(changes.removed) \(gone) gone")
    }
}
