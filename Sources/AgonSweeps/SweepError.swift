import AgonText

/// Errors of sweeps. Errors in a sweep file are `ConfigError`.
public enum SweepError: Error, Equatable, Sendable {
    /// All points of the file are excluded.
    case noTrials(file: String)
    /// The folder is not the folder of a sweep.
    case noSweep(folder: String)
    case badList(path: String)
    /// The folder is not the folder of a trial.
    case noTrial(folder: String)
    /// The trial's folder was deleted, and the sweep does not give its config again.
    case deletedTrial(folder: String, reason: String)
    /// Another sweep is running in the folder.
    case sweepBusy(folder: String)
    /// All jobs together have more threads than there are cores.
    case tooManyThreads(jobs: Int, threads: Int, cores: Int)
    /// `make`, called by the user, runs more jobs than there are cores; `jobs` is nil if their number is unlimited.
    case tooManyJobs(jobs: Int?, cores: Int)
    /// A time limit that Slurm cannot parse.
    case badTimeLimit(String)
    /// A time limit that is too short for the warning, the seconds before it at which a task is stopped.
    case shortTimeLimit(String, warning: Int)
    /// An sbatch option that contains a line break.
    case badDirective(String)
    case missingTool(String)
    /// A tool could not be started, or failed for a reason other than its jobs.
    case toolFailed(String, reason: String)
}

extension SweepError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noTrials(let file): "\(file): no trial is left; 'exclude' matches them all"
        case .noSweep(let folder):
            "\(folder): contains no sweep (no trials.json); make one with: " + Self.preparation
        case .badList(let path): "\(path): not a list of trials; rewrite it with: " + Self.preparation
        case .noTrial(let folder):
            "\(folder): not the folder of a trial (SWEEP/trials/ID); make them with: " + Self.preparation
        case .deletedTrial(let folder, let reason):
            "\(folder): deleted, and its config cannot be restored: \(reason); make it with: " + Self.preparation
        case .sweepBusy(let folder):
            "\(folder): another sweep is running there; wait for it to end, or stop it with Ctrl-C"
        case .tooManyThreads(let jobs, let threads, let cores):
            "\(CountText.short(jobs, "job")) of \(CountText.short(threads, "thread")) \(jobs == 1 ? "needs" : "need") "
                + "more than the \(cores) usable \(cores == 1 ? "core" : "cores"); use "
                + "\(Self.fitting(jobs, threads, cores)), or allow it with --oversubscribe (OVERSUBSCRIBE=1)"
        case .tooManyJobs(let jobs, let cores):
            "make \(jobs.map { "-j\($0)" } ?? "-j"): more jobs than the \(cores) usable "
                + "\(cores == 1 ? "core" : "cores"); use make -j\(cores), or allow it with THREADS=1"
        case .badTimeLimit(let limit):
            "--time \(limit): not a Slurm time limit; use MINUTES, HOURS:MINUTES:SECONDS or DAYS-HOURS:MINUTES:SECONDS"
        case .shortTimeLimit(let limit, let warning):
            "--time \(limit): too short for --warning \(warning): Slurm may send the warning up to 60 s earlier; use a "
                + "longer time or a shorter warning"
        case .badDirective(let text):
            "an sbatch option must be a single line: \(text.split(separator: "\n").first ?? "")"
        case .missingTool(let name): "\(name): no such program on the PATH; install it (apt-get install \(name))"
        case .toolFailed(let name, let reason): "\(name): \(reason)"
        }
    }

    /// The command that writes a sweep's folder.
    private static var preparation: String { CommandText.agon("sweep prepare FILE") }

    /// Options that fit the cores: fewer jobs, fewer threads, or both.
    private static func fitting(_ jobs: Int, _ threads: Int, _ cores: Int) -> String {
        let ways = [("--jobs", cores / threads), ("--threads", cores / jobs)].filter { $0.1 > 0 }
        let words = ways.map { "\($0.0) \($0.1)" }.joined(separator: ", or ")
        return words.isEmpty ? "--jobs \(cores) --threads 1" : words
    }
}
