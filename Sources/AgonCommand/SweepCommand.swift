import AgonConfiguration
import AgonSweeps
import AgonTensors
import AgonText
import AgonTrials
import ArgumentParser
import Foundation

struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep", abstract: "Train variants of a config: plan, run, resume.",
        discussion: """
            A sweep file names a base config, axes along which trials differ, and
            seeds. Each trial is a run in Sweeps/NAME/trials/ID, where ID is the hash
            of its config. make runs trials that are missing, failed or changed; a
            sweep may be stopped or killed at any time, and resumes when run again.

            EXAMPLES
              agon sweep plan Configs/sweeps/smoke.json
              agon sweep run Configs/sweeps/smoke.json --jobs 2
              agon sweep status Configs/sweeps/smoke.json
              agon sweep emit --slurm Configs/sweeps/smoke.json --at-most 8
            """,
        subcommands: [
            SweepPlanCommand.self, SweepPrepareCommand.self, SweepRunCommand.self, SweepStatusCommand.self,
            SweepEmitCommand.self, SweepCheckCommand.self, SweepTrialCommand.self,
        ])
}

/// The sweep's file and folder.
struct SweepFileOptions: ParsableArguments {
    @Argument(
        help: "The sweep: a JSON file, or the name of a sweep that comes with Agon.",
        completion: .file(extensions: ["json"]))
    var file: String
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Set one value of the sweep's file; repeatable.", valueName: "path=value"))
    var overrides: [String] = []
    @Option(help: "The sweep's folder; default: Sweeps/NAME.", completion: .directory)
    var out: String?

    func validate() throws { try requireName(file, "sweep", example: "smoke") }

    func load() throws -> Sweep { try Sweep(file: Self.path(of: file), overrides: overrides) }

    /// The file of a sweep that the user named.
    ///
    /// Throws `ConfigError.unknownFile`.
    static func path(of file: String) throws -> String {
        try ProjectFiles.existingConfig(
            file, in: "Configs/sweeps", noun: "sweep", listing: CommandText.agon("configs --sweeps"))
    }

    /// The folder of a sweep that the user named: by the folder itself, or by the sweep's file or its short name.
    ///
    /// Throws `ConfigError`.
    static func folder(named name: String) throws -> SweepFolder {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: name, isDirectory: &isFolder)
        let file = ProjectFiles.config(name, in: "Configs/sweeps")
        guard exists ? !isFolder.boolValue : file != name else { return SweepFolder(path: name) }
        return .standard(for: try Sweep(file: file).configuration.name)
    }

    func folder(of sweep: Sweep) -> SweepFolder {
        out.map { SweepFolder(path: $0) } ?? .standard(for: sweep.configuration.name)
    }
}

/// How trials share the cores.
struct JobOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "The number of concurrent trials; default: one per core.")
    var jobs: Int?
    @Option(parsing: .unconditional, help: "The number of threads per trial; default: an equal share of the cores.")
    var threads: Int?
    @Flag(help: "Allow more threads in total (jobs times threads) than there are cores.")
    var oversubscribe = false

    func validate() throws {
        try check("--jobs", jobs, in: 1...1024)
        try check("--threads", threads, in: 1...1024)
    }

    func options() throws -> SweepOptions {
        try SweepOptions(jobs: jobs, threads: threads, oversubscribes: oversubscribe)
    }
}

struct SweepPlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show a sweep's trials and their estimated time and memory.",
        discussion: """
            Estimates time from FLOPs per step and this machine's throughput, which
            is measured briefly for each distinct config and cached.

            EXAMPLES
              agon sweep plan Configs/sweeps/smoke.json
              agon sweep plan Configs/sweeps/smoke.json --jobs 1 --threads 2
            """)

    @OptionGroup var sweep: SweepFileOptions
    @OptionGroup var jobs: JobOptions
    @Option(parsing: .unconditional, help: "How long to measure the throughput of each config, in seconds.")
    var seconds = 2.0
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard seconds > 0, seconds <= 3600 else {
            throw ValidationError("--seconds \(seconds): expected a number above 0, at most 3600")
        }
    }

    func run() throws {
        let sweep = try self.sweep.load()
        let plan = try SweepPlan(
            sweep, folder: self.sweep.folder(of: sweep), options: jobs.options(), seconds: seconds
        ) { Console.say($0) }
        print(json ? plan.node.prettyText : plan.text + "\n", terminator: "")
        for note in plan.notes { Console.say("note: \(note)") }
    }
}

struct SweepPrepareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare", abstract: "Write the folder of a sweep: list of trials, configs, makefile.",
        discussion: """
            Prints the make command that then runs the trials as agon sweep run does.
            It first checks whether the data of completed trials have changed.

            EXAMPLES
              agon sweep prepare Configs/sweeps/smoke.json
            """)

    @OptionGroup var sweep: SweepFileOptions

    func run() throws {
        let sweep = try self.sweep.load()
        let folder = self.sweep.folder(of: sweep)
        let left = try folder.prepare(sweep)
        let command = try SweepOptions.ofMake().command(for: folder)
        print("\(folder.path): \(sweep.trialCount); run them with: \(command)")
        for note in sweep.notes(left: left, in: folder) { print("note: \(note)") }
    }
}

struct SweepRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the trials of a sweep that are missing, failed or changed.",
        discussion: """
            A failed trial is reported at once and stops no other. Ctrl-C lets all
            trials save and stop. The exit code is 0 when all are done or ended early,
            70 when some failed, 75 when some were stopped.

            EXAMPLES
              agon sweep run Configs/sweeps/smoke.json
              agon sweep run Configs/sweeps/smoke.json --jobs 2 --set seeds=[0]
              make sweep SWEEP=Configs/sweeps/smoke.json JOBS=2
            """)

    @OptionGroup var sweep: SweepFileOptions
    @OptionGroup var jobs: JobOptions
    @Flag(help: "Start no further trials after one has failed.")
    var failFast = false
    @OptionGroup var changes: ChangedDataOptions

    func run() throws {
        let sweep = try self.sweep.load()
        var options = try jobs.options()
        options.failsFast = failFast
        options.acceptsChangedData = changes.acceptChangedData
        signal(SIGPIPE, SIG_IGN)
        let display = SweepDisplay(jobs: options.jobs)
        let folder = self.sweep.folder(of: sweep)
        let statuses = try SweepRun.run(sweep, in: folder, options: options, report: display.show)
        let summary = SweepSummary(folder: folder.path, statuses)
        display.end(summary)
        if !summary.failures.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
        if !summary.isComplete { throw ExitCode(ExitStatus.stopped.rawValue) }
    }
}

struct SweepStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the state of each trial of a sweep.",
        discussion: """
            EXAMPLES
              agon sweep status Configs/sweeps/smoke.json
              agon sweep status Sweeps/smoke
            """)

    @Argument(
        help: "The sweep: its folder, its file, or the name of a sweep that comes with Agon.", completion: .file())
    var sweep: String
    @Option(help: "The folder of a sweep given by its file; default: Sweeps/NAME.", completion: .directory)
    var out: String?

    func validate() throws {
        try requireName(sweep, "sweep", example: "Sweeps/smoke")
        if out != nil, FileSystem.isFolder(sweep) {
            throw ValidationError("--out is for a sweep given by its file; \(sweep) is a folder")
        }
    }

    func run() throws {
        var folder = SweepFolder(path: sweep)
        let statuses: [TrialStatus]
        if !FileSystem.isFolder(sweep) {
            let sweep = try Sweep(file: SweepFileOptions.path(of: sweep))
            folder = out.map { SweepFolder(path: $0) } ?? .standard(for: sweep.configuration.name)
            statuses = SweepRun.statuses(of: sweep, in: folder)
        } else {
            statuses = try SweepRun.statuses(of: folder)
        }
        for status in statuses { print(status.line) }
        print(SweepSummary(folder: folder.path, statuses).text)
    }
}

struct SweepEmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emit", abstract: "Write a sweep's trials as jobs for Slurm or GNU parallel.",
        discussion: """
            Prepares the sweep's folder and writes a script there. Slurm's tasks
            save and requeue themselves before their time limit.

            For Slurm, the memory and the time limit of a task are those of the plan
            (agon sweep plan) for the largest trial, with room to spare: memory x 1.25,
            plus 1 GB for trials with evaluations during training; time x 2, times
            --pack. --time and --sbatch mem=SIZE set other values.

            EXAMPLES
              agon sweep emit --slurm Configs/sweeps/smoke.json --at-most 8
              agon sweep emit --slurm FILE --prologue "module load gcc/12"
              agon sweep emit --slurm FILE --pack 4 --threads 2 --time 02:00:00
              agon sweep emit --slurm FILE --sbatch partition=long --sbatch mem=4G
              agon sweep emit --parallel Configs/sweeps/smoke.json --jobs 2
            """)

    @OptionGroup var sweep: SweepFileOptions
    @Flag(help: "Write a job array for Slurm, array.sbatch.")
    var slurm = false
    @Flag(help: "Write a list of commands for GNU parallel, parallel.txt.")
    var parallel = false
    @Option(parsing: .unconditional, help: "Slurm: the maximum number of concurrent tasks.")
    var atMost: Int?
    @Option(parsing: .unconditional, help: "Slurm: the number of trials per task, which run one after another.")
    var pack = 1
    @Option(help: "Slurm: the time limit of a task; default: from the plan of the sweep.")
    var time: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Slurm: stop a trial this long before the time limit.", valueName: "seconds"))
    var warning = 120
    @Option(
        name: .customLong("sbatch"), parsing: .singleValue,
        help: ArgumentHelp("Slurm: another option of sbatch, without its dashes; repeatable.", valueName: "option"))
    var directives: [String] = []
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Slurm: a command that a task runs before its trials; repeatable.", valueName: "command"))
    var prologue: [String] = []
    @Option(
        parsing: .unconditional,
        help: "The number of threads per trial. For Slurm, also the cores of a task; default there: 1.")
    var threads: Int?
    @Option(parsing: .unconditional, help: "GNU parallel: the number of concurrent trials; default: one per core.")
    var jobs: Int?

    func validate() throws {
        guard slurm != parallel else { throw ValidationError("give --slurm or --parallel") }
        let counts = [("at-most", atMost), ("pack", pack), ("threads", threads), ("jobs", jobs), ("warning", warning)]
        for (name, value) in counts {
            try check("--\(name)", value, in: 1...100_000, "1 or more")
        }
        let isPlain = { (text: String) in !text.isEmpty && !text.contains { $0.isNewline || $0 == "#" } }
        for directive in directives + [time].compactMap({ $0 }) where !isPlain(directive) {
            throw ValidationError("'\(directive)' is not an sbatch option")
        }
        if prologue.contains("") { throw ValidationError("--prologue: expected a command") }
        let isForSlurm = atMost != nil || pack != 1 || time != nil || warning != 120
        if parallel, isForSlurm || !directives.isEmpty || !prologue.isEmpty {
            throw ValidationError("--at-most, --pack, --time, --warning, --prologue and --sbatch are for --slurm")
        }
        if slurm, jobs != nil { throw ValidationError("--jobs is for --parallel; use --at-most") }
    }

    func run() throws {
        let sweep = try self.sweep.load()
        let folder = self.sweep.folder(of: sweep)
        if parallel {
            // Another machine, with more cores, may run the lines.
            let options = try SweepOptions(jobs: jobs, threads: threads, oversubscribes: true)
            let left = try folder.prepare(sweep)
            let written = try BatchJobs.writeParallel(folder, jobs: options.jobs, threads: options.threads)
            print("\(written.path): \(sweep.trialCount); run them with:\n\(written.command)")
            for note in sweep.notes(left: left, in: folder) { print("note: \(note)") }
            return
        }
        let left = try folder.prepare(sweep)
        var layout = BatchJobs.Slurm()
        layout.atMost = atMost
        layout.pack = pack
        layout.threads = threads ?? 1
        layout.timeLimit = time
        layout.warning = warning
        layout.directives = directives.map { "--" + $0 }
        layout.prologue = prologue
        var notes = sweep.notes(left: left, in: folder)
        if layout.lacksMemory || layout.lacksTimeLimit { notes += request(&layout, for: sweep, in: folder) }
        let written = try BatchJobs.writeSlurm(folder, layout)
        print("\(written.path): \(sweep.trialCount); submit them with: \(written.command)")
        for note in (notes + written.notes).distinct { print("note: \(note)") }
    }

    /// Fills in the memory and the time that the options leave open.
    ///
    /// - Returns: notes for the user.
    private func request(_ layout: inout BatchJobs.Slurm, for sweep: Sweep, in folder: SweepFolder) -> [String] {
        do {
            // More threads than this machine has cores would slow the measurement down.
            let threads = min(layout.threads, Processor.current.usableCores)
            let plan = try SweepPlan(
                sweep, folder: folder, options: SweepOptions(jobs: 1, threads: threads),
                measures: layout.lacksTimeLimit, progress: Console.say)
            // Notes of the plan are about this machine, not about the cluster's.
            return layout.request(plan) + plan.unknownSpeeds
        } catch {
            // Such as images that only the cluster's nodes have.
            return ["the sweep cannot be planned here, so only --time and --sbatch mem=SIZE set limits: \(error)"]
        }
    }
}

struct SweepCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check whether the data of a sweep's completed trials have changed.",
        discussion: """
            Marks completed trials whose data files have changed since, so that make
            runs them again. They then fail, or, with ACCEPT_CHANGED_DATA=1, continue
            on the present files. The makefile of a sweep runs this first.

            EXAMPLES
              agon sweep check Sweeps/smoke
            """)

    @Argument(
        help: "The sweep: its folder, its file, or the name of a sweep that comes with Agon.", completion: .file())
    var sweep: String

    func validate() throws { try requireName(sweep, "sweep", example: "Sweeps/smoke") }

    func run() throws {
        let count = try SweepRun.checkData(of: SweepFileOptions.folder(named: sweep))
        guard count > 0 else { return }
        Console.say("note: the data of \(CountText.short(count, "completed trial")) have changed; make runs them again")
    }
}

struct SweepTrialCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trial", abstract: "Run or resume one trial of a prepared sweep.",
        discussion: """
            The targets of a sweep's makefile run this. Nothing is done for a
            completed trial. The config of a deleted trial is restored.

            EXAMPLES
              agon sweep trial Sweeps/smoke/trials/0123456789ab
            """)

    @Argument(help: "The trial's folder.", completion: .directory)
    var folder: String
    @Option(parsing: .unconditional, help: "The number of compute threads; default: the cores divided by make's jobs.")
    var threads: Int?
    @Flag(help: "Stop when the process that started this one ends.")
    var withParent = false
    @OptionGroup var changes: ChangedDataOptions
    @Option(parsing: .unconditional, help: "The minimum number of seconds between two lines of output.")
    var every = 30.0

    func validate() throws {
        try requireName(folder, "trial's folder", example: "Sweeps/smoke/trials/0123456789ab")
        try check("--threads", threads, in: 1...1024)
        guard every >= 0 else { throw ValidationError("--every \(every): expected 0 or more") }
    }

    func run() throws {
        // A closed output pipe must not end the training.
        signal(SIGPIPE, SIG_IGN)
        if withParent { try ParentWatch.start() }
        let threads = try threads ?? SweepOptions.threadsOfJob()
        do {
            let trial = try TrialRun(
                path: folder, reportsEvery: every, acceptsChangedData: changes.acceptChangedData
            ) { line in
                try? FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
            }
            let state = try trial.run(threads: threads)
            if state == .stopped { throw ExitCode(ExitStatus.stopped.rawValue) }
        } catch let error as TrialError {
            // It was reported, and is in the log.
            throw ExitCode(ExitStatus.code(of: error.cause))
        }
    }
}
