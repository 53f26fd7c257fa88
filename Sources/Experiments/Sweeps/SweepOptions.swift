import Foundation
import Tensors

/// How a sweep is run.
public struct SweepOptions: Sendable {
    /// Trials at a time.
    public var jobs: Int
    /// Of each trial.
    public var threads: Int
    /// Whether a failure keeps further trials from being started.
    public var failsFast = false
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
    public static func threadsOfJob(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        cores: Int = Processor.current.usableCores
    ) -> Int {
        let words = (environment["MAKEFLAGS"] ?? "").split(separator: " ")
        let jobs = words.compactMap { $0.hasPrefix("-j") ? Int($0.dropFirst(2)) : nil }.last ?? 1
        return max(1, cores / max(1, jobs))
    }
}
