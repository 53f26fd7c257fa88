import AgonDatasets
import AgonSweeps
import AgonTensors
import AgonText
import Foundation

/// How a sweep is run.
public struct SweepOptions: Sendable {
    /// The number of trials that run at the same time.
    public var jobs: Int
    /// The number of threads of each trial.
    public var threads: Int
    /// Whether no further trials are started after a failure.
    public var failsFast = false
    /// Whether trials continue on data whose files have changed, and keep results from the earlier contents.
    public var acceptsChangedData = false
    /// The folder of datasets that trials search first; nil: only the usual ones.
    public var dataFolder: String?

    /// Divides the cores among the jobs.
    ///
    /// - Parameters:
    ///   - jobs: the number of jobs; nil for as many as the cores allow.
    ///   - threads: the number of threads per trial; nil for an equal share of the cores.
    ///
    /// Throws `SweepError.tooManyThreads` if all threads together exceed the cores, unless `oversubscribes` is set.
    public init(
        jobs: Int?, threads: Int?, oversubscribes: Bool = false, cores: Int = Processor.current.usableCores
    ) throws {
        self.jobs = jobs ?? max(1, cores / (threads ?? 1))
        self.threads = threads ?? max(1, cores / self.jobs)
        let (product, overflow) = self.jobs.multipliedReportingOverflow(by: self.threads)
        guard oversubscribes || (!overflow && product <= cores) else {
            throw SweepError.tooManyThreads(jobs: self.jobs, threads: self.threads, cores: cores)
        }
    }

    /// Two jobs for users who run make themselves, or one where there is one core: more jobs than cores are refused.
    public static func ofMake(cores: Int = Processor.current.usableCores) throws -> SweepOptions {
        try SweepOptions(jobs: min(2, cores), threads: nil, cores: cores)
    }

    /// The data folder for processes with another working folder.
    var absoluteDataFolder: String? { dataFolder.map { SweepPaths.absolute(DatasetArchive.expanded($0)) } }

    /// The command with which users run the trials of a prepared sweep as `SweepRun` does with these options.
    public func command(for folder: SweepFolder) -> String {
        var words = CommandText.shell("make -C \(folder.path) -j\(jobs) -k THREADS=\(threads)")
        if acceptsChangedData { words += " ACCEPT_CHANGED_DATA=1" }
        if let data = absoluteDataFolder { words += " \(SweepMakefile.dataVariable)=" + ShellText.word(data) }
        return words
    }

    /// The number of threads of a job when the user calls `make` directly: an equal share of the cores.
    ///
    /// Throws `SweepError.tooManyJobs` if there are more jobs than cores.
    public static func threadsOfJob(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        cores: Int = Processor.current.usableCores
    ) throws -> Int {
        let words = (environment["MAKEFLAGS"] ?? "").split(separator: " ")
        guard let word = words.last(where: { $0.hasPrefix("-j") }) else { return cores }
        let jobs = Int(word.dropFirst(2))
        guard let jobs, (1...cores).contains(jobs) else { throw SweepError.tooManyJobs(jobs: jobs, cores: cores) }
        return cores / jobs
    }
}
