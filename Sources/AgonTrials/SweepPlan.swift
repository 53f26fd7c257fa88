import AgonConfiguration
import AgonDatasets
import AgonDiagnostics
import AgonRuns
import AgonSweeps
import AgonTensors
import AgonText
import AgonTraining
import Foundation

/// The expected cost of a sweep: for each trial the operations, the remaining time and the disk space.
public struct SweepPlan: Sendable {
    public struct Trial: Sendable {
        public let trial: SweepTrial
        public let status: TrialStatus
        /// The operations of one step; nil if the networks could not be built.
        public var floatingPointOperations: Int?
        /// Nil if it could not be measured.
        public var stepsPerSecond: Double?
        /// Whether the speed is an estimate from the operations per step and the speed of a cheaper trial.
        public var isEstimated = false
        /// Whether the speed is that of a complete training, including evaluations.
        fileprivate var isTrained = false
        /// The approximate disk space of the finished run, in bytes.
        public var disk = 0
        /// The planned memory of the process, in bytes.
        public var memory = 0
        /// Whether the data are not on this machine, so that the memory leaves them out.
        public var lacksData = false

        public var stepsLeft: Int {
            status.state.isFinal ? 0 : max(0, trial.experiment.configuration.steps - status.step)
        }

        fileprivate var operations: Int { floatingPointOperations ?? 0 }

        public var secondsLeft: Double? { stepsLeft == 0 ? 0 : stepsPerSecond.map { Double(stepsLeft) / $0 } }
    }

    /// A speed is measured only if a single step takes at most this many times the duration of a measurement.
    private static let patience = 5.0

    public let name: String
    public let folder: String
    public let jobs: Int
    public let threads: Int
    public private(set) var trials: [Trial] = []
    /// Axes with different values among the trials.
    public let differing: [String]
    public private(set) var notes: [String]
    /// The notes on trials whose speed could not be measured.
    public private(set) var unknownSpeeds: [String] = []
    /// The free disk space at the sweep's folder, in bytes.
    public let diskFree: Int?

    /// Inspects each distinct config. The speed is taken from a finished trial or an earlier plan; otherwise a short
    /// measurement determines it. If a single step would take several times the duration of a measurement, the speed is
    /// estimated from the operations of a step and the rate of the next cheaper config.
    ///
    /// - Parameters:
    ///   - seconds: the duration of a measurement.
    ///   - measures: whether to measure speeds that are not known yet; otherwise they stay unknown.
    ///   - speeds: the folder that stores speeds; nil for the one in Agon's cache.
    ///   - progress: called with a message before each measurement.
    ///
    /// Throws the errors of building networks. Missing data produce a note, except missing folders of images: the
    /// shapes of the networks depend on them.
    public init(
        _ sweep: Sweep, folder: SweepFolder, options: SweepOptions, seconds: Double = 2, measures: Bool = true,
        searchPath: DataSearchPath = .standard(), speeds speedsFolder: String? = nil,
        progress: (String) -> Void = { _ in }
    ) throws {
        name = sweep.configuration.name
        self.folder = folder.path
        jobs = options.jobs
        threads = options.threads
        notes = sweep.notes
        diskFree = Self.bytesFree(at: folder.path)
        differing = sweep.axes.enumerated().filter { index, _ in
            Set(sweep.trials.map { $0.settings[index].value.canonicalText }).count > 1
        }.map(\.element)
        try BLAS.open()
        let program = RunRecord.peakMemory
        let cache = SpeedCache(threads: options.threads, folder: speedsFolder ?? CacheFolder.path("speeds"))
        var costs: [String: TrialCost] = [:]
        var speeds: [String: Double] = [:]
        // Signatures whose speed comes from a finished trial.
        var trained: Set<String> = []
        let resumesPruned = folder.resumesPruned(of: sweep)
        for trial in sweep.trials {
            let key = TrialCost.key(of: trial.experiment)
            let cost =
                try costs[key]
                ?? TrialCost(trial.experiment, searchPath: searchPath, threads: options.threads, program: program)
            costs[key] = cost
            let status = TrialStatus(
                folder.trial(trial.id), entry: TrialList.Entry(trial), resumesPruned: resumesPruned)
            if status.state == .done, let rate = folder.trial(trial.id).speed(threads: options.threads) {
                speeds[cost.signature] = rate
                trained.insert(cost.signature)
            }
            trials.append(
                Trial(
                    trial: trial, status: status, floatingPointOperations: cost.floatingPointOperations,
                    disk: cost.disk(of: trial.experiment.configuration), memory: cost.memory, lacksData: cost.lacksData)
            )
        }
        // Operations per second of the previous config, in ascending order of cost.
        var rate: Double?
        var estimates: Set<String> = []
        var unmeasured: Set<String> = []
        let byCost = trials.indices.sorted { trials[$0].operations < trials[$1].operations }
        for index in byCost {
            guard let cost = costs[TrialCost.key(of: trials[index].trial.experiment)] else { continue }
            let operations = Double(cost.floatingPointOperations)
            if speeds[cost.signature] == nil, trials[index].stepsLeft > 0, !unmeasured.contains(cost.signature) {
                let known = cache.speed(of: cost)
                if known == nil, let rate, operations / rate > Self.patience * seconds {
                    speeds[cost.signature] = rate / operations
                    estimates.insert(cost.signature)
                } else {
                    speeds[cost.signature] =
                        known
                        ?? (measures ? measure(trials[index].trial, cost, cache, seconds, searchPath, progress) : nil)
                }
            }
            if speeds[cost.signature] == nil { unmeasured.insert(cost.signature) }
            trials[index].stepsPerSecond = speeds[cost.signature]
            trials[index].isTrained = trained.contains(cost.signature)
            trials[index].isEstimated = estimates.contains(cost.signature)
            if let speed = speeds[cost.signature], operations > 0 { rate = speed * operations }
        }
        notes += unknownSpeeds
        warn()
    }

    private mutating func measure(
        _ trial: SweepTrial, _ cost: TrialCost, _ cache: SpeedCache, _ seconds: Double,
        _ searchPath: DataSearchPath, _ progress: (String) -> Void
    ) -> Double? {
        let settings = trial.settings.filter { differing.contains($0.axis) && $0.axis != "seed" }
        let name = settings.isEmpty ? trial.base : SweepTrial.label(settings)
        progress("measuring \(name)")
        var options = TrainingOptions()
        options.threads = threads
        options.searchPath = searchPath
        do {
            let stages = trial.experiment.allStages
            let duration = try stages.reduce(0.0) {
                let rate = try Benchmark($1.experiment, seconds: seconds, options: options).stepsPerSecond
                return $0 + Double($1.end - $1.start) / rate
            }
            let speed = Double(stages.reduce(0) { $0 + $1.end - $1.start }) / duration
            cache.keep(speed, of: cost)
            return speed
        } catch {
            unknownSpeeds.append("the speed of \(name) is unknown: \(error)")
            return nil
        }
    }

    private mutating func warn() {
        if let diskFree, diskNeeded > diskFree {
            notes.append(
                "the sweep may need \(SizeText.short(diskNeeded)) of disk space, but only "
                    + "\(SizeText.short(diskFree)) are free")
        }
        let memory = trials.map(\.memory).sorted(by: >).prefix(jobs).reduce(0, +)
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        if memory > physical {
            notes.append(
                "\(CountText.short(jobs, "job")) may need \(SizeText.short(memory)) of memory, but the machine has only "
                    + SizeText.short(physical))
        }
        let isTooShort = trials.contains {
            $0.stepsLeft > 0 && !$0.isTrained && !$0.trial.experiment.evaluations.isEmpty
        }
        if isTooShort { notes.append("the times do not include evaluations during training") }
    }

    /// The disk space of all unfinished trials, in bytes.
    public var diskNeeded: Int { trials.filter { !$0.status.state.isFinal }.reduce(0) { $0 + $1.disk } }

    /// The number of remaining multiplications and additions.
    public var operationsLeft: Double {
        trials.reduce(0) { $0 + Double($1.stepsLeft) * Double($1.floatingPointOperations ?? 0) }
    }

    /// Seconds until all trials are done, if the jobs take them in order; nil if a speed is unknown.
    public var secondsLeft: Double? {
        var ends = [Double](repeating: 0, count: max(1, min(jobs, trials.count)))
        for trial in trials {
            guard let seconds = trial.secondsLeft else { return nil }
            let next = ends.indices.min { ends[$0] < ends[$1] } ?? 0
            ends[next] += seconds
        }
        return ends.max()
    }

    private static func bytesFree(at path: String) -> Int? {
        let folders = FilePath.ancestry(of: SweepPaths.absolute(path))
        var status = statvfs()
        guard let folder = folders.first(where: { FileManager.default.fileExists(atPath: $0) }),
            statvfs(folder, &status) == 0
        else { return nil }
        let (bytes, overflow) = Int(status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
        return overflow ? nil : bytes
    }
}

extension TrialFolder {
    /// The steps per second of a finished run that used this number of threads.
    func speed(threads: Int) -> Double? {
        guard let record = run.record, record.threads == threads, record.resumes == 0 else { return nil }
        return record.stepsPerSecond
    }
}
