import AgonRuns
import AgonSweeps
import AgonTensors
import AgonText
import Foundation

/// The trials of a prepared sweep as jobs for batch systems. Each job runs trials in the same way and in the same
/// folders as the sweep's makefile, so both can be used on one sweep.
public enum BatchJobs {
    /// The layout of a Slurm array.
    public struct Slurm: Sendable {
        /// The maximum number of concurrent tasks; nil for the cluster's limit.
        public var atMost: Int?
        /// The number of trials per task, which run one after the other.
        public var pack = 1
        /// The number of cores per task.
        public var threads = 1
        /// The time limit of a task in Slurm's format, such as `02:00:00`; nil for the partition's default.
        public var timeLimit: String?
        /// The memory of a task in Slurm's format, such as `4G`; nil for the partition's default.
        public var memory: String?
        /// Commands that a task runs before its trials, such as `module load gcc/12`.
        public var prologue: [String] = []
        /// Further options for sbatch, such as `--partition=long`.
        public var directives: [String] = []
        /// Seconds before the time limit at which a trial is stopped; Slurm may stop it up to a minute earlier.
        public var warning = 120

        public init() {}

        /// Whether the memory is open: set neither as such nor by one of the further options.
        public var lacksMemory: Bool { memory == nil && directive("mem", "mem-per-cpu", "mem-per-gpu") == nil }

        /// Whether the time limit is open: set neither as such nor by one of the further options.
        public var lacksTimeLimit: Bool { limit == nil }

        /// The time limit that is set; a directive comes last in the script and takes precedence.
        fileprivate var limit: String? { directive("time") ?? timeLimit }

        /// The value of the last of the further options with one of these names.
        private func directive(_ names: String...) -> String? {
            func isEnd(_ character: Character) -> Bool { character == "=" || character == " " }
            return directives.last { names.contains(String($0.drop { $0 == "-" }.prefix { !isEnd($0) })) }
                .map { String($0.drop { !isEnd($0) }.dropFirst()) }
        }

        /// Sets the memory and the time limit, as far as they are open, to what the largest trial of a plan needs, with
        /// room to spare. Memory: x 1.25, plus 1 GB for evaluations, up to the next multiple of 256 MB. Time: x 2, for
        /// each trial of a task, plus the warning and two minutes, up to the next 10 minutes.
        ///
        /// - Returns: notes for the user.
        public mutating func request(_ plan: SweepPlan) -> [String] {
            var settings: [String] = []
            var notes: [String] = []
            if lacksMemory, plan.trials.contains(where: \.lacksData) {
                notes.append(
                    "the data are not on this machine, so the script asks for no memory; give it with --sbatch mem=SIZE"
                )
            } else if lacksMemory, let bytes = plan.trials.map(Self.memory(for:)).max() {
                let megabytes = (bytes + (256 << 20) - 1) / (256 << 20) * 256
                memory = "\(megabytes)M"
                settings.append("--mem=\(megabytes)M")
            }
            if lacksTimeLimit {
                let times = plan.trials.compactMap(\.secondsLeft)
                let unknown = plan.trials.count - times.count
                if unknown == 0, let longest = times.max() {
                    // A limit below the warning and two minutes is refused.
                    let limit = Self.limit(ofSeconds: 2 * longest * Double(pack) + Double(warning + 120))
                    timeLimit = limit
                    settings.append("--time=\(limit)")
                } else {
                    notes.append(
                        "the time of \(CountText.short(unknown, "trial")) is unknown, so the script sets no time limit; "
                            + "give one with --time")
                }
            }
            guard !settings.isEmpty else { return notes }
            return [
                "\(settings.joined(separator: " and ")): planned for the largest trial on this machine, with room to spare; "
                    + "--time and --sbatch mem=SIZE set other values. If the partition allows less time, give its limit by "
                    + "--time: tasks requeue themselves"
            ] + notes
        }

        /// The memory to ask for, in bytes.
        private static func memory(for trial: SweepPlan.Trial) -> Int {
            // The plan does not include evaluations during training.
            let evaluations = trial.trial.experiment.evaluations.isEmpty ? 0 : 1 << 30
            return trial.memory + trial.memory / 4 + evaluations
        }

        /// A time limit of at least these seconds, in tens of minutes and at most a year: `00:20:00`, `1-12:00:00`.
        static func limit(ofSeconds seconds: Double) -> String {
            let minutes = 10 * Int((min(seconds, 365 * 86400) / 600).rounded(.up))
            let (days, hours) = (minutes / 1440, minutes / 60 % 24)
            let clock = [hours, minutes % 60, 0].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
            return days > 0 ? "\(days)-\(clock)" : clock
        }

        /// Values of `--time` that mean no time limit.
        static let unlimited: Set<String> = ["infinite", "unlimited", "-1", "0"]

        /// The default maximum size of an array in Slurm; sites can change it.
        static let usualLimit = 1000

        /// The seconds of a time limit in any of Slurm's forms: `MINUTES`, `MINUTES:SECONDS`,
        /// `HOURS:MINUTES:SECONDS`, `DAYS-HOURS`, `DAYS-HOURS:MINUTES`, `DAYS-HOURS:MINUTES:SECONDS`; nil for other
        /// text.
        static func seconds(of limit: String) -> Int? {
            let halves = limit.split(separator: "-", omittingEmptySubsequences: false)
            let parts = (halves.last ?? "").split(separator: ":", omittingEmptySubsequences: false).map {
                $0.count <= 6 && $0.allSatisfy(\.isASCII) ? UInt($0).map { Int($0) } : nil
            }
            let numbers = parts.compactMap { $0 }
            guard numbers.count == parts.count, halves.count <= 2, (1...3).contains(numbers.count) else { return nil }
            guard halves.count == 2 else {
                return switch numbers.count {
                case 1: numbers[0] * 60
                case 2: numbers[0] * 60 + numbers[1]
                default: (numbers[0] * 60 + numbers[1]) * 60 + numbers[2]
                }
            }
            guard halves[0].count <= 6, let days = UInt(halves[0]) else { return nil }
            return zip([3600, 60, 1], numbers).reduce(Int(days) * 86400) { $0 + $1.0 * $1.1 }
        }
    }

    /// Writes `array.sbatch`: a Slurm array whose tasks stop and requeue themselves before they reach their time limit.
    ///
    /// - Returns: the script's path, the command that submits it, and notes for the user.
    ///
    /// Throws `SweepError.noSweep`, `.badTimeLimit`, `.shortTimeLimit`, `TensorsError.cannotWrite`,
    /// `RunError.cannotMakeFolder`.
    public static func writeSlurm(
        _ folder: SweepFolder, _ options: Slurm, program: String? = nil
    ) throws -> (path: String, command: String, notes: [String]) {
        // A task that is stopped as soon as it begins would be requeued forever.
        if let limit = options.limit, !Slurm.unlimited.contains(limit.lowercased()) {
            guard let seconds = Slurm.seconds(of: limit) else { throw SweepError.badTimeLimit(limit) }
            guard seconds >= options.warning + 120 else {
                throw SweepError.shortTimeLimit(limit, warning: options.warning)
            }
        }
        if let directive = options.directives.first(where: { $0.contains { $0.isNewline } }) {
            throw SweepError.badDirective(directive)
        }
        let list = try TrialList(folder)
        let tasks = stride(from: 0, to: list.entries.count, by: options.pack).map { start in
            list.entries[start..<min(start + options.pack, list.entries.count)].map(\.id)
        }
        let root = SweepPaths.absolute(folder.path)
        // Slurm silently drops a job if the folder of its output does not exist.
        try RunFolder.makeFolders(folder.logsFolder)
        let path = folder.path + "/array.sbatch"
        try AtomicFile.write(
            path: path, text: slurmScript(list.name, tasks, root: root, options, program ?? SweepPaths.program))
        var notes: [String] = []
        if tasks.count > Slurm.usualLimit {
            let pack = options.pack * ((tasks.count + Slurm.usualLimit - 1) / Slurm.usualLimit)
            notes.append(
                "\(tasks.count) tasks are more than many sites allow in an array; --pack \(pack) reduces them to "
                    + "\((list.entries.count + pack - 1) / pack)")
        }
        return (path, CommandText.shell("sbatch \(path)"), notes)
    }

    private static func slurmScript(
        _ name: String, _ tasks: [[String]], root: String, _ options: Slurm, _ program: String
    )
        -> String
    {
        var directives = [
            "--job-name=agon-\(name)",
            "--array=0-\(tasks.count - 1)" + (options.atMost.map { "%\($0)" } ?? ""), "--ntasks=1",
            "--cpus-per-task=\(options.threads)", "--requeue", "--open-mode=append",
            "--signal=B:USR1@\(options.warning)",
        ]
        // A directive is a line of the script and cannot quote special characters. For a path that has some, the shell
        // redirects the output instead.
        let isPlain = root.utf8.allSatisfy(ShellText.isPlain)
        let log = ShellText.quoted(root + "/logs") + #"/"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID.txt""#
        let redirection = "exec >>\(log) 2>&1\n"
        directives.append("--output=" + (isPlain ? root + "/logs/%A_%a.txt" : "/dev/null"))
        if let memory = options.memory { directives.append("--mem=\(memory)") }
        if let limit = options.timeLimit { directives.append("--time=\(limit)") }
        directives += options.directives
        return """
            #!/bin/bash
            # The trials of the sweep '\(name)' as a Slurm array. Written by `agon sweep emit --slurm`.
            # Submit this file with sbatch.
            # On USR1 (before its time limit) or TERM, a task lets its trial save and stop, and requeues itself.
            # A resumed trial reaches the same weights as an uninterrupted one. Finished trials end at once.
            \(directives.map { "#SBATCH \($0)" }.joined(separator: "\n"))

            \(isPlain ? "" : redirection)\
            program=\(ShellText.quoted(program))
            agon=${AGON:-$program}
            trials=\(ShellText.quoted(root + "/trials"))
            tasks=(
            \(tasks.map { "  '\($0.joined(separator: " "))'" }.joined(separator: "\n"))
            )

            signal= interrupted= child=
            stop() {
                signal=$1 interrupted=1
                [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
            }
            trap 'stop USR1' USR1
            trap 'stop TERM' TERM

            \(options.prologue.map { "{ \($0)\n} || exit\n" }.joined())\
            failure=0
            for id in ${tasks[$SLURM_ARRAY_TASK_ID]}; do
                [ -z "$signal" ] || break
                "$agon" sweep trial --with-parent --threads "${SLURM_CPUS_PER_TASK:-1}" "$trials/$id" &
                child=$!
                code=127
                # A signal interrupts wait, not the trial.
                while :; do
                    interrupted=
                    wait "$child"
                    answer=$?
                    [ $answer -eq 127 ] || code=$answer
                    [ -n "$interrupted" ] || break
                done
                child=
                [ $code -eq 0 ] || failure=$code
            done

            left=
            for id in ${tasks[$SLURM_ARRAY_TASK_ID]}; do
                [ -e "$trials/$id/done" ] || left=1
            done
            if [ -n "$signal" ] && [ -n "$left" ]; then
                # A cancelled job also gets TERM, but must not be requeued.
                state=$(scontrol --oneliner show job "$SLURM_JOB_ID" | sed -n 's/.*JobState=\\([A-Z]*\\).*/\\1/p')
                if [ "$state" = RUNNING ] && scontrol requeue "$SLURM_JOB_ID"; then
                    # Slurm is about to end this script.
                    sleep 60
                fi
            fi
            exit $failure

            """
    }

    /// Writes `parallel.txt` for GNU parallel, with one command per line.
    ///
    /// - Returns: the file's path, and the command that runs it.
    public static func writeParallel(
        _ folder: SweepFolder, jobs: Int, threads: Int, program: String? = nil
    ) throws -> (path: String, command: String) {
        let list = try TrialList(folder)
        let root = SweepPaths.absolute(folder.path)
        let lines = list.entries.map { entry in
            "exec \(ShellText.quoted(program ?? SweepPaths.program)) sweep trial --with-parent --threads \(threads) "
                + ShellText.quoted(root + "/trials/" + entry.id)
        }
        let path = folder.path + "/parallel.txt"
        try AtomicFile.write(path: path, text: lines.joined(separator: "\n") + "\n")
        // Without --resume: it goes by line numbers, which change with the sweep, and completed trials end at once.
        // By default, parallel kills a job a fraction of a second after TERM; a step and a checkpoint take longer.
        let command =
            CommandText.shell("parallel --jobs \(jobs) --line-buffer --joblog \(folder.path + "/parallel.log") ")
            + CommandText.shell("--termseq TERM,120000,KILL,1000 :::: \(path)")
        return (path, command)
    }
}
