import AgonTensors
import Foundation

/// How a sweep is run.
public struct SweepOptions: Sendable {
    /// Trials at a time.
    public var jobs: Int
    /// Of each trial.
    public var threads: Int
    /// Whether a failure keeps further trials from being started.
    public var failsFast = false
    /// Whether trials continue on data whose files have changed since, and keep results of earlier contents.
    public var acceptsChangedData = false

    /// Divides the cores among the jobs.
    ///
    /// - Parameters:
    ///   - jobs: nil for one on each core.
    ///   - threads: of each trial; nil for a fair share of the cores.
    ///
    /// Throws `SweepError.tooManyThreads` when together they are more than the cores, unless that is allowed.
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

    /// The threads of a job that a make without a sweep started: a fair share of the cores.
    ///
    /// Throws `SweepError.tooManyJobs` when one thread each would be more than the cores.
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
