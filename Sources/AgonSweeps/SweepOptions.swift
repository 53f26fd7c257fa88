import AgonTensors
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
