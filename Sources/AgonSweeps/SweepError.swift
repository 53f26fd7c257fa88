import AgonConfiguration
import AgonText

/// What can go wrong with sweeps. Faults of a sweep's file are `ConfigError`.
public enum SweepError: Error, Equatable, Sendable {
    /// Every point of the file is left out.
    case noTrials(file: String)
    /// A folder that was to be a sweep's.
    case noSweep(folder: String)
    case badList(path: String)
    /// A folder that was to be a trial's.
    case noTrial(folder: String)
    /// Another sweep is at work in the folder.
    case sweepBusy(folder: String)
    /// More threads than cores.
    case tooManyThreads(jobs: Int, threads: Int, cores: Int)
    /// A make without a sweep that starts more jobs than there are cores; no number is any number.
    case tooManyJobs(jobs: Int?, cores: Int)
    /// A time limit in none of Slurm's forms.
    case badTimeLimit(String)
    /// A time limit that leaves a task of Slurm no time to compute, and the seconds before it at which it is stopped.
    case shortTimeLimit(String, warning: Int)
    /// An option for sbatch with a line break.
    case badDirective(String)
    case missingTool(String)
    /// A tool could not be started, or ended otherwise than by its jobs.
    case toolFailed(String, reason: String)
}

extension SweepError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noTrials(let file): "\(file): no trial is left; 'exclude' matches them all"
        case .noSweep(let folder):
            "\(folder): holds no sweep (no trials.json); make one with: agon sweep prepare FILE"
        case .badList(let path): "\(path): not a list of trials; write it anew with: agon sweep prepare FILE"
        case .noTrial(let folder):
            "\(folder): not the folder of a trial (SWEEP/trials/ID); make them with: agon sweep prepare FILE"
        case .sweepBusy(let folder):
            "\(folder): another sweep is at work there; wait for it to end, or stop it with Ctrl-C"
        case .tooManyThreads(let jobs, let threads, let cores):
            "\(CountText.short(jobs, "job")) of \(CountText.short(threads, "thread")) are more than the \(cores) usable "
                + "\(cores == 1 ? "core" : "cores"); take \(Self.fitting(jobs, threads, cores)), or allow it with "
                + "--oversubscribe (OVERSUBSCRIBE=1)"
        case .tooManyJobs(let jobs, let cores):
            "make \(jobs.map { "-j\($0)" } ?? "-j"): more jobs than the \(cores) usable "
                + "\(cores == 1 ? "core" : "cores"); take make -j\(cores), or allow it with THREADS=1"
        case .badTimeLimit(let limit):
            "--time \(limit): no time limit of Slurm; write MINUTES, HOURS:MINUTES:SECONDS or DAYS-HOURS:MINUTES:SECONDS"
        case .shortTimeLimit(let limit, let warning):
            "--time \(limit): too short for --warning \(warning): Slurm stops a task up to 60 s before that; take a longer "
                + "time or a shorter warning"
        case .badDirective(let text):
            "an sbatch option must be a single line: \(text.split(separator: "\n").first ?? "")"
        case .missingTool(let name): "\(name): no such program on the PATH; install it (apt-get install \(name))"
        case .toolFailed(let name, let reason): "\(name): \(reason)"
        }
    }

    /// What would fit the cores: fewer jobs, or fewer threads, or both.
    private static func fitting(_ jobs: Int, _ threads: Int, _ cores: Int) -> String {
        let ways = [("--jobs", cores / threads), ("--threads", cores / jobs)].filter { $0.1 > 0 }
        let words = ways.map { "\($0.0) \($0.1)" }.joined(separator: ", or ")
        return words.isEmpty ? "--jobs \(cores) --threads 1" : words
    }
}
