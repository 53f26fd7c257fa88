import AgonConfiguration
import AgonReports
import AgonScoring
import AgonSweeps
import AgonText
import AgonTraining
import AgonTrials
import ArgumentParser
import Foundation

struct TableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table", abstract: "Run a paper's experiments and compare the results with the published ones.",
        discussion: """
            Estimates the time, runs the sweeps of the budget (completed trials are
            not run again), then writes Results/NAME-BUDGET: the table in Markdown,
            CSV and LaTeX, figures, the values of every trial, and their provenance.
            Evaluations that figures need are made after the trials; the estimate leaves
            them out.
            --values makes the table and its verdicts again from values.json, without
            the runs. --add counts the completed trials of such files, from other
            machines or an earlier time, as done. The exit code is 0 when every trial
            is done or was ended early, 70 when some failed, 75 when some are missing
            or were stopped; the table is written anyway and lists them. With --values
            and --sweep it is 0 whenever the table was made.

            --sweep makes a table of an existing sweep's trials as they are: with the
            rows and columns of the table's file, or without one with a row for each
            point of the sweep's axes and a column for each thing measured.

            EXAMPLES
              agon table --list
              agon table gas --budget smoke
              agon table gas --budget quick --prepare-only
              agon table gas --budget quick --jobs 1
              agon table gas --budget quick --no-run
              agon table gas --budget full --values Documentation/results/gas/values.json
              agon table gas --budget full --add theirs/values.json
              agon table --sweep Sweeps/smoke
              agon table gas --sweep Sweeps/mine --out Results/mine
              agon table --claims
              make table TABLE=gas BUDGET=quick
            """)

    @Argument(
        help: "The table: a file, or a name that agon table --list shows.", completion: .file(extensions: ["json"]))
    var table: String?
    @Option(help: "The budget: smoke, quick or full; default: smoke.")
    var budget: String?
    @Option(
        help: ArgumentHelp(
            "Tabulate the trials of this sweep instead of a budget's: its folder, its file, or the name of a sweep that comes "
                + "with Agon.", valueName: "sweep"),
        completion: .directory)
    var sweep: String?
    @Option(
        help: "Write the results to this folder; default: Results/NAME-BUDGET, or none with --values and --sweep.",
        completion: .directory)
    var out: String?
    @OptionGroup var jobs: JobOptions
    @OptionGroup var data: DataFolderOption
    @Flag(help: "List the tables.")
    var list = false
    @Flag(help: "Estimate the time and write the sweeps' folders without running them.")
    var prepareOnly = false
    @Flag(name: .customLong("no-run"), help: "Make the table from existing runs; train and measure nothing.")
    var noRun = false
    @Option(help: "Make the table from this file of values, without the runs.", completion: .file(extensions: ["json"]))
    var values: String?
    @Option(
        help: ArgumentHelp(
            "Count the completed trials of this file of values as done; repeatable. If a trial was "
                + "also completed here, its values from here are used.", valueName: "values"),
        completion: .file(extensions: ["json"]))
    var add: [String] = []
    @Flag(help: "Print the claims of all tables, with their verdicts from the values in Documentation/results.")
    var claims = false

    func validate() throws {
        // Sweeps may be prepared where their data are not.
        if !prepareOnly { try data.requireFolder() }
        if let sweep {
            let others = [
                ("--budget", budget != nil), ("--values", values != nil), ("--prepare-only", prepareOnly),
                ("--no-run", noRun), ("--list", list), ("--claims", claims), ("--add", !add.isEmpty),
            ].filter(\.1).map(\.0)
            if let other = others.first { throw ValidationError("--sweep and \(other) cannot be combined") }
            try requireName(sweep, "sweep", example: "Sweeps/smoke")
            return
        }
        if let table { try requireName(table, "table", example: "gas") }
        if table == nil, !list, !claims { throw ValidationError("name a table, or list the tables with --list") }
        if values != nil, prepareOnly || noRun {
            throw ValidationError("--values cannot be combined with --prepare-only and --no-run")
        }
        if list, claims { throw ValidationError("--list and --claims cannot be combined") }
        if list || claims {
            let others = [
                ("a table", table != nil), ("--budget", budget != nil), ("--values", values != nil),
                ("--prepare-only", prepareOnly), ("--no-run", noRun), ("--add", !add.isEmpty),
            ].filter(\.1).map(\.0)
            if let other = others.first {
                throw ValidationError("\(list ? "--list" : "--claims") and \(other) cannot be combined")
            }
        }
        if values != nil, !add.isEmpty { throw ValidationError("--values and --add cannot be combined") }
        if prepareOnly, noRun { throw ValidationError("--prepare-only and --no-run cannot be combined") }
    }

    func run() throws {
        if list { return TableWork.names.forEach { print($0) } }
        if claims { return print(try ClaimOverview.markdown(), terminator: "") }
        if let sweep { return try tabulate(sweep) }
        var work = try TableWork(table: table ?? "", budget: budget ?? "smoke")
        if let values { return try show(work.results(of: TableValues(path: values)), to: out) }
        for path in add {
            for note in try work.add(TableValues(path: path), from: path) { Console.say("note: \(note)") }
        }
        var options = try jobs.options()
        options.dataFolder = data.data
        let clock = ContinuousClock()
        let start = clock.now
        var failures = 0
        var isStopped = false
        if !noRun {
            let sweeps = work.sweepsToRun()
            if sweeps.isEmpty { Console.say("every trial was run elsewhere") }
            try plan(sweeps, options)
            if let note = work.noteOnFewSeeds { Console.say("note: \(note)") }
            if prepareOnly {
                for (sweep, folder) in sweeps {
                    let left = try folder.prepare(sweep)
                    print("\(folder.path): \(sweep.trialCount); run them with: \(options.command(for: folder))")
                    for note in sweep.notes(left: left, in: folder) { print("note: \(note)") }
                }
                return
            }
            // One signal ends both; between the two it must not be lost.
            (failures, isStopped) = try StopRequest.signals.listening {
                let (failures, isStopped) = try run(sweeps, options)
                guard !StopRequest.signals.isMade else { return (failures, true) }
                return (failures, try measure(work.measurementsLeft(), options) || isStopped)
            }
        }
        let results: TableResults
        do {
            results = try work.results(
                searchPath: data.searchPath, commandLine: CommandLine.arguments,
                seconds: Double((clock.now - start) / .seconds(1)), progress: Console.say)
        } catch ReportsError.nothingRun where isStopped {
            // Stopped before the first trial began.
            throw ExitCode(ExitStatus.stopped.rawValue)
        }
        try show(results, to: out ?? work.standardResults)
        if failures > 0 || noRun && results.hasFailures { throw ExitCode(ExitStatus.failed.rawValue) }
        if isStopped || !results.isComplete { throw ExitCode(ExitStatus.stopped.rawValue) }
    }

    private func tabulate(_ sweep: String) throws {
        let work = try TableWork(table: table, recorded: SweepFileOptions.folder(named: sweep))
        let results = try work.results(
            searchPath: data.searchPath, commandLine: CommandLine.arguments,
            progress: Console.say)
        try show(results, to: out)
    }

    /// Prints the results, and writes them into a folder if one is given.
    private func show(_ results: TableResults, to folder: String?) throws {
        print(results.text)
        guard let folder else { return results.warnings.forEach { Console.say("note: \($0)") } }
        for note in try results.write(to: folder) { Console.say("note: \(note)") }
        print("\(folder)/table.md")
    }

    private func plan(_ sweeps: [(sweep: Sweep, folder: SweepFolder)], _ options: SweepOptions) throws {
        var seconds: Double? = 0
        for (sweep, folder) in sweeps {
            let plan = try SweepPlan(
                sweep, folder: folder, options: options, searchPath: data.searchPath, progress: Console.say)
            Console.say(plan.text)
            for note in plan.notes { Console.say("note: \(note)") }
            seconds = seconds.flatMap { sum in plan.secondsLeft.map { sum + $0 } }
        }
        if sweeps.count > 1 {
            Console.say("all sweeps: \(seconds.map { "about \(DurationText.short($0))" } ?? "unknown time")")
        }
    }

    /// Evaluates checkpoints for the table's figures. One that cannot be evaluated costs the table no more than its
    /// figure.
    ///
    /// - Returns: whether a signal stopped it.
    private func measure(_ measurements: [MeasurementLeft], _ options: SweepOptions) throws -> Bool {
        guard !measurements.isEmpty else { return false }
        var notes: Set<String> = []
        func note(_ text: String) { if notes.insert(text).inserted { Console.say("note: \(text)") } }
        // No trial runs meanwhile.
        let threads = options.threads * options.jobs
        return try StopRequest.signals.listening {
            for left in measurements {
                let times = CountText.short(left.seeds.count, "time")
                Console.say("measuring \(left.metric.rawValue) of \(left.row) at step \(left.step), \(times)")
                let evaluation = try RunEvaluation(
                    settings: [
                        "metrics": ConfigNode([ConfigNode(left.metric.rawValue)]), "samples": ConfigNode(left.samples),
                    ],
                    searchPath: data.searchPath, threads: threads)
                do {
                    for seed in left.seeds where !StopRequest.signals.isMade {
                        _ = try evaluation.evaluate(
                            run: left.run, checkpoint: left.step, seed: UInt64(seed), note: note)
                    }
                } catch {
                    if !StopRequest.signals.isMade { note("\(left.row): \(error)") }
                }
                if StopRequest.signals.isMade { return true }
            }
            return false
        }
    }

    /// Runs missing trials; a signal ends this sweep and starts no other.
    ///
    /// - Returns: how many trials failed, and whether any was stopped.
    private func run(
        _ sweeps: [(sweep: Sweep, folder: SweepFolder)], _ options: SweepOptions
    ) throws -> (failures: Int, isStopped: Bool) {
        signal(SIGPIPE, SIG_IGN)
        var (failures, isStopped) = (0, false)
        for (sweep, folder) in sweeps {
            let display = SweepDisplay(jobs: options.jobs)
            let statuses = try SweepRun.run(sweep, in: folder, options: options, report: display.show)
            let summary = SweepSummary(folder: folder.path, statuses)
            display.end(summary)
            failures += summary.failures.count
            isStopped = isStopped || statuses.contains { $0.state == .stopped }
            if StopRequest.signals.isMade { break }
        }
        return (failures, isStopped)
    }
}
